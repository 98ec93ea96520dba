#!/usr/bin/env python3
"""Which lines of the decoders the seeds reach (T1: at least 95 %): builds the targets with clang's source coverage, runs each over its corpus and
its vectors (and over build/found, what long runs kept, when it is there), and prints a line per decoder with what is missing.

    tests/fuzz/coverage.py                 builds build/coverage and fails below 95 %
    tests/fuzz/coverage.py --missing       also prints the lines that no input reached
"""
import argparse
import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests'))

import fuzzing  # noqa: E402

FOLDER = ROOT / 'build/coverage'
WANTED = 95.0
# What reads octets that a peer or an operator wrote. Builders in the same file count as well: the laws run them.
DECODERS = ('wire/cbor.cc', 'wire/coap.cc', 'wire/json.cc', 'wire/xml.cc', 'schc/decompress.cc', 'schc/compress.cc', 'schc/message.cc', 'schc/rule_file.cc',
            'schc/rule_check.cc', 'schc/field_check.cc', 'cwt/cose.cc', 'cwt/claims.cc', 'det/brid.cc', 'det/hhit.cc', 'det/certificate.cc', 'det/endorsement.cc',
            'det/dns_message.cc', 'rid/auth.cc', 'rid/auth_pages.cc', 'rid/messages.cc', 'rid/pack.cc', 'rid/mavlink.cc', 'rid/mavlink_odid.cc', 'nrid/frame.cc',
            'nrid/journey.cc', 'nrid/journey_pack.cc', 'nrid/client.cc', 'nrid/reply.cc', 'nrid/peer_file.cc', 'nrid/flight_csv.cc', 'nrid/flight_kml.cc',
            'nrid/server_settings.cc', 'base/settings.cc')


def tool(name):
    return f'/usr/lib/llvm-14/bin/{name}'


def build():
    if not (FOLDER / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', FOLDER, '-Dfuzz=true', '-Dweb=false', '-Doptimization=0', '-Ddebug=false', '-Db_lundef=false',
                        '-Dcpp_args=-fprofile-instr-generate -fcoverage-mapping', '-Dcpp_link_args=-fprofile-instr-generate'],
                       cwd=ROOT, env={**os.environ, 'CC': 'clang-14', 'CXX': 'clang++-14', 'LLVM_PROFILE_FILE': '/dev/null'}, stdout=subprocess.DEVNULL, check=True)
    names = [f'tests/fuzz_{name}' for name in fuzzing.rows() if name != 'canary']
    subprocess.run(['ninja', '-C', FOLDER, *names], check=True, stdout=subprocess.DEVNULL)


def run(target, found):
    """The profile of one target over its seeds; every input is run once and none is made up."""
    profile = FOLDER / f'{target.name}.profraw'
    extra = [found / target.name] if (found / target.name).is_dir() else []
    command = fuzzing.command(target, FOLDER / 'seeds' / target.name, f'{FOLDER}/{target.name}-', runs=0, seconds=600) + extra
    subprocess.run([str(part) for part in command], env={**os.environ, 'LLVM_PROFILE_FILE': str(profile)}, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return profile


def lines_of(export):
    """{file: (covered, all, [line numbers without an execution])} from llvm-cov's lines."""
    out = {}
    name = None
    for line in export.splitlines():
        if line.startswith('SF:'):
            name = os.path.relpath(os.path.normpath(FOLDER / line[3:]), ROOT)  # written relative to the build folder
            out[name] = []
        elif line.startswith('DA:'):
            number, count = line[3:].split(',')[:2]
            out[name].append((int(number), int(count)))
    return {file: (sum(1 for _, count in rows if count), len(rows), [number for number, count in rows if not count]) for file, rows in out.items()}


def main():
    parser = argparse.ArgumentParser(description='line coverage of the decoders by the seeds of the fuzz targets')
    parser.add_argument('--missing', action='store_true', help='print the numbers of the lines that nothing reached')
    parser.add_argument('--found', type=pathlib.Path, default=ROOT / 'build/found', help='corpus of long runs')
    options = parser.parse_args()
    build()
    targets = [target for target in fuzzing.targets(FOLDER) if not target.canary]
    profiles = [run(target, options.found) for target in targets]
    merged = FOLDER / 'all.profdata'
    subprocess.run([tool('llvm-profdata'), 'merge', '-sparse', '-o', merged, *profiles], check=True)
    objects = [part for target in targets[1:] for part in ('-object', target.program)]
    export = subprocess.run([tool('llvm-cov'), 'export', '-format=lcov', f'-instr-profile={merged}', targets[0].program, *objects],
                            capture_output=True, text=True, check=True).stdout
    lines = lines_of(export)
    poor = 0
    for file in DECODERS:
        if file not in lines:
            continue
        covered, count, missing = lines[file]
        share = 100 * covered / max(1, count)
        poor += share < WANTED
        print(f'{share:6.1f} %  {file}  {covered} of {count} lines' + (f', not {json.dumps(missing)}' if options.missing and missing else ''))
    judged = [lines[file] for file in DECODERS if file in lines]
    print(f'{100 * sum(one[0] for one in judged) / sum(one[1] for one in judged):6.1f} %  of {len(judged)} files in all; {poor} below {WANTED:.0f} %')
    sys.exit(1 if poor else 0)


if __name__ == '__main__':
    main()
