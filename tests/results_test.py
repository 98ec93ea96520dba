"""The counting of ./check counts: a crash, a file without tests or a lost result file must never look like success."""
import pathlib
import tempfile
import unittest

from results import Case, FAILED, PASSED, SKIPPED, from_canary, from_fuzzer, from_junit, from_tidy, load, run_unittest, save, summary

JUNIT = '''<testsuites><testsuite name="a">
<testcase name="good" classname="A" status="run"/>
<testcase name="bad" classname="A"><failure message="Expected: 1"/></testcase>
<testcase name="crashed" classname="B"><failure/></testcase>
<testcase name="off" classname="A"><skipped/></testcase></testsuite></testsuites>'''
GOOD_RUN = 'Done\nstat::number_of_executed_units: 4200\n'


class Results(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def test_junit_cases_are_counted_one_by_one(self):
        cases = from_junit(self.write('j.xml', JUNIT), 1)
        self.assertEqual([case.verdict for case in cases], [PASSED, FAILED, FAILED, SKIPPED])
        self.assertEqual(summary(cases), '1 passed, 2 failed, 1 skipped')

    def test_an_exit_status_without_a_failed_case_is_a_failure(self):
        only_good = JUNIT.split('\n')[0] + JUNIT.split('\n')[1] + '</testsuite></testsuites>'
        self.assertEqual(summary(from_junit(self.write('j.xml', only_good), 0)), '1 passed, 0 failed')
        self.assertEqual(summary(from_junit(self.write('j.xml', only_good), 1)), '1 passed, 1 failed')

    def test_a_missing_or_broken_junit_file_is_a_failure(self):
        self.assertEqual(summary(from_junit(self.folder / 'none.xml', 0)), '0 passed, 1 failed')
        self.assertEqual(summary(from_junit(self.write('j.xml', '<testsuites>'), 0)), '0 passed, 1 failed')

    def test_a_fuzz_run_must_end_well_and_execute_inputs(self):
        self.assertEqual(from_fuzzer('f', 0, GOOD_RUN).verdict, PASSED)
        self.assertEqual(from_fuzzer('f', 77, GOOD_RUN).verdict, FAILED)
        self.assertEqual(from_fuzzer('f', 0, '').verdict, FAILED)
        self.assertEqual(from_fuzzer('f', 0, 'stat::number_of_executed_units: 1\n').verdict, FAILED)
        self.assertEqual(from_fuzzer('f', 0, GOOD_RUN, 4200).verdict, PASSED)
        self.assertEqual(from_fuzzer('f', 0, GOOD_RUN, 4201).verdict, FAILED, 'the time ran out before the inputs did')
        self.assertEqual(from_fuzzer('f', 0, GOOD_RUN + 'reached: started=10 lost=20\n').verdict, PASSED)
        self.assertEqual(from_fuzzer('f', 0, GOOD_RUN + 'reached: started=10 lost=0 ended=3\n').text, 'never reached: lost')
        self.assertEqual(from_fuzzer('f', 0, 'ERROR: no interesting inputs were found\n' + GOOD_RUN).verdict, FAILED)

    def test_the_canary_passes_only_when_it_was_caught(self):
        self.assertEqual(from_canary('c', 77, 'canary: the planted mistake was found').verdict, PASSED)
        self.assertEqual(from_canary('c', 0, 'canary').verdict, FAILED)
        self.assertEqual(from_canary('c', 127, '$ build/fuzz_canary -artifact_prefix=log/fuzz-canary-\ncannot run').verdict, FAILED)

    def test_the_tidy_script_counts_its_tree_and_its_planted_faults(self):
        self.assertEqual(summary(from_tidy(0, 'tidy: 9 files and 9 includes read, 0 faults; self-test 2 of 2')), '3 passed, 0 failed')
        self.assertEqual(summary(from_tidy(1, 'x\ntidy: 9 files and 9 includes read, 1 faults; self-test 1 of 2')), '1 passed, 2 failed')
        self.assertEqual(summary(from_tidy(0, 'crashed')), '0 passed, 1 failed')

    def test_unittest_files_report_each_case(self):
        path = self.write('some_test.py', 'import unittest\nclass T(unittest.TestCase):\n'
                          '  def test_a(self): pass\n  def test_b(self): self.fail("no")\n  def test_c(self): 1/0\n')
        self.assertEqual(summary(run_unittest(path)), '1 passed, 2 failed')

    def test_files_that_break_or_hold_nothing_are_failures(self):
        self.assertEqual(summary(run_unittest(self.write('broken_test.py', 'import nowhere_at_all\n'))), '0 passed, 1 failed')
        self.assertEqual(summary(run_unittest(self.write('empty_test.py', 'x = 1\n'))), '0 passed, 1 failed')

    def test_results_survive_the_way_through_a_file(self):
        cases = [Case('a', PASSED), Case('b', FAILED, 'why')]
        save(cases, self.folder / 'r.json')
        self.assertEqual(load(self.folder / 'r.json', 'r'), cases)
        self.assertEqual(summary(load(self.folder / 'lost.json', 'r')), '0 passed, 1 failed')


if __name__ == '__main__':
    unittest.main()
