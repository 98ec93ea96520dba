"""packaging/install and the options of ./run: they ask for what is missing, once, and say in one line what they cannot do."""
import os
import pathlib
import shutil
import stat
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent


class Packages(unittest.TestCase):
    """The script runs with a PATH of its own: real tools by link, dpkg-query, apt-get, id and sudo as told here."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.project = pathlib.Path(folder.name) / 'project'
        (self.project / 'packaging').mkdir(parents=True)
        for name in ('install', 'packages'):
            shutil.copy(ROOT / 'packaging' / name, self.project / 'packaging' / name)
        self.bin = pathlib.Path(folder.name) / 'bin'
        self.bin.mkdir()
        for tool in ('bash', 'env', 'awk', 'sed', 'tr', 'wc', 'tail', 'tee', 'mkdir', 'dirname', 'cat', 'rm', 'chmod'):
            (self.bin / tool).symlink_to(shutil.which(tool))
        self.fake('dpkg-query', 'for p in "$@"; do case $p in -*) ;; *) [ -e "$HAVE/$p" ] && echo "installed $p"; esac; done; true')
        self.fake('apt-get', 'echo "apt-get $*" >> "$HAVE/.calls"; exit ${APT_STATUS:-0}')
        self.fake('id', 'echo 1000')
        self.have = pathlib.Path(folder.name) / 'have'
        self.have.mkdir()

    def fake(self, name, script):
        path = self.bin / name
        path.write_text('#!/bin/bash\n' + script + '\n')
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def install(self, *groups, **env):
        return subprocess.run([self.project / 'packaging/install', *groups], capture_output=True, text=True, check=False,
                              env={'PATH': str(self.bin), 'HAVE': str(self.have), **env})

    def listed(self, group):
        """The packages of a group, read here in another way than the script does."""
        text = (ROOT / 'packaging/packages').read_text().split(f'[{group}]\n')[1].split('\n[')[0]
        return [line.split('#')[0].strip() for line in text.splitlines() if line.split('#')[0].strip()]

    def test_nothing_missing_needs_no_root_and_says_nothing(self):
        for package in self.listed('build'):
            (self.have / package).touch()
        done = self.install('build')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, '', ''))
        self.assertFalse((self.have / '.calls').exists())

    def test_without_root_and_sudo_one_line_names_what_is_missing(self):
        done = self.install('build')
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn('root', done.stderr)
        for package in self.listed('build'):
            self.assertIn(package, done.stderr)

    def test_only_what_is_missing_is_installed_with_sudo(self):
        self.fake('sudo', 'exec "$@"')
        for package in self.listed('build')[1:]:
            (self.have / package).touch()
        done = self.install('build')
        self.assertEqual(done.returncode, 0, done.stderr)
        update, install = (self.have / '.calls').read_text().splitlines()
        self.assertTrue(update.endswith(' update'))
        self.assertIn('--no-install-recommends', install)
        self.assertEqual(install.split('--no-install-recommends ')[1], self.listed('build')[0])

    def test_a_failing_apt_is_reported_with_its_log(self):
        self.fake('sudo', 'exec "$@"')
        done = self.install('build', APT_STATUS='100')
        self.assertEqual(done.returncode, 1)
        self.assertIn('build/log/install.log', done.stderr)

    def test_unknown_groups_are_refused(self):
        done = self.install('build', 'nonsense')
        self.assertEqual(done.returncode, 1)
        self.assertIn('nonsense', done.stderr)

    def test_run_installs_neither_browser_nor_clang_nor_node(self):
        for package in ('chromium', 'clang-14', 'nodejs', 'npm', 'libgtest-dev'):
            self.assertIn(package, self.listed('check'))
            self.assertNotIn(package, self.listed('build') + self.listed('run'))

    def test_wrong_options_of_run_and_check_are_one_line(self):
        for command in (['./run', '--nonsense'], ['./run', '--port'], ['./run', '--port', 'http']):
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
            self.assertEqual(done.returncode, 2)
            self.assertIn(command[1], done.stderr.splitlines()[0])


if __name__ == '__main__':
    unittest.main()
