"""What the long runs found and nobody has repaired yet.

A finding is a file TARGET-KIND-HASH in the folder of findings, written by libFuzzer. It is open as long as the target fails for it, and nothing
else closes it: judge() runs every one again and moves those that pass to findings/closed. One that passes alone on the very program that
found it needs what ran before it; confirm() marks it, and then only a person can close it, by removing its file.
"""
KINDS = ('crash', 'timeout', 'oom', 'leak')
NOT_ALONE = '.passes-alone'


def of(folder, name):
    """The findings of one target, oldest name first."""
    return sorted(path for kind in KINDS for path in folder.glob(f'{name}-{kind}-*') if path.is_file())


def _fails(target, path, run, hang):
    status, _, _ = run([target.program, f'-timeout={hang}', '-rss_limit_mb=2048', path])
    return status != 0


def judge(target, folder, run, hang):
    """Runs the target's findings again; returns (open, closed) files. A target that is not there closes nothing."""
    still, closed = [], []
    for path in of(folder, target.name):
        if path.name.endswith(NOT_ALONE) or not target.program.exists() or _fails(target, path, run, hang):
            still.append(path)
            continue
        (folder / 'closed').mkdir(exist_ok=True)
        closed.append(path.rename(folder / 'closed' / path.name))
    return still, closed


def confirm(target, folder, before, run, hang):
    """Of a run that failed: its new findings (not in `before`) that do not fail alone get their mark. Returns the new ones."""
    fresh = []
    for path in of(folder, target.name):
        if path in before:
            continue
        fresh.append(path if _fails(target, path, run, hang) else path.rename(path.with_name(path.name + NOT_ALONE)))
    return fresh
