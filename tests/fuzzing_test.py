"""The long runs of the fuzzers and the coverage of their seeds judge truly: with programs of shell in the place of fuzz targets."""
import contextlib
import io
import pathlib
import re
import sys
import tempfile
import tomllib
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests/fuzz'))

import coverage  # noqa: E402
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


SOURCE = '''int decode(int x) {
  if (x > 1) {
    return 1;
  }
  fail();
  return 0;
}

void encode() {
  write();
}
'''
LINES = {1: 5, 2: 5, 3: 2, 5: 0, 6: 3, 9: 0, 10: 0}
FUNCTIONS = [(1, 7, 'decode'), (9, 11, 'Writer::encode')]


def verdict(functions=None, lines=()):
    return coverage.judge('a.cc', SOURCE, dict(LINES), FUNCTIONS, coverage.Decoders({'a.cc': functions or {}}, {'a.cc': list(lines)}))


class Coverage(unittest.TestCase):
    def test_every_line_counts_that_nobody_named(self):
        got = verdict()
        self.assertEqual((got.reached, got.count, got.missing, got.good), (4, 7, [5, 9, 10], False))

    def test_what_is_named_with_a_reason_does_not(self):
        got = verdict({'Writer::*': 'writes'}, [('fail();', 'no input does it')])
        self.assertEqual((got.reached, got.count, got.faults, got.good), (4, 4, [], True))

    def test_a_reason_must_hold(self):
        self.assertEqual(len(verdict({'decoder': 'gone'}).faults), 1)
        self.assertIn('was reached', verdict(lines=[('return 1;', 'nobody')]).faults[0])
        self.assertEqual(len(verdict(lines=[('return 2;', 'nobody')]).faults), 1)
        self.assertEqual(len(verdict({'Writer::*': 'writes'}, [('write();', 'twice')]).faults), 1)

    def test_a_file_that_no_target_holds_is_a_failure(self):
        self.assertFalse(coverage.judge('a.cc', SOURCE, {}, [], coverage.Decoders({'a.cc': {}}, {})).good)

    def test_names_of_functions(self):
        for name, short in (('nrid::(anonymous namespace)::read_peer(nrid::Members const&)', 'read_peer'),
                            ('nrid::cwt::decode_claims(std::span<unsigned char const, 18446744073709551615ul>, nrid::Det const&)', 'cwt::decode_claims'),
                            ('nrid::Settings::load(std::__cxx11::basic_string<char> const&)', 'Settings::load'),
                            ('nrid::shown[abi:cxx11](nrid::JsonValue const&)', 'shown'),
                            ("nrid::parse_when(std::basic_string_view<char>)::$_1::operator()(unsigned long) const", 'parse_when'),
                            ('bool nrid::(anonymous namespace)::by_name<int>(int)', 'by_name')):
            self.assertEqual(coverage.short_name(name), short)

    def test_every_file_that_reads_is_judged_or_named(self):
        tree = tomllib.loads(coverage.LIST.read_text())
        reads = re.compile(r'(^|_)(decode|parse|read|decompress|unescape|learn|hear)(_|$)|_from_(text|rdata|wire|word|name)|_by_name$')
        defined = re.compile(r'(?:  )?(?!return|else|case|using)[A-Za-z_][^(]*[ *&](?:\w+::)?(\w+)\(')
        unknown = {}
        for folder in ('base', 'wire', 'schc', 'cwt', 'det', 'rid', 'nrid', 'modules', 'web', 'apps/gateway', 'apps/server'):
            for path in sorted((ROOT / folder).rglob('*.cc')):
                file = str(path.relative_to(ROOT))
                lines = [line for line in path.read_text().splitlines() if '(' in line and ';' not in line]
                names = {one[1] for one in map(defined.match, lines) if one}
                if file not in tree['decoders'] and file not in tree['elsewhere'] and any(reads.search(name) for name in names):
                    unknown[file] = sorted(name for name in names if reads.search(name))
        self.assertEqual(unknown, {}, 'a decoder that tests/fuzz/decoders.toml neither judges nor names')
        for file in [*tree['decoders'], *tree['elsewhere']]:
            self.assertTrue((ROOT / file).exists(), file)


class Targets(unittest.TestCase):
    def test_every_row_of_the_meson_files_is_read(self):
        rows = fuzzing.rows()
        sources = {path.name for path in (ROOT / 'tests').rglob('*_fuzz.cc')}
        self.assertEqual(len(rows), len(sources), sorted(rows))


if __name__ == '__main__':
    unittest.main()
