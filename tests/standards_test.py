"""docs/standards.md is true: no requirement without a row, no row that names a file or a test that is not there."""
import pathlib
import re
import unittest

import fuzzing

ROOT = pathlib.Path(__file__).resolve().parent.parent
RANGES = [(1, 11), (20, 30), (40, 47), (50, 59), (60, 66), (70, 76), (80, 87), (90, 94), (100, 104), (110, 114)]


def rows():
    for line in (ROOT / 'docs/standards.md').read_text().splitlines():
        cells = [cell.strip() for cell in line.strip('|').split('|')]
        if re.fullmatch(r'R-\d{3}', cells[0]):
            yield cells


def tests_there():
    names = set()
    for file in (ROOT / 'tests').rglob('*_test.cc'):
        for suite, name in re.findall(r'^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)', file.read_text(), re.MULTILINE):
            names.add(f'{suite}.{name}')
    return names | {file.name for file in (ROOT / 'tests').rglob('*_test.py')}


class Standards(unittest.TestCase):
    def test_every_requirement_has_one_row(self):
        expected = [f'R-{number:03}' for first, last in RANGES for number in range(first, last + 1)]
        self.assertEqual(expected, [cells[0] for cells in rows()])

    def test_files_are_there(self):
        for number, _, _, code, _ in rows():
            for path in filter(None, code.split(', ')):
                self.assertTrue((ROOT / path).is_file(), f'{number}: {path}')

    def test_tests_are_there(self):
        there = tests_there()
        self.assertGreater(len(there), 100)
        for number, _, _, _, tests in rows():
            for name in re.findall(r'\b[A-Z]\w+\.\w+|\b\w+_test\.py', tests):
                self.assertTrue(name in there, f'{number}: no test {name}')

    def test_cases_are_there(self):
        there = set(re.findall(r'\{"(C-\d{3}G?[a-z]?)", "', ''.join(file.read_text() for file in (ROOT / 'apps/conform').glob('*cases.cc'))))
        named = [(number, case) for number, _, _, _, tests in rows() for case in re.findall(r'\bC-\d{3}G?[a-z]?', tests)]
        self.assertGreater(len(named), 30)
        for number, case in named:
            self.assertTrue(case in there, f'{number}: no case {case}')
            self.assertEqual(case[2:5], number[2:])

    def test_bug_classes_have_tests_that_are_there(self):
        text = (ROOT / 'docs/fuzzing.md').read_text()
        there = tests_there()
        mistakes = [line for line in text[text.index('## Mistakes'):].splitlines() if line.startswith('| ')][1:]
        self.assertGreaterEqual(len(mistakes), 16)
        for line in mistakes:
            named = re.findall(r'\b[A-Z]\w+\.\w+', line.split('|')[3]) + re.findall(r'`(\w+)`', line.split('|')[3])
            self.assertTrue(named, line)
            for name in named:
                self.assertTrue(name in there or name in fuzzing.rows(), f'no test {name}')

    def test_every_fuzz_target_stands_in_the_table_with_its_law(self):
        text = (ROOT / 'docs/fuzzing.md').read_text()
        laws = text[text.index('| target | law |'):text.index('## Coverage')]
        named = re.findall(r'`(\w+)`', ''.join(line.split('|')[1] for line in laws.splitlines() if line.startswith('| `')))
        self.assertEqual(set(fuzzing.rows()) - {'canary'} - set(named), set())

    def test_every_requirement_is_judged_from_outside_or_says_why_not(self):
        tables = ''.join(file.read_text() for file in sorted((ROOT / 'apps/conform').glob('*cases.cc')))
        judged = set(re.findall(r'\{"C-(\d{3})G?[a-z]?", "', tables))
        reasons = set(re.findall(r'\{"R-(\d{3})", "\S[^"]{15,}"\}', tables))
        self.assertGreater(len(judged), 60)
        self.assertFalse(judged & reasons, 'judged, and said to be out of sight')
        for number, *_ in rows():
            self.assertIn(number[2:], judged | reasons, f'{number} has no case of nrid-conform and no reason')


if __name__ == '__main__':
    unittest.main()
