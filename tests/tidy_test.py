#!/usr/bin/env python3
"""The rules of the house that a machine can check: who includes whom, which library is seen where, how long files and
functions are, and words that do not belong into the tree. `tidy_test.py [ROOT]` checks the tree, then itself: it plants
each kind of fault into a temporary copy and expects the message. Exit 0 when both hold."""

import ast
import os
import re
import shutil
import sys
import tempfile

ORDER = {'base': 0, 'wire': 1, 'schc': 2, 'cwt': 2, 'det': 2, 'rid': 3, 'nrid': 4, 'modules': 5, 'web': 6, 'apps': 7}
ANYTHING = {'tests', 'bench', 'examples'}
MODULES_SEE = {'nrid/module.h', 'nrid/http.h', 'nrid/sighting.h'}  # nrid/module.h and the value types that it names

# Outside libraries and the folders that may name them; a name ends in / or is a whole header.
LIBRARIES = {
    'absl/': set(ORDER),
    'sodium.h': {'base'}, 'spdlog/': {'base'}, 'toml++/': {'base'}, 'sqlite3.h': {'base'}, 'immintrin.h': {'base'},
    'coap3/': {'wire'}, 'cbor.h': {'wire'}, 'cbor/': {'wire'}, 'libxml/': {'wire'},
    'nlohmann/': {'wire', 'schc', 'modules', 'web', 'apps'},  # schc/: rule sets are JSON files
    'ares.h': {'det'}, 'openssl/': {'det', 'modules', 'web'},
    's2/': {'modules'}, 'GeographicLib/': {'modules'}, 'xmlsec/': {'modules'},
    'restinio/': {'web'}, 'asio/': {'web'}, 'asio.hpp': {'web'}, 'curl/': {'web'}, 'prometheus/': {'web'},
    'CLI/': {'apps'},
}
SYSTEM = re.compile(r'^((sys|arpa|net|netinet|linux)/\w+\.h|'
                    r'(dirent|errno|fcntl|grp|ifaddrs|limits|netdb|poll|pthread|pwd|sched|signal|stdint|string|syslog|'
                    r'termios|time|unistd)\.h|[a-z_]+)$')

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
LINES_MAX = 400
FUNCTION_MAX = 70
SKIPPED = {'.git', 'build', 'node_modules', '__pycache__', 'subprojects', 'vectors', 'corpus'}
SOURCES = ('.cc', '.h')
COUNTED = SOURCES + ('.py', '.js', '.mjs')
TEXTS = COUNTED + ('.md', '.build', '.json', '.toml', '.txt', '.html', '.css', '.sh', '.service', '.conf', '.in', '.yml', '')
# Spelled in halves, so that this file does not find itself.
CXX_WORDS = {'std::vie' + 'ws': 'clang 14 cannot compile it with libstdc++ 12', 'co_aw' + 'ait': 'gcc 12 miscompiles coroutines',
             'co_yi' + 'eld': 'gcc 12 miscompiles coroutines', 'source_loc' + 'ation': 'clang 14 lacks it',
             'std::for' + 'mat(': 'neither compiler has it', 'absl::Mu' + 'tex': 'false races under the thread sanitizer'}
WORDS = {'TO' + 'DO': 'say it in docs/ or do it', 'FIX' + 'ME': 'say it in docs/ or do it'}
PATHS = {'/wo' + 'rk/': 'a path of one machine', '../sha' + 'red': 'a path of one machine', '/tmp' + '/b/': 'a path of one machine',
         '/ho' + 'me/': 'a path of one machine', '"resol' + 'ved": "http': 'a package host'}


def files_of(root):
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(d for d in folders if d not in SKIPPED)
        names = [name for name in names if name not in SKIPPED]  # .git is a file in a second working tree
        for name in sorted(names):
            path = os.path.join(folder, name)
            if os.path.islink(path) or os.path.splitext(name)[1] not in TEXTS:
                continue
            yield os.path.relpath(path, root), path


def module_order(root):
    with open(os.path.join(root, 'modules', 'meson.build'), encoding='utf-8') as file:
        return re.findall(r"^\s*subdir\('(\w+)'\)", file.read(), re.M)


def owner(path):
    parts = path.split('/')
    return parts[0], parts[1] if len(parts) > 2 else ''


def between_modules(source, target, modules):
    """Why `source`, in modules/, may not include `target`; None when it may."""
    (_, mine), (folder, theirs) = owner(source), owner(target)
    if folder == 'nrid' and target not in MODULES_SEE:
        return 'modules see of nrid/ only ' + ', '.join(sorted(MODULES_SEE))
    if folder != 'modules' or mine == theirs:
        return None
    if target != f'modules/{theirs}/api.h':
        return 'modules see of each other only api.h'
    if mine in modules and theirs in modules and modules.index(theirs) < modules.index(mine):
        return None
    return f'modules/meson.build does not list {theirs} before {mine}'


def judge_own(source, target, modules):
    """Why one file of ours may not include another; None when it may."""
    (folder, mine), (other, theirs) = owner(source), owner(target)
    if folder in ANYTHING:
        return None
    if other not in ORDER:
        return 'only tests, bench and examples include these'
    if folder == other:
        if folder == 'apps' and mine != theirs:
            return 'nothing includes another program'
        return between_modules(source, target, modules) if folder == 'modules' else None
    if ORDER[folder] == ORDER[other]:
        return 'schc/, cwt/ and det/ do not know each other'
    if ORDER[other] > ORDER[folder]:
        return 'a folder includes from its left: base, wire, {schc cwt det}, rid, nrid, modules, web, apps'
    return between_modules(source, target, modules) if folder == 'modules' else None


def judge_library(source, header):
    folder, _ = owner(source)
    if folder in ANYTHING:
        return None
    for name, allowed in LIBRARIES.items():
        if header == name or (name.endswith('/') and header.startswith(name)):
            if folder in allowed:
                return None
            return 'that library is seen only in ' + ', '.join(sorted(f + '/' for f in allowed))
    return None if SYSTEM.match(header) else 'no library of this project; a new one needs a row in tests/tidy_test.py'


def check_includes(path, lines, root, modules, faults):
    count = 0
    folder, _ = owner(path)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        count += 1
        quoted, header = match.group(1) == '"', match.group(2)
        first = header.split('/')[0]
        ours = first in ORDER or (first in ANYTHING and '/' in header)
        if quoted and not ours and '/' not in header and os.path.exists(os.path.join(root, os.path.dirname(path), header)):
            faults.append(f'{path}:{number}: include "{header}" by its path from the root')
            continue
        why = judge_own(path, header, modules) if ours and '/' in header else judge_library(path, header)
        if why:
            faults.append(f'{path}:{number}: {folder}/ may not include {header} ({why})')
    return count


def check_functions(path, lines, faults):
    if path.endswith('.py'):
        for node in ast.walk(ast.parse('\n'.join(lines))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.end_lineno - node.lineno + 1 > FUNCTION_MAX:
                faults.append(f'{path}:{node.lineno}: function {node.name} has {node.end_lineno - node.lineno + 1} lines, limit {FUNCTION_MAX}')
        return
    # A line that opens a body at its end, up to the first line that closes at the same depth. Types and namespaces are no functions.
    opening = re.compile(r'^(\s{0,4})(?!namespace\b|class\b|struct\b|enum\b|union\b|extern "C" \{|[}\]])\S.*\)[^;=]*\{$')
    for number, line in enumerate(lines):
        match = opening.match(line)
        if not match:
            continue
        for end in range(number + 1, len(lines)):
            if lines[end].startswith(match.group(1) + '}'):
                if end - number + 1 > FUNCTION_MAX:
                    faults.append(f'{path}:{number + 1}: function of {end - number + 1} lines, limit {FUNCTION_MAX}')
                break


def check(root):
    """All faults of the tree, the number of files read, the number of includes."""
    faults, files, includes = [], 0, 0
    modules = module_order(root)
    for path, full in files_of(root):
        try:
            with open(full, encoding='utf-8') as file:
                lines = file.read().split('\n')
        except UnicodeDecodeError:
            continue  # not a text
        files += 1
        if path.endswith(SOURCES):
            includes += check_includes(path, lines, root, modules, faults)
        if path.endswith(COUNTED):
            if len(lines) - 1 > LINES_MAX:
                faults.append(f'{path}:{len(lines) - 1}: {len(lines) - 1} lines, limit {LINES_MAX}')
            if not path.endswith(('.js', '.mjs')):
                check_functions(path, lines, faults)
        words = {**WORDS, **PATHS, **(CXX_WORDS if path.endswith(SOURCES) else {})}
        for number, line in enumerate(lines, 1):
            faults.extend(f'{path}:{number}: contains "{word}": {why}' for word, why in words.items() if word in line)
    return faults, files, includes


# What is planted (file, text put before it) and how the message must start.
PLANTS = [
    ('nrid/planted.cc', '#include "modules/fleet/fleet.h"', 'nrid/planted.cc:1: nrid/ may not include modules/fleet/fleet.h'),
    ('base/planted.h', '#include "wire/cbor.h"', 'base/planted.h:1: base/ may not include wire/cbor.h'),
    ('schc/planted.cc', '#include "cwt/cose.h"', 'schc/planted.cc:1: schc/ may not include cwt/cose.h'),
    ('det/planted.cc', '#include "schc/schc.h"', 'det/planted.cc:1: det/ may not include schc/schc.h'),
    ('rid/planted.cc', '#include <nlohmann/json.hpp>', 'rid/planted.cc:1: rid/ may not include nlohmann/json.hpp'),
    ('web/planted.cc', '#include "apps/inspect/command.h"', 'web/planted.cc:1: web/ may not include apps/inspect/command.h'),
    ('apps/gateway/planted.cc', '#include "apps/inspect/command.h"', 'apps/gateway/planted.cc:1: apps/ may not include apps/inspect/command.h'),
    ('modules/fleet/planted.cc', '#include "nrid/journey.h"', 'modules/fleet/planted.cc:1: modules/ may not include nrid/journey.h'),
    ('modules/zeta/planted.cc', '#include "modules/fleet/fleet.h"', 'modules/zeta/planted.cc:1: modules/ may not include modules/fleet/fleet.h'),
    ('modules/fleet/planted.cc', '#include "modules/zeta/api.h"', 'modules/fleet/planted.cc:1: modules/ may not include modules/zeta/api.h'),
    ('wire/planted.cc', '#include "tests/det/support.h"', 'wire/planted.cc:1: wire/ may not include tests/det/support.h'),
    ('nrid/planted.cc', '#include <coap3/coap.h>', 'nrid/planted.cc:1: nrid/ may not include coap3/coap.h'),
    ('det/planted.cc', '#include <sodium.h>', 'det/planted.cc:1: det/ may not include sodium.h'),
    ('nrid/planted.cc', '#include <ares.h>', 'nrid/planted.cc:1: nrid/ may not include ares.h'),
    ('apps/server/planted.cc', '#include <restinio/all.hpp>', 'apps/server/planted.cc:1: apps/ may not include restinio/all.hpp'),
    ('base/planted.cc', '#include <boost/any.hpp>', 'base/planted.cc:1: base/ may not include boost/any.hpp'),
    ('base/planted.cc', '#include "det.h"', 'base/planted.cc:1: include "det.h" by its path from the root'),
    ('base/planted.cc', 'int x;\n' * 401, 'base/planted.cc:401: 401 lines, limit 400'),
    ('base/planted.cc', 'void f() {\n' + '  g();\n' * 70 + '}\n', 'base/planted.cc:1: function of 72 lines, limit 70'),
    ('tests/planted.py', 'def f():\n' + '    g()\n' * 70, 'tests/planted.py:1: function f has 71 lines, limit 70'),
] + [('base/planted.cc', word, f'base/planted.cc:1: contains "{word}"') for word in [*CXX_WORDS, *WORDS]] + [
    ('docs/planted.md', word, f'docs/planted.md:1: contains "{word}"') for word in PATHS]
# Includes that look near to the above and are right.
RIGHT = [
    ('modules/zeta/planted.cc', '#include "modules/fleet/api.h"\n#include "nrid/module.h"\n#include "base/det.h"\n'),
    ('tests/nrid/planted.cc', '#include "apps/inspect/command.h"\n#include <sodium.h>\n'),
    ('rid/planted.cc', '#include "det/det.h"\n#include <sys/socket.h>\n#include <vector>\n'),
]


def self_test(root):
    """Plants every fault, one at a time, into a copy whose other files are left out: they are not what is tested."""
    failed = []
    with tempfile.TemporaryDirectory() as copy:
        for folder in (*ORDER, 'tests', 'docs'):
            os.makedirs(os.path.join(copy, folder), exist_ok=True)
        shutil.copy(os.path.join(root, 'base', 'det.h'), os.path.join(copy, 'base'))
        with open(os.path.join(copy, 'modules', 'meson.build'), 'w', encoding='utf-8') as file:
            file.write("subdir('fleet')\nsubdir('zeta')\n")
        for path, text, expected in [*PLANTS, *((path, text, None) for path, text in RIGHT)]:
            full = os.path.join(copy, path)
            os.makedirs(os.path.dirname(full), exist_ok=True)
            with open(full, 'w', encoding='utf-8') as file:
                file.write(text if text.endswith('\n') else text + '\n')
            faults = check(copy)[0]
            os.remove(full)
            good = not faults if expected is None else len(faults) == 1 and faults[0].startswith(expected)
            if not good:
                failed.append(f'self-test: planted {path} {text[:40]!r}: expected {expected!r}, got {faults[:3]}')
    return failed, len(PLANTS) + len(RIGHT)


def main():
    root = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), '..'))
    faults, files, includes = check(root)
    failed, planted = self_test(root)
    for line in faults + failed:
        print(line)
    print(f'tidy: {files} files and {includes} includes read, {len(faults)} faults; self-test {planted - len(failed)} of {planted}')
    return 1 if faults or failed else 0


if __name__ == '__main__':
    sys.exit(main())
