"""Parser disagreement (T2): `nrid cwt decode` and a second reading of R-040 to R-046 in another language judge the same spoilt tokens.
NRID_TOKENS asks for more of them; the far goal is 10,000,000."""
import concurrent.futures
import json
import os
import subprocess
import unittest

from world import ROOT, Failure, program

TOKENS = int(os.environ.get('NRID_TOKENS', 100_000))
PARTS = 2


def ask(seed, count):
    question = {'nrid': str(program('nrid')), 'vectors': str(ROOT / 'tests/vectors/drip/nrid_generated.json'), 'count': count, 'seed': seed}
    done = subprocess.run(['node', ROOT / 'tests/peers/differential.mjs'], input=json.dumps(question), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failure(f'differential.mjs: {done.stderr.strip()[-500:]}')
    return json.loads(done.stdout)


class Differential(unittest.TestCase):
    def test_two_readings_of_a_hundred_thousand_spoilt_tokens_agree(self):
        with concurrent.futures.ThreadPoolExecutor(PARTS) as pool:
            parts = list(pool.map(lambda number: ask(1000 + number, TOKENS // PARTS), range(PARTS)))
        words = {}
        for number, part in enumerate(parts):
            self.assertEqual(part['disagree'], [], f'seed {1000 + number}')
            self.assertEqual(part['asked'], TOKENS // PARTS)
            for word, count in part['words'].items():
                words[word] = words.get(word, 0) + count
        # Neither all good nor all junk, and every refusal of the table is met.
        self.assertTrue(0.2 * TOKENS < words['accepted'] < 0.6 * TOKENS, words)
        self.assertEqual(set(words), {'accepted', 'malformed', 'bad_alg', 'bad_kid', 'unsupported_suite', 'bad_claims'})


if __name__ == '__main__':
    unittest.main()
