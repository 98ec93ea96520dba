#!/usr/bin/env python3
"""Fuzzes for hours and keeps the sum: every target in turn, at the lowest priority, with a corpus that stays.

    tests/fuzz/long.py --cpu-hours 4                 all targets of build/clang, a slice of time each, round after round
    tests/fuzz/long.py --cpu-hours 24 --only coap    one target

Executions, CPU time and coverage are added to the table in docs/fuzzing.md after every slice, so that a run may be stopped at any
time. At the end each corpus is reduced to what still adds coverage. The command fails as long as a target fails for anything that
was ever found: what earlier runs left in findings/ is run again first, and what passes now is closed (findings.py). CPU time is what
the kernel charged to the fuzzer, so a busy machine takes longer and counts the same.
"""
import argparse
import concurrent.futures
import datetime
import os
import pathlib
import resource
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests'))

import findings  # noqa: E402
import fuzzing  # noqa: E402
from results import executed  # noqa: E402

HEAD = ('target', 'executions', 'CPU hours', 'edges', 'features', 'inputs kept', 'findings open', 'last run')
EXECUTIONS_GOAL, HOURS_GOAL = 1_000_000_000, 24  # T1: one of the two
HANG = 600  # seconds for one input, of wall time, which passes for the lowest priority, too


class Table:
    """The rows of docs/fuzzing.md between the line that starts with `| target | executions` and the next empty line."""

    def __init__(self, path):
        self.path = path
        self.rows = {}
        lines = path.read_text().splitlines()
        start = next(number for number, line in enumerate(lines) if line.startswith('| target | executions'))
        end = next((number for number in range(start, len(lines)) if not lines[number].startswith('|')), len(lines))
        self.before, self.after = lines[:start], lines[end:]
        for line in lines[start + 2:end]:
            name, *values = [cell.strip() for cell in line.strip('|').split('|')]
            if name != 'sum':
                self.rows[name] = {'executions': int(values[0].replace(',', '')), 'hours': float(values[1]), 'edges': int(values[2]),
                                   'features': int(values[3]), 'kept': int(values[4]), 'open': int(values[5]), 'last': values[6]}

    def row(self, name):
        return self.rows.setdefault(name, {'executions': 0, 'hours': 0.0, 'edges': 0, 'features': 0, 'kept': 0, 'open': 0, 'last': '-'})

    def add(self, name, executions, hours, edges, features, kept, failed):
        row = self.row(name)
        row['executions'] += executions
        row['hours'] += hours
        row.update(edges=edges or row['edges'], features=features or row['features'], kept=kept,
                   last=datetime.datetime.now(datetime.timezone.utc).strftime('%Y-%m-%d'))
        row['open'] = failed
        self.write()

    def write(self):
        lines = ['| ' + ' | '.join(HEAD) + ' |', '|' + '---|' * len(HEAD)]
        for name, row in sorted(self.rows.items()):
            lines.append(f'| {name} | {row["executions"]:,} | {row["hours"]:.3f} | {row["edges"]} | {row["features"]} | {row["kept"]} | '
                         f'{row["open"]} | {row["last"]} |')
        total = [sum(row[key] for row in self.rows.values()) for key in ('executions', 'hours', 'open')]
        lines.append(f'| sum | {total[0]:,} | {total[1]:.3f} | | | | {total[2]} | |')
        fresh = self.path.with_suffix('.new')
        fresh.write_text('\n'.join(self.before + lines + self.after) + '\n')
        fresh.replace(self.path)


def lowest_priority():
    os.nice(19)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def run(command):
    """A command at the lowest priority: (exit status, output, CPU seconds that it and its children took)."""
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors='replace',
                          preexec_fn=lowest_priority,
                          env={**os.environ, **fuzzing.SANITIZE}) as child:
        output = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, output, usage.ru_utime + usage.ru_stime


def slice_of(target, options):
    """One slice of one target; returns what the table wants to know and the output."""
    found = options.corpus / target.name
    artifacts = options.corpus / 'findings'
    before = findings.of(artifacts, target.name)
    command = fuzzing.command(target, found, f'{artifacts}/{target.name}-', runs=-1, seconds=options.slice, hang=HANG)
    status, output, seconds = run(command)
    edges, features = fuzzing.reached(output)
    if status != 0:
        (artifacts / f'{target.name}.log').write_text(output[-20_000:])
        findings.confirm(target, artifacts, before, run, HANG)
    return target, executed(output), seconds / 3600, edges, features, status, output


def open_findings(target, options):
    return len(findings.of(options.corpus / 'findings', target.name))


def judge_findings(chosen, options, table):
    """Runs again what earlier runs found; returns the names of the targets that still fail."""
    failing = set()
    for target in chosen:
        still, closed = findings.judge(target, options.corpus / 'findings', run, HANG)
        for path in closed:
            print(f'{path.name} passes now: closed', flush=True)
        for path in still:
            print(f'{path.name} is open', flush=True)
        table.row(target.name)['open'] = len(still)
        if still:
            failing.add(target.name)
    table.write()
    return failing


def reduce(target, options):
    """Keeps of a corpus what adds coverage beside the seeds."""
    found, less = options.corpus / target.name, options.corpus / (target.name + '-less')
    shutil.rmtree(less, ignore_errors=True)
    less.mkdir(parents=True)
    status, _, seconds = run([target.program, '-merge=1', '-rss_limit_mb=2048', less, found])
    if status == 0:
        shutil.rmtree(found)
        less.rename(found)
    return seconds / 3600


def spent(table):
    return sum(row['hours'] for row in table.rows.values())


def main():
    parser = argparse.ArgumentParser(description='fuzzes every target for a budget of CPU time and adds up what was done')
    parser.add_argument('--cpu-hours', type=float, default=4, help='budget of this run over all targets')
    parser.add_argument('--slice', type=int, default=120, help='seconds of one target in one go')
    parser.add_argument('--only', action='append', help='only this target; may be repeated')
    parser.add_argument('--build', type=pathlib.Path, default=ROOT / 'build/clang', help='folder of the programs')
    parser.add_argument('--corpus', type=pathlib.Path, default=ROOT / 'build/found', help='where inputs and findings stay')
    parser.add_argument('--table', type=pathlib.Path, default=ROOT / 'docs/fuzzing.md')
    parser.add_argument('--jobs', type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    chosen = [target for target in fuzzing.targets(options.build) if not target.canary and (not options.only or target.name in options.only)]
    if not chosen:
        parser.error(f'no such target in {options.build}; ./check --only clang builds them')
    (options.corpus / 'findings').mkdir(parents=True, exist_ok=True)
    table = Table(options.table)
    budget = spent(table) + options.cpu_hours
    failed = judge_findings(chosen, options, table)  # they get no slices: what stops a target at once hides all else
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        while spent(table) < budget and len(failed) < len(chosen):
            # The least fuzzed first: what is far from the goal of T1 gets the next slices.
            ready = sorted((target for target in chosen if target.name not in failed), key=lambda t: table.rows.get(t.name, {}).get('hours', 0))
            for target, runs, hours, edges, features, status, output in pool.map(lambda t: slice_of(t, options), ready[:max(options.jobs, 4)]):
                table.add(target.name, runs, hours, edges, features, sum(1 for _ in (options.corpus / target.name).iterdir()), open_findings(target, options))
                print(f'{target.name}: {runs:,} executions, {hours * 3600:.0f} CPU s, {edges} edges', flush=True)
                if status != 0:
                    failed.add(target.name)
                    print(f'{target.name} FAILED: exit status {status}, see {options.corpus}/findings\n{output[-1500:]}', flush=True)
    for target in chosen:
        if target.name not in failed and options.cpu_hours > 0:
            hours = reduce(target, options)
            table.add(target.name, 0, hours, 0, 0, sum(1 for _ in (options.corpus / target.name).iterdir()), open_findings(target, options))
    done = [name for name, row in table.rows.items() if row['executions'] >= EXECUTIONS_GOAL or row['hours'] >= HOURS_GOAL]
    print(f'{spent(table):.2f} CPU hours in all; {len(done)} of {len(table.rows)} targets have reached the goal of T1')
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
