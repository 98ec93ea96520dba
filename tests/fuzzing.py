"""The fuzz targets as ./check and tests/fuzz/long.py see them: program, seeds, words, how one is run and what its output says.

A target is a row of `fuzzers` in one of the tests' meson.build files. Its seeds are the folder named there (tests/fuzz/corpus, found
inputs that open a branch) and what tests/vectors/ holds for it (`VECTORS` below), so that a vector is stored once.
"""
import dataclasses
import json
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent
CORPUS = ROOT / 'tests/fuzz/corpus'
RUNS = 200_000        # of one target in ./check
SECONDS_MAX = 240     # and how long that may take on a core of its own: a target that does not get there has failed
# A freed block comes back after 16 MB and its history has eight frames: with the defaults (256 MB, 30) that took a third to six tenths of the time of a target that allocates much.
SANITIZE = {'ASAN_OPTIONS': 'detect_stack_use_after_return=1:strict_string_checks=1:quarantine_size_mb=16:malloc_context_size=8',
            'UBSAN_OPTIONS': 'halt_on_error=1:print_stacktrace=1'}
# LeakSanitizer looks once, at the end of a run, not after every input that changed a cache; and seeds are picked without weighing each by all
# the features of each run, which costs more than most of our targets do.
FAST = ('-detect_leaks=0', '-entropic=0')

GENERATED, PUBLISHED, DNS = 'drip/nrid_generated.json', 'drip/rfc9886_appendix_a.json', 'drip/dns_generated.json'
# target: (file under tests/vectors, keys whose hex is a seed, octets that the target wants in front)
VECTORS = {
    'coap': [('coap/messages.json', ['hex'], ['']), (GENERATED, ['request_CON_POST_nrid', 'response_ACK_2.04_heartbeat'], [''])],
    'reply': [('coap/messages.json', ['hex'], ['00', '05']), (GENERATED, ['request_CON_POST_nrid'], ['00', '13'])],
    'cbor': [('cbor/rfc8949_appendix_a.json', ['hex'], ['']), ('cbor/not_well_formed.json', ['hex'], ['']),
             ('cwt/rfc9164_tags.json', ['cbor_hex'], [''])],
    'cwt': [(GENERATED, ['message', 'bad_signature'], ['']), ('cwt/cose_eddsa.json', ['cbor_hex'], [''])],
    'claims': [(GENERATED, ['payload'], ['00' * 8, '000000006a1d7448']), ('cwt/rfc8392_appendix_a.json', ['cbor_hex'], ['00' * 8])],
    'rid': [(GENERATED, ['pack', 'link_pack', 'plain_pack'], ['']), ('drip/f3411_messages.json', ['pack'], ['']),
            ('drip/f3411_messages.json', ['hex'], ['f21901'])],
    'rid_auth': [(GENERATED, ['pack', 'link_pack', 'plain_pack'], [''])],
    'records': [(PUBLISHED, ['rdata'], ['00', '01']), (DNS, ['hhit_rdata'], ['00']),
                (DNS, ['brid_rdata_nested', 'brid_rdata_flat_rfc9886_example_style'], ['01'])],
    'x509': [(PUBLISHED, ['cert_der'], ['']), (DNS, ['cert_der'], [''])],
    'endorsement': [(GENERATED, ['broadcast_endorsements'], ['00', '01'])],
    'heartbeat': [(GENERATED, ['response_ACK_2.04_heartbeat', 'message'], [''])],
    'schc': [('schc/nrid_cd.json', ['schc_hex'], ['00', '01', '02', '03']), ('schc/rfc8824_examples.json', ['schc_hex'], ['00', '01'])],
}


@dataclasses.dataclass
class Target:
    name: str
    program: pathlib.Path
    corpus: pathlib.Path          # in the tree; need not exist
    seconds: int                  # 0: RUNS executions; else so long
    words: pathlib.Path           # dictionary; need not exist

    @property
    def canary(self):
        return self.name == 'canary'


def rows():
    """name: (corpus folder, seconds) as the meson.build files say."""
    found = {}
    for table in sorted((ROOT / 'tests').rglob('meson.build')):
        for row in re.finditer(r"\{'name': '(\w+)',[^{}]*'seeds': '(\w*)'(?:, 'seconds': (\d+))?\}", table.read_text()):
            found[row[1]] = (row[2], int(row[3] or 0))
    return found


def targets(folder):
    """Every fuzz target that is built in `folder`."""
    known = rows()
    out = []
    for program in sorted(pathlib.Path(folder, 'tests').glob('fuzz_*')):
        name = program.name.removeprefix('fuzz_')
        if program.is_file() and name in known:
            seeds, seconds = known[name]
            out.append(Target(name, program, CORPUS / (seeds or name), seconds, ROOT / 'tests/fuzz' / f'{name}.dict'))
    return out


def _hex_under(tree, keys, inside=False):
    """Every hex text below one of the keys."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _hex_under(value, keys, inside or key in keys)
    elif isinstance(tree, list):
        for value in tree:
            yield from _hex_under(value, keys, inside)
    elif inside and isinstance(tree, str) and re.fullmatch(r'([0-9a-fA-F]{2})+', tree):
        yield tree


def write_vector_seeds(name, folder):
    """The vectors of a target as files; returns how many."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for file, keys, heads in VECTORS.get(name, []):
        tree = json.loads((ROOT / 'tests/vectors' / file).read_text())
        for text in _hex_under(tree, keys):
            for head in heads:
                (folder / f'{pathlib.Path(file).stem}-{count}').write_bytes(bytes.fromhex(head + text))
                count += 1
    return count


def command(target, found, log_prefix, *, runs, seconds, hang=10):
    """One libFuzzer run. What it finds on the way goes to `found`; seeds are only read. An input that takes `hang` seconds is a finding."""
    vectors = found.parent / (found.name + '-vectors')
    places = [found, *([target.corpus] if target.corpus.is_dir() else []), *([vectors] if write_vector_seeds(target.name, vectors) else [])]
    found.mkdir(parents=True, exist_ok=True)
    return [target.program, f'-runs={runs}', f'-max_total_time={seconds}', f'-timeout={hang}', '-rss_limit_mb=2048', '-print_final_stats=1', *FAST,
            f'-artifact_prefix={log_prefix}', *([f'-dict={target.words}'] if target.words.exists() else []), *([] if target.canary else places)]


def reached(output):
    """(edges, features) of the last status line."""
    found = re.findall(r'cov: (\d+) ft: (\d+)', output)
    return (int(found[-1][0]), int(found[-1][1])) if found else (0, 0)


def limits(target):
    """Of one target in ./check: (executions, seconds on a core of its own)."""
    if target.canary:
        return -1, 30
    return (-1, target.seconds) if target.seconds else (RUNS, SECONDS_MAX)

