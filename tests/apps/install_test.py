"""`meson install` into an empty folder: what an operator expects is where they expect it, and it runs from there."""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

from world import BUILD, World, program
from demo.programs import Server

PROGRAMS = ['nridd', 'nrid-gateway', 'nrid', 'nrid-conform', 'nrid-load']


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix='install-')
        cls.addClassCleanup(folder.cleanup)
        build = BUILD
        options = json.loads(subprocess.run(['meson', 'introspect', '--buildoptions', build], check=True, capture_output=True).stdout)
        cls.prefix = next(option['value'] for option in options if option['name'] == 'prefix')
        subprocess.run(['meson', 'install', '-C', build, '--no-rebuild', '--quiet', '--destdir', folder.name], check=True,
                       capture_output=True, timeout=60)
        cls.root = pathlib.Path(folder.name + cls.prefix)

    def test_everything_is_where_an_operator_expects_it(self):
        for name in [*(f'bin/{program}' for program in PROGRAMS), 'etc/nridd/nridd.toml', 'lib/systemd/system/nridd.service',
                     'lib/sysusers.d/nridd.conf', 'share/nridd/page/index.html', 'share/nridd/rules/nrid.json',
                     'share/doc/nridd/README.md']:
            with self.subTest(name):
                self.assertTrue((self.root / name).is_file())
                self.assertGreater((self.root / name).stat().st_size, 0)

    def test_nothing_for_developers_is_installed(self):
        strangers = [path for path in self.root.rglob('*') if path.suffix in ('.a', '.h', '.cc') or path.name.startswith('test_')]
        self.assertEqual(strangers, [])

    def test_programs_run_from_there(self):
        for name in PROGRAMS:
            with self.subTest(name):
                subprocess.run([self.root / 'bin' / name, '--help'], check=True, capture_output=True, timeout=20, cwd='/')

    def test_the_unit_starts_what_was_installed(self):
        unit = (self.root / 'lib/systemd/system/nridd.service').read_text()
        commands = re.findall(r'^ExecStart(?:Pre)?=(\S+) .*--config (\S+)$', unit, re.MULTILINE)
        self.assertEqual(len(commands), 2)
        for command, settings in commands:
            for path in (command, settings):
                self.assertTrue((self.root / os.path.relpath(path, self.prefix)).exists(), path)
        self.assertNotIn('@', re.sub(r'@system-service|@privileged|@resources', '', unit))

    def test_the_settings_files_are_the_references_that_the_programs_print(self):
        for name, file in (('nridd', 'nridd.toml'), ('nrid-gateway', 'gateway.toml')):
            with self.subTest(name):
                printed = subprocess.run([program(name), '--settings'], check=True, capture_output=True, text=True, timeout=20).stdout
                self.assertEqual((self.root / 'etc/nridd' / file).read_text(), printed)

    def test_the_installed_server_serves_the_installed_page(self):
        world = World('install')
        self.addCleanup(world.close)
        page = self.root / 'share/nridd/page/index.html'
        page.write_text(page.read_text().replace('</html>', '<!-- the installed one --></html>'))
        server = Server(world.stage, world.registry, world.names.port, world.pairs)
        server.program = self.root / 'bin/nridd'
        server.config.write_text(re.sub(r'^rules = .*\n', '', server.config.read_text(), flags=re.MULTILINE))
        subprocess.run([server.program, '--check-config', '--config', server.config], check=True, capture_output=True, timeout=20)
        server.start()
        self.assertIn('the installed one', server.get(''))
        self.assertIn(f'{self.root}/share/nridd/rules/nrid.json', server.part.text())


if __name__ == '__main__':
    unittest.main()
