"""The steps of ./check, in order: what is built how, and which tests run on it.

Every step returns the test cases it ran; a build that fails is a failed case. Steps do not stop at the first failure, the
last line counts everything. Logs are in build/log/.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import time

import fuzzing
from results import Case, FAILED, PASSED, from_canary, from_fuzzer, from_junit, from_tidy, load, summary

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / 'build/log'

# The tests that start threads; ThreadSanitizer slows all others and finds nothing in them.
THREADED = re.compile(r'ring|log|store|server|host|thread|dns_client|dns_responder|resolver|key_source|fleet|web')

SANITIZE = {**fuzzing.SANITIZE, 'TSAN_OPTIONS': 'halt_on_error=1:second_deadlock_stack=1'}
# What makes the builds with sanitizers fast: ten sources read their headers once (and no two of a library may give one name to two things),
# and gold links in half the time.
FAST_BUILD = ['-Dunity=on', '-Dunity_size=10', '-Dcpp_link_args=-fuse-ld=gold']
CLANG = {'CC': 'clang-14', 'CXX': 'clang++-14'}


class StepFailed(Exception):
    """A command that has to succeed did not; carries the failed case."""

    def __init__(self, case):
        super().__init__(case.name)
        self.case = case


def show_progress(line, state):
    """One moving line on a terminal, one line every 20 s elsewhere."""
    if not re.match(r'^(\[\d+/\d+\]|\s*\d+/\d+ )', line):
        return
    if sys.stdout.isatty():
        print('\r\033[K    ' + line[:90], end='', flush=True)
        state['open'] = True
    elif time.monotonic() - state['shown'] > 20:
        print('    ' + line[:90], flush=True)
        state['shown'] = time.monotonic()


def run(log, *command, env=None):
    """Runs a command from the project's folder, its output in build/log/LOG; returns the exit status."""
    state = {'shown': time.monotonic(), 'open': False}
    with open(LOGS / log, 'a', encoding='utf-8', errors='replace') as out:
        out.write('$ ' + ' '.join(map(str, command)) + '\n')
        out.flush()
        child = subprocess.Popen([str(part) for part in command], cwd=ROOT, env={**os.environ, **(env or {})}, text=True,
                                 errors='replace', stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        for line in child.stdout:
            out.write(line)
            show_progress(line.rstrip(), state)
    if state['open']:
        print('\r\033[K', end='')
    return child.wait()


def show_end(log):
    """The end of a log where only the terminal is seen: with what failed, not as a file that is gone."""
    tail = (LOGS / log).read_text(errors='replace').splitlines()[-60:]
    print('\n'.join('    | ' + line[:240] for line in tail), flush=True)


def need(log, *command, env=None):
    """Like run(), for what everything after it stands on: a failure ends the step and shows the end of the log."""
    if run(log, *command, env=env) != 0:
        show_end(log)
        raise StepFailed(Case(' '.join(map(str, command[:3])), FAILED, f'failed, log: build/log/{log}'))


def configure(log, folder, options, env=None):
    known = (ROOT / folder / 'build.ninja').exists()
    need(log, 'meson', *(('configure', folder) if known else ('setup', folder)), *options, env=env)


def build(log, folder, options, env=None):
    configure(log, folder, options, env)
    need(log, 'ninja', '-C', folder, env=env)


def unit_tests(log, folder, names=(), env=None):
    for stale in (ROOT / folder).glob('*.xml'):  # gtest's files of an earlier run would speak for a program that crashes now
        stale.unlink()
    status = run(log, 'meson', 'test', '-C', folder, '--no-rebuild', '--print-errorlogs', *names, env=env)
    if status != 0:
        show_end(log)
    return from_junit(ROOT / folder / 'meson-logs/testlog.junit.xml', status)


def gcc_step():
    """gcc, warnings are errors: the programs in build/ and all unit tests"""
    build('gcc.log', 'build', ['-Dwerror=true', '-Dtests=true', '-Dbench=true'])
    return unit_tests('gcc.log', 'build')


def test_programs(folder):
    """The tests and fuzzers of a build folder, as ninja names them."""
    told = subprocess.run(['meson', 'introspect', '--targets', folder], cwd=ROOT, text=True, capture_output=True, check=True)
    names = [target['name'] for target in json.loads(told.stdout)]
    return [f'tests/{name}' for name in names if name.startswith(('test_', 'fuzz_'))]


def clang_step():
    """clang with address and undefined sanitizers: all unit tests again"""
    options = ['-Dwerror=true', '-Dfuzz=true', '-Dweb=false', '-Db_sanitize=address,undefined', '-Db_lundef=false',
               '-Doptimization=1', *FAST_BUILD]
    configure('clang.log', 'build/clang', options, env=CLANG)
    need('clang.log', 'ninja', '-C', 'build/clang', *test_programs('build/clang'))
    return unit_tests('clang.log', 'build/clang', env=SANITIZE)


def fuzz_once(target):
    """A short run of one target from its seeds; what it finds on the way goes to build/fuzz, not into the corpus. At the lowest priority: it
    takes what the process tests beside it leave, which for half a minute may be next to nothing, and gets the time for that."""
    log = f'fuzz-{target.name}.log'
    runs, seconds = fuzzing.limits(target)
    command = fuzzing.command(target, ROOT / 'build/fuzz' / target.name, f'{LOGS}/fuzz-{target.name}-', runs=runs, seconds=3 * seconds, hang=120)
    status = run(log, 'nice', '-n', '19', *command, env=SANITIZE)
    output = (LOGS / log).read_text(errors='replace')
    if target.canary:
        return from_canary('fuzz.canary', status, output)
    return from_fuzzer('fuzz.' + target.name, status, output, max(runs, 100))


def fuzz_step():
    """libFuzzer, 200,000 inputs or three minutes for every parser, and a canary that must be caught"""
    targets = fuzzing.targets(ROOT / 'build/clang')
    if not any(target.canary for target in targets):
        return [Case('fuzz', FAILED, 'build/clang holds no canary, so nothing shows that the fuzzers work')]
    # The makers of large things first, and those with a time of their own last: by then the process tests beside them mostly wait.
    targets.sort(key=lambda target: (target.seconds, target.name not in ('flight_kml', 'settings', 'schc_rules')))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(fuzz_once, targets))


def thread_step():
    """gcc with the thread sanitizer: the tests that start threads"""
    configure('tsan.log', 'build/tsan', ['-Db_sanitize=thread', '-Db_lundef=false', '-Doptimization=1', *FAST_BUILD])
    listed = subprocess.run(['meson', 'test', '-C', 'build/tsan', '--list', '--no-rebuild'], cwd=ROOT, text=True, capture_output=True)
    names = [line.split(' / ')[-1].strip() for line in listed.stdout.splitlines()]
    names = sorted({name for name in names if THREADED.search(name)})
    if not names:
        return [Case('thread sanitizer', FAILED, 'no test with threads was found')]
    need('tsan.log', 'ninja', '-C', 'build/tsan', *(f'tests/test_{name}' for name in names))
    return unit_tests('tsan.log', 'build/tsan', names, env=SANITIZE)


def python_files(paths):
    """Runs unittest files, in this order, as many at once as there are cores."""
    def one(path):
        name = path.stem
        results = LOGS / f'{name}.json'
        results.unlink(missing_ok=True)
        started = time.monotonic()
        run(f'{name}.log', sys.executable, ROOT / 'tests/results.py', path, results)
        cases = load(results, str(path.relative_to(ROOT)))
        failed = [case for case in cases if case.verdict == FAILED]
        print(f'    {path.relative_to(ROOT)}: {summary(cases)}, {time.monotonic() - started:.0f} s', flush=True)
        for case in failed:
            print('    | ' + '\n    | '.join([case.name, *case.text.strip().splitlines()[-12:]]))
        return cases
    with concurrent.futures.ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as pool:
        return [case for cases in pool.map(one, paths) for case in cases]


def tidy_step():
    """includes, names and sizes of the sources, the package list and the counting itself"""
    status = run('tidy.log', sys.executable, ROOT / 'tests/tidy_test.py')
    output = (LOGS / 'tidy.log').read_text(errors='replace').split('\n', 1)[1]
    if status != 0:
        print('\n'.join('    | ' + line for line in output.splitlines()))
    tested = [ROOT / 'tests' / name for name in ('fuzzing_test.py', 'packages_test.py', 'results_test.py', 'standards_test.py')]
    return from_tidy(status, output) + python_files(tested)


def process_step():
    """real processes: Knot, Unbound, nridd, nrid-gateway, foreign peers and a browser"""
    for folder in (ROOT / 'tests/peers', ROOT / 'tests/mavlink', ROOT / 'tests/web'):
        installed, wanted = folder / 'node_modules/.package-lock.json', folder / 'package-lock.json'
        if not installed.exists() or installed.stat().st_mtime < wanted.stat().st_mtime:
            need('npm.log', 'npm', 'ci', '--prefix', folder, '--no-audit', '--no-fund')
    shutil.rmtree(LOGS / 'apps', ignore_errors=True)
    # What takes minutes begins first, so that nothing runs alone at the end.
    long = ('conform_mutants_test', 'bench_report_test', 'conform_test', 'bench_floods_test', 'load_test')
    files = sorted((ROOT / 'tests/apps').glob('*_test.py'), key=lambda path: (long.index(path.stem) if path.stem in long else len(long), path.stem))
    return python_files(files)


def sim_step():
    """simulation: 200 seeds of ten minutes in virtual time, and planted faults that some seed must find"""
    return python_files(sorted((ROOT / 'tests/sim').glob('*_test.py')))


STEPS = [('gcc', gcc_step), ('clang', clang_step), ('threads', thread_step), ('tidy', tidy_step), ('sim', sim_step), ('fuzz', fuzz_step),
         ('apps', process_step)]
BESIDE = {'fuzz': 'apps'}  # processes mostly wait for each other, fuzzers never wait


def processor_seconds():
    """What all commands that have ended took: a step that leaves the processor idle could do more at once."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def one_step(number, total, name, step):
    print(f'[{number}/{total}] {name}: {step.__doc__}', flush=True)
    started, before = time.monotonic(), processor_seconds()
    try:
        cases = step()
    except StepFailed as failure:
        cases = [failure.case]
    except Exception as trouble:  # pylint: disable=broad-except  # a missing tool or a full disk must be counted, too
        cases = [Case(name, FAILED, f'{type(trouble).__name__}: {trouble}')]
    took = time.monotonic() - started
    mark = '✗' if any(case.verdict == FAILED for case in cases) else '✓'
    busy = (processor_seconds() - before) / max(took, 0.001) / (os.cpu_count() or 1)
    print(f'  {mark} {name}: {summary(cases)}, {took:.0f} s with the processor busy for {100 * busy:.0f} % of them', flush=True)
    return cases


def all_steps(steps):
    """One after the other, but for those that go beside a later one."""
    with concurrent.futures.ThreadPoolExecutor(len(steps)) as pool:
        begun = []
        for number, (name, step) in enumerate(steps, 1):
            begun.append(pool.submit(one_step, number, len(steps), name, step))
            if BESIDE.get(name) not in (later for later, _ in steps):
                concurrent.futures.wait(begun)
        return [case for future in begun for case in future.result()]


def main():
    parser = argparse.ArgumentParser(prog='./check', description='builds everything, runs every test and counts them')
    parser.add_argument('--only', metavar='STEP', action='append', choices=[name for name, _ in STEPS],
                        help='run only this step (may be repeated): ' + ', '.join(name for name, _ in STEPS))
    chosen = parser.parse_args().only
    LOGS.mkdir(parents=True, exist_ok=True)
    for old in LOGS.glob('*.log'):
        old.unlink()
    shutil.rmtree(ROOT / 'build/fuzz', ignore_errors=True)
    steps = [(name, step) for name, step in STEPS if not chosen or name in chosen]
    cases = all_steps(steps)
    for case in cases:
        if case.verdict == FAILED:
            print(f'failed: {case.name}: {(case.text.strip().splitlines() or [""])[0][:160]}')
    print(summary(cases))
    good = any(case.verdict == PASSED for case in cases) and not any(case.verdict == FAILED for case in cases)
    sys.exit(0 if good else 1)


if __name__ == '__main__':
    main()
