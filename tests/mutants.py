"""Programs with one planted fault: a source file with one textual replacement, linked before the library that holds it.

A test that never fails proves nothing; these show that it does. The build folder is left as it was: object and program go
where the caller says. `python3 tests/mutants.py PROGRAM SOURCE FIND REPLACE OUT` builds one by hand.
"""
import dataclasses
import json
import pathlib
import shlex
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


@dataclasses.dataclass
class Fault:
    source: str   # from the project's folder: 'nrid/return_path.cc'
    find: str     # stands there exactly once
    replace: str

    def mutated(self):
        text = (ROOT / self.source).read_text()
        if text.count(self.find) != 1:
            raise ValueError(f'{self.source}: {self.find!r} stands there {text.count(self.find)} times, not once: '
                             'the code has changed, so must the fault')
        return text.replace(self.find, self.replace)


def run(words, folder):
    done = subprocess.run(words, cwd=folder, text=True, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(f'{shlex.join(words)[:200]}\n{done.stdout[-2000:]}{done.stderr[-4000:]}')


def compile_words(build, fault, source, obj):
    """The command that the build uses for this source, with other files, and with warnings that are no errors: a fault may
    well leave a parameter unused."""
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        if (build / entry['file']).resolve() == (ROOT / fault.source).resolve():
            words = shlex.split(entry['command'])
            break
    else:
        raise ValueError(f'{fault.source} is not built in {build}')
    for flag, value in (('-o', obj), ('-c', source), ('-MF', f'{obj}.d'), ('-MQ', obj)):
        words[words.index(flag) + 1] = str(value)
    return [word for word in words if word not in ('-Werror', '-g1')] + ['-w', '-O1'], entry['output']  # nobody debugs it


def link_words(build, program, original, obj, out):
    """The link command with the faulty object in front: what it defines is not taken from the archives any more."""
    told = subprocess.run(['ninja', '-C', str(build), '-t', 'commands', program], text=True, capture_output=True, check=True)
    words = shlex.split(told.stdout.strip().splitlines()[-1])
    at = words.index('-o')
    if words[at + 1] != program:
        raise ValueError(f'{program} is no program of {build}')
    words[at + 1] = str(out)
    kept = [word for word in words if word != original] + ['-Wl,--strip-debug']
    if shutil.which('ld.gold') and not any(word.startswith('-fuse-ld') for word in kept):
        kept.append('-fuse-ld=gold')  # an eighth of the time
    return kept[:at + 2] + [str(obj)] + kept[at + 2:]


def build_mutant(program, fault, out, build=ROOT / 'build'):
    """Builds PROGRAM (as ninja names it: 'apps/nridd') with the fault as OUT; returns its path. PROGRAM itself must be built.
    ValueError: the fault does not fit the source any more; RuntimeError: it does not compile, with the compiler's words."""
    build, out = pathlib.Path(build), pathlib.Path(out).resolve()
    out.parent.mkdir(parents=True, exist_ok=True)
    source, obj = out.with_suffix('.fault.cc'), out.with_suffix('.fault.o')
    source.write_text(fault.mutated())
    words, original = compile_words(build, fault, source, obj)
    run(words, build)
    run(link_words(build, program, original, obj, out), build)
    return out


if __name__ == '__main__':
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    print(build_mutant(sys.argv[1], Fault(*sys.argv[2:5]), sys.argv[5]))
