#!/usr/bin/env python3
"""Which lines of the decoders the seeds reach (T1: at least 95 % of each file's). Builds the targets with clang's source coverage, runs each over
its corpus and its vectors, once per input, and prints a line per file.

    tests/fuzz/coverage.py                 builds build/coverage and fails below 95 %
    tests/fuzz/coverage.py --missing       also prints the lines that no seed reached
    tests/fuzz/coverage.py --found DIR     with the corpus of a long run beside the seeds: what is worth a seed

A decoder is a function that reads what a peer or an operator wrote. tests/fuzz/decoders.toml lists the files that hold some; there all functions
count but those that it names with a reason, and all lines but those that it names with a reason. A reason that is none any more (no such
function, or the line was reached) is a failure, too. tests/fuzzing_test.py finds decoders that the list does not know.
"""
import argparse
import concurrent.futures
import dataclasses
import fnmatch
import json
import os
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests'))

import fuzzing  # noqa: E402

FOLDER = ROOT / 'build/coverage'
LIST = ROOT / 'tests/fuzz/decoders.toml'
WANTED = 95.0
FLAGS = ['-Dfuzz=true', '-Dweb=false', '-Doptimization=0', '-Ddebug=false', '-Db_lundef=false',
         '-Dcpp_args=-fprofile-instr-generate -fcoverage-mapping', '-Dcpp_link_args=-fprofile-instr-generate']


@dataclasses.dataclass
class Decoders:
    """decoders.toml: which functions and lines of a file do not count, and why."""
    functions: dict            # file: {pattern of function names: reason}
    lines: dict                # file: [(text of the line, reason)]

    @classmethod
    def load(cls, path):
        tree = tomllib.loads(path.read_text())
        functions = {file: dict(rows) for file, rows in tree['decoders'].items()}
        lines = {}
        for row in tree.get('unreachable', []):
            lines.setdefault(row['file'], []).append((row['line'].strip(), row['why']))
        return cls(functions, lines)


@dataclasses.dataclass
class Verdict:
    file: str
    reached: int
    count: int
    missing: list              # line numbers
    faults: list               # sentences about reasons that do not hold

    @property
    def share(self):
        return 100 * self.reached / max(1, self.count)

    @property
    def good(self):
        return self.count > 0 and self.share >= WANTED and not self.faults


def short_name(name):
    """`nrid::(anonymous namespace)::Members::det(...) const` is Members::det; of a lambda: the function around it."""
    name = re.sub(r'\(anonymous namespace\)::|\[abi:\w+\]', '', name)
    name = name.split('::$_')[0].split('::\'lambda')[0].split('::operator()')[0]
    depth = 0
    for at, char in enumerate(name):    # up to the parameters
        depth += (char == '<') - (char == '>')
        if char == '(' and depth == 0:
            name = name[:at]
            break
    plain = re.sub(r'<.*>', '', name).split(' ')[-1]
    return '::'.join(part for part in plain.split('::') if part not in ('nrid', ''))


def judge(file, text, lines, functions, decoders):
    """`lines`: {number: times}, `functions`: [(first, last, name)] of one file."""
    source = text.splitlines()
    faults, out = [], set()
    for pattern, why in decoders.functions[file].items():
        ranges = [(first, last) for first, last, name in functions if fnmatch.fnmatchcase(name, pattern)]
        if not ranges:
            faults.append(f'no function {pattern} here ("{why}")')
        out |= {number for first, last in ranges for number in range(first, last + 1)}
    counted = {number: times for number, times in lines.items() if number not in out}
    for wanted, why in decoders.lines.get(file, []):
        places = [number for number in counted if source[number - 1].strip() == wanted]
        if not places:
            faults.append(f'no line "{wanted}" that counts ("{why}")')
        elif any(counted[number] for number in places):
            faults.append(f'line "{wanted}" was reached ("{why}")')
        for number in places:
            del counted[number]
    missing = sorted(number for number, times in counted.items() if times == 0)
    return Verdict(file, len(counted) - len(missing), len(counted), missing, faults)


def build():
    if not (FOLDER / 'build.ninja').exists():
        subprocess.run(['meson', 'setup', FOLDER, *FLAGS], cwd=ROOT, stdout=subprocess.DEVNULL, check=True,
                       env={**os.environ, 'CC': 'clang-14', 'CXX': 'clang++-14', 'LLVM_PROFILE_FILE': '/dev/null'})
    names = [f'tests/fuzz_{name}' for name in fuzzing.rows() if name != 'canary']
    subprocess.run(['ninja', '-C', FOLDER, *names], check=True, stdout=subprocess.DEVNULL)


def run(target, found):
    """The profile of one target over its seeds; every input is run once and none is made up."""
    profile = FOLDER / f'{target.name}.profraw'
    extra = [found / target.name] if found and (found / target.name).is_dir() else []
    command = fuzzing.command(target, FOLDER / 'seeds' / target.name, f'{FOLDER}/{target.name}-', runs=0, seconds=600) + ['-shuffle=0'] + extra
    done = subprocess.run([str(part) for part in command], env={**os.environ, 'LLVM_PROFILE_FILE': str(profile)}, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace')
    if done.returncode != 0:
        sys.exit(f'{target.name} fails for one of its seeds:\n{done.stdout[-3000:]}')
    return profile


def measured(targets, profiles):
    """({file: {line: times}}, {file: [(first, last, name)]}) of all targets together."""
    merged = FOLDER / 'all.profdata'
    subprocess.run([tool('llvm-profdata'), 'merge', '-sparse', '-o', merged, *profiles], check=True)
    objects = [part for target in targets[1:] for part in ('-object', target.program)]

    def export(form):
        return subprocess.run([tool('llvm-cov'), 'export', f'-format={form}', f'-instr-profile={merged}', targets[0].program, *objects],
                              capture_output=True, text=True, check=True).stdout
    lines, functions = {}, {}
    file = ''
    for line in export('lcov').splitlines():
        if line.startswith('SF:'):
            file = local(line[3:])
        elif line.startswith('DA:'):
            number, times = map(int, line[3:].split(',')[:2])
            lines.setdefault(file, {})[number] = times
    found = json.loads(export('text'))['data'][0]['functions']
    names = subprocess.run([tool('llvm-cxxfilt')], input='\n'.join(one['name'].split(':')[-1] for one in found), capture_output=True, text=True, check=True).stdout
    for one, name in zip(found, names.splitlines(), strict=True):
        first, _, last = one['regions'][0][:3]
        functions.setdefault(local(one['filenames'][0]), []).append((first, last, short_name(name)))
    return lines, functions


def local(path):
    return os.path.relpath(os.path.normpath(FOLDER / path), ROOT)  # written relative to the build folder


def tool(name):
    return f'/usr/lib/llvm-14/bin/{name}'


def show(verdict, options, functions):
    print(f'{verdict.share:6.1f} %  {verdict.file}  {verdict.reached} of {verdict.count} lines' + ('' if verdict.good else '  ✗'))
    for fault in verdict.faults:
        print(f'          {fault}')
    if not options.missing:
        return
    source = (ROOT / verdict.file).read_text().splitlines()
    for number in verdict.missing:
        around = [name for first, last, name in functions if first <= number <= last]
        print(f'          {number:4} {around[-1] if around else ""}: {source[number - 1].strip()}')


def main():
    parser = argparse.ArgumentParser(description='line coverage of the decoders by the seeds of the fuzz targets')
    parser.add_argument('--missing', action='store_true', help='print the lines that nothing reached')
    parser.add_argument('--found', type=pathlib.Path, help='corpus of a long run, to be run as well')
    parser.add_argument('--only', action='append', help='only these files; may be repeated')
    options = parser.parse_args()
    build()
    targets = [target for target in fuzzing.targets(FOLDER) if not target.canary]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        profiles = list(pool.map(lambda target: run(target, options.found), targets))
    lines, functions = measured(targets, profiles)
    decoders = Decoders.load(LIST)
    verdicts = [judge(file, (ROOT / file).read_text(), lines.get(file, {}), functions.get(file, []), decoders)
                for file in sorted(decoders.functions) if not options.only or file in options.only]
    for verdict in verdicts:
        show(verdict, options, functions.get(verdict.file, []))
    poor = [verdict.file for verdict in verdicts if not verdict.good]
    reached, count = sum(one.reached for one in verdicts), sum(one.count for one in verdicts)
    named = sum(len(rows) for rows in decoders.lines.values())
    print(f'{100 * reached / count:6.1f} %  of {count} lines in {len(verdicts)} files; {named} lines named as out of reach; below {WANTED:.0f} % or with faults: '
          + (', '.join(poor) or 'none'))
    sys.exit(1 if poor else 0)


if __name__ == '__main__':
    main()
