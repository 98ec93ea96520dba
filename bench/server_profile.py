"""Where the time of a whole server goes: perf samples bench/server_bench between its first and last round, with the fastest back end, and the samples of
one thread are added up by function. The kernel is one row: on a virtual machine without counters its samples fall on where it lets interrupts in."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

TOP = 10
LINE = re.compile(r'^\s*(\S+)\s+[0-9a-f]+ (.*) \(([^()]*|\[[^\]]*\])\)$')
CASES = (('known', 'worker-0', 'the worker, known keys'), ('unknown', 'worker-0', 'the worker, unknown keys'), ('known', 'shard-0', 'the shard'))


def without_templates(name):
    """`sum_known<V8>` is `sum_known`: what stands in brackets is longer than it is telling."""
    depth, out = 0, []
    for at, char in enumerate(name):
        if char == '<' and not name[:at].endswith('operator'):
            depth += 1
        if depth == 0:
            out.append(char)
        if char == '>' and depth > 0 and name[at - 1] != '-':
            depth -= 1
    return ''.join(out).replace('(anonymous namespace)::', '').replace('nrid::', '')


def name_of(symbol, library):
    if 'kernel' in library or library.startswith('['):
        return 'the kernel'
    library = pathlib.Path(library).name.partition('.so')[0]
    if symbol == '[unknown]':
        return f'{library}, no name'
    name = without_templates(symbol)
    if 'KeyCache' in symbol and name.startswith('std::_Hashtable'):
        return 'det::KeyCache: ' + name.rpartition('::')[2]
    return name


def sample(program, rounds, server, folder):
    """{thread: {function: samples}} of one run."""
    control, data = folder / 'control', folder / 'data'
    if not control.exists():
        os.mkfifo(control)
    subprocess.run(['perf', 'record', '-q', '-D', '-1', '--control', f'fifo:{control}', '-e', 'cpu-clock', '-F', '3999', '-o', data, '--',
                    program, str(rounds), '4096', server, control], check=True, capture_output=True, timeout=600)
    text = subprocess.run(['perf', 'script', '-i', data, '-F', 'comm,ip,sym,dso'], check=True, capture_output=True, text=True, timeout=600).stdout
    threads = collections.defaultdict(collections.Counter)
    for line in text.splitlines():
        match = LINE.match(line)
        if match:
            threads[match.group(1)][name_of(match.group(2), match.group(3))] += 1
    return threads


def why_not():
    """Why nothing can be sampled here; nothing if it can."""
    if shutil.which('perf') is None:
        return 'perf is not there: on Debian it is in linux-perf'
    with tempfile.TemporaryDirectory() as folder:
        tried = subprocess.run(['perf', 'record', '-q', '-e', 'cpu-clock', '-o', f'{folder}/data', 'true'], capture_output=True, text=True, check=False)
    return f'perf may not sample here (kernel.perf_event_paranoid, or root is needed): {tried.stderr.strip()}' if tried.returncode else ''


def profile(program, rounds, backend):
    """[(title, samples, [(share, function)])], the top ten of each. Only where why_not() has no reason."""
    out = []
    with tempfile.TemporaryDirectory() as folder:
        servers = [backend] if backend == 'libsodium' else [f'{backend}_{case}' for case in ('known', 'unknown')]
        runs = {server.partition('_')[2] or 'unknown': sample(program, rounds, server, pathlib.Path(folder)) for server in servers}
    for case, thread, title in CASES:
        if case in runs:
            seen = runs[case][thread]
            whole = sum(seen.values())
            out.append((title, whole, [(count / whole, name) for name, count in seen.most_common(TOP)]))
    return out


def table(parts):
    lines = []
    for title, whole, rows in parts:
        lines += ['', f'| {title}: top {len(rows)} of {whole:,} samples | share |', '|---|---:|'] + [f'| {name} | {share:.1%} |' for share, name in rows]
    return '\n'.join(lines)
