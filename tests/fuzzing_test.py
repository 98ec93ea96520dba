"""The long runs of the fuzzers and the coverage of their seeds judge truly: with programs of shell in the place of fuzz targets."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests/fuzz'))

import fuzzing  # noqa: E402
import long  # noqa: E402

# Fails for a file that holds "bad"; as a fuzzer it finds what $FINDS says, writes it beside its prefix and ends with 77.
PROGRAM = '''#!/bin/sh
for one in "$@"; do
  case "$one" in
    -artifact_prefix=*) prefix="${one#*=}" ;;
    -*) ;;
    *) [ -f "$one" ] && file="$one" ;;
  esac
done
if [ -n "$file" ]; then
  ! grep -q bad "$file"
  exit
fi
echo "#1 cov: 7 ft: 9"
echo "stat::number_of_executed_units: 50"
@FINDS@
'''
# A table of other things with the same first column stands before the one that is added to, as in docs/fuzzing.md.
TABLE = '# Fuzzing\n\n| target | law |\n|---|---|\n| coap | both ways |\n\n| target | executions |\n|---|---|\n| coap | 100 | 0.001 | 1 | 2 | 3 | 4 | 2026-01-01 |\n| sum | 100 | 0.001 | | | | 4 | |\n\nafter\n'


class LongRuns(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.findings = self.folder / 'found/findings'
        self.findings.mkdir(parents=True)
        (self.folder / 'build/tests').mkdir(parents=True)
        self.table = self.folder / 'fuzzing.md'
        self.table.write_text(TABLE)
        self.program('')

    def program(self, finds):
        path = self.folder / 'build/tests/fuzz_coap'
        path.write_text(PROGRAM.replace('@FINDS@', finds))
        path.chmod(0o755)

    def finding(self, name, text):
        (self.findings / name).write_text(text)

    def run_long(self, hours='0'):
        arguments = ['long.py', '--cpu-hours', hours, '--build', str(self.folder / 'build'), '--corpus', str(self.folder / 'found'), '--table', str(self.table), '--jobs', '1']
        output = io.StringIO()
        (self.folder / 'found/coap').mkdir(exist_ok=True)
        with mock.patch.object(sys, 'argv', arguments), contextlib.redirect_stdout(output), self.assertRaises(SystemExit) as end:
            long.main()
        return end.exception.code, output.getvalue()

    def open_findings(self):
        return long.Table(self.table).rows['coap']['open']

    def test_a_finding_is_open_while_the_program_fails_for_it(self):
        self.finding('coap-crash-1', 'bad')
        self.finding('coap-timeout-2', 'bad')
        status, output = self.run_long()
        self.assertEqual(status, 1)
        self.assertIn('coap-crash-1 is open', output)
        self.assertEqual(self.open_findings(), 2)

    def test_a_finding_that_passes_now_is_closed_by_that_alone(self):
        self.finding('coap-crash-1', 'mended')
        self.finding('coap-crash-2', 'bad')
        status, output = self.run_long()
        self.assertEqual(status, 1)
        self.assertIn('coap-crash-1 passes now: closed', output)
        self.assertTrue((self.findings / 'closed/coap-crash-1').exists())
        self.assertEqual(self.open_findings(), 1)
        self.finding('coap-crash-2', 'mended, too')
        status, _ = self.run_long()
        self.assertEqual(status, 0)
        self.assertEqual(self.open_findings(), 0, 'what the table said before does not stay')

    def test_logs_and_findings_of_other_targets_are_not_counted(self):
        self.finding('coap.log', 'bad')
        self.finding('coap_more-crash-1', 'bad')
        status, _ = self.run_long()
        self.assertEqual((status, self.open_findings()), (0, 0))

    def test_a_new_finding_is_counted_at_once(self):
        self.program('printf bad > "${prefix}crash-9"; exit 77')
        status, output = self.run_long('0.0000001')
        self.assertEqual(status, 1)
        self.assertIn('coap FAILED: exit status 77', output)
        self.assertEqual(self.open_findings(), 1)

    def test_one_that_needs_what_ran_before_it_stays_open_until_a_person_removes_it(self):
        self.program('printf good > "${prefix}crash-9"; exit 77')
        self.run_long('0.0000001')
        self.program('')
        status, _ = self.run_long()
        self.assertEqual((status, self.open_findings()), (1, 1))
        next(self.findings.glob('coap-crash-9*')).unlink()
        status, _ = self.run_long()
        self.assertEqual((status, self.open_findings()), (0, 0))

    def test_the_rest_of_the_page_stays(self):
        self.run_long()
        lines = self.table.read_text().splitlines()
        self.assertEqual((lines[0], lines[-1]), ('# Fuzzing', 'after'))


class Targets(unittest.TestCase):
    def test_every_row_of_the_meson_files_is_read(self):
        rows = fuzzing.rows()
        sources = {path.name for path in (ROOT / 'tests').rglob('*_fuzz.cc')}
        self.assertEqual(len(rows), len(sources), sorted(rows))


if __name__ == '__main__':
    unittest.main()
