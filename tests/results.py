"""Counting test cases: what ./check adds up.

A Case is one test with its verdict. Readers exist for meson's JUnit file (gtest cases, one entry for a program that crashed),
for Python's unittest and for one libFuzzer run. `python3 tests/results.py FILE.py OUT.json` runs one unittest file and
writes its cases; ./check starts one such process per file.
"""
import dataclasses
import importlib.util
import json
import pathlib
import re
import sys
import unittest
import xml.etree.ElementTree as xml

PASSED, FAILED, SKIPPED = 'passed', 'failed', 'skipped'


@dataclasses.dataclass
class Case:
    name: str
    verdict: str
    text: str = ''  # what failed, or why it was skipped


def from_junit(path, exit_status):
    """Cases of a meson test run. An exit status that no failed case explains is itself a failed case."""
    cases = []
    try:
        entries = list(xml.parse(path).getroot().iter('testcase'))
    except (OSError, xml.ParseError) as error:
        return [Case('meson test', FAILED, f'no results: {error}')]
    for entry in entries:
        name = entry.get('classname', '') + '.' + entry.get('name', '')
        bad = entry.find('failure') if entry.find('failure') is not None else entry.find('error')
        if bad is not None:
            cases.append(Case(name, FAILED, bad.get('message') or bad.text or 'program failed'))
        elif entry.find('skipped') is not None or entry.get('status') == 'notrun':
            cases.append(Case(name, SKIPPED))
        else:
            cases.append(Case(name, PASSED))
    if exit_status != 0 and not any(case.verdict == FAILED for case in cases):
        cases.append(Case('meson test', FAILED, f'exit status {exit_status}'))
    return cases


def executed(output):
    """Inputs that a libFuzzer run executed, by its final statistics; 0 when it died before them."""
    found = re.search(r'stat::number_of_executed_units:\s*(\d+)', output)
    return int(found[1]) if found else 0


def from_fuzzer(name, exit_status, output, wanted=100):
    """One libFuzzer run: it passes when it ended well and really executed `wanted` inputs with coverage feedback."""
    count = executed(output)
    if exit_status != 0:
        return Case(name, FAILED, f'exit status {exit_status} after {count} inputs')
    if count < wanted:
        return Case(name, FAILED, f'only {count} of {wanted} inputs were executed before the time was over')
    if 'no interesting inputs were found' in output:
        return Case(name, FAILED, 'built without coverage instrumentation')
    reached = re.search(r'^reached: (.+)$', output, re.MULTILINE)  # states that a sequence target counts
    never = re.findall(r'(\w+)=0\b', reached[1]) if reached else []
    if never:
        return Case(name, FAILED, 'never reached: ' + ', '.join(never))
    return Case(name, PASSED, f'{count} inputs')


def from_canary(name, exit_status, output):
    """The canary holds a law that is wrong on purpose: a fuzzer that does not find it finds nothing at all."""
    if exit_status != 0 and re.search(r'^canary: the planted mistake was found$', output, re.MULTILINE):
        return Case(name, PASSED)
    return Case(name, FAILED, 'the planted mistake was not found')


def from_tidy(exit_status, output):
    """tests/tidy_test.py: the tree is one case, every planted fault that must be found is another."""
    counts = re.search(r'^tidy: .* (\d+) faults; self-test (\d+) of (\d+)$', output, re.MULTILINE)
    if not counts:
        return [Case('tidy', FAILED, 'ended without its count')]
    faults, found, planted = map(int, counts.groups())
    cases = [Case('tidy.tree', FAILED if faults else PASSED, output.strip())]
    cases += [Case(f'tidy.planted.{number}', PASSED if number <= found else FAILED) for number in range(1, planted + 1)]
    if exit_status != 0 and not any(case.verdict == FAILED for case in cases):
        cases.append(Case('tidy', FAILED, f'exit status {exit_status}'))
    return cases


class _Collector(unittest.TextTestResult):
    def __init__(self, *args):
        super().__init__(*args)
        self.cases = []

    def _keep(self, test, verdict, text=''):
        self.cases.append(Case(test.id(), verdict, text))

    def addSuccess(self, test):
        super().addSuccess(test)
        self._keep(test, PASSED)

    def addError(self, test, err):
        super().addError(test, err)
        self._keep(test, FAILED, self.errors[-1][1])

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._keep(test, FAILED, self.failures[-1][1])

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._keep(test, SKIPPED, reason)

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._keep(subtest, FAILED, str(err[1]))


def run_unittest(path):
    """All cases of one unittest file; a file that cannot be loaded or holds none is a failed case."""
    sys.path.insert(0, str(pathlib.Path(path).parent))
    try:
        spec = importlib.util.spec_from_file_location(pathlib.Path(path).stem, path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=2, resultclass=_Collector).run(suite)
    except Exception as error:  # whatever the file raises while it is read is its result
        return [Case(str(path), FAILED, f'{type(error).__name__}: {error}')]
    return result.cases or [Case(str(path), FAILED, 'holds no test')]


def save(cases, path):
    pathlib.Path(path).write_text(json.dumps([dataclasses.asdict(case) for case in cases]))


def load(path, otherwise):
    try:
        return [Case(**row) for row in json.loads(pathlib.Path(path).read_text())]
    except (OSError, ValueError) as error:
        return [Case(otherwise, FAILED, f'ended without results: {error}')]


def summary(cases):
    """The last line of ./check."""
    count = {verdict: sum(case.verdict == verdict for case in cases) for verdict in (PASSED, FAILED, SKIPPED)}
    line = f'{count[PASSED]} passed, {count[FAILED]} failed'
    return line + (f', {count[SKIPPED]} skipped' if count[SKIPPED] else '')


if __name__ == '__main__':
    found = run_unittest(sys.argv[1])
    save(found, sys.argv[2])
    sys.exit(any(case.verdict == FAILED for case in found))
