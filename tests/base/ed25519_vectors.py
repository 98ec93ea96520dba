#!/usr/bin/env python3
"""Writes tests/vectors/ed25519/arithmetic.json: field, scalars, points and SHA-512 as Python's integers and hashlib say. Equal at every run.

    python3 tests/base/ed25519_vectors.py > tests/vectors/ed25519/arithmetic.json
"""
import hashlib
import json
import random

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
I = pow(2, (P - 1) // 4, P)
LIMB_MAX = 2**51 + 2**17 - 1  # what settle() promises


def value(limbs):
    return sum(limb << (51 * i) for i, limb in enumerate(limbs)) % P


def limbs_of(number):
    return [number >> (51 * i) & (2**51 - 1) for i in range(5)]


def field(rng):
    edges = [0, 1, 2, 18, 19, 20, P - 1, P, P + 1, 2**255 - 1, 2**254, I, D]
    operands = [limbs_of(edge) for edge in edges] + [[LIMB_MAX] * 5, [LIMB_MAX, 0, 0, 0, 0], [0, 0, 0, 0, LIMB_MAX], [2**51] * 5, [2**51 - 1] * 5]
    pairs = [(a, b) for a in operands for b in operands]
    pairs += [([rng.randrange(LIMB_MAX + 1) for _ in range(5)], [rng.randrange(LIMB_MAX + 1) for _ in range(5)]) for _ in range(200)]
    return [{'a': [f'{x:x}' for x in a], 'b': [f'{x:x}' for x in b], 'product': f'{value(a) * value(b) % P:064x}', 'square': f'{value(a) ** 2 % P:064x}',
             'sum': f'{(value(a) + value(b)) % P:064x}', 'difference': f'{(value(a) - value(b)) % P:064x}', 'inverse': f'{pow(value(a), P - 2, P):064x}',
             'value': f'{value(a):064x}'} for a, b in pairs]


def scalars(rng):
    edges = [0, 1, L - 1, L, L + 1, 2 * L, 2**252 - 1, 2**252, 2**256 - 1, 2**512 - 1, 2**511, L * L, L * (2**259) - 1, L << 200]
    numbers = edges + [rng.randrange(2**512) for _ in range(100)] + [L * rng.randrange(2**259) + rng.choice([-1, 0, 1]) for _ in range(40)]
    return [{'hash': n.to_bytes(64, 'little').hex(), 'reduced': (n % L).to_bytes(32, 'little').hex()} for n in numbers if 0 <= n < 2**512]


def add(p, q):
    (x1, y1), (x2, y2) = p, q
    t = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, P - 2, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, P - 2, P) % P)


def times(n, p):
    out = (0, 1)
    while n:
        if n & 1:
            out = add(out, p)
        p = add(p, p)
        n >>= 1
    return out


def decode(octets):
    number = int.from_bytes(octets, 'little')
    y, sign = number % 2**255 % P, number >> 255
    u, v = (y * y - 1) % P, (D * y * y + 1) % P
    x = u * pow(v, P - 2, P) % P
    root = pow(x, (P + 3) // 8, P)
    if root * root % P != x:
        root = root * I % P
    if root * root % P != x:
        return None
    return (-root % P if root % 2 != sign else root, y)


def encode(p):
    return (p[1] | (p[0] & 1) << 255).to_bytes(32, 'little')


def negate(p):
    return (-p[0] % P, p[1])


def points(rng):
    base = decode(((4 * pow(5, P - 2, P)) % P).to_bytes(32, 'little'))
    torsion = decode(bytes.fromhex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05'))
    small = [times(i, torsion) for i in range(8)]
    some = small + [base, negate(base), times(2, base), add(base, torsion)]
    some += [add(times(rng.randrange(L), base), rng.choice(small)) for _ in range(20)]
    pairs = [(p, q) for p in some[:12] for q in some[:12]] + [(rng.choice(some), rng.choice(some)) for _ in range(60)]
    return [{'p': encode(p).hex(), 'q': encode(q).hex(), 'sum': encode(add(p, q)).hex(), 'difference': encode(add(p, negate(q))).hex(),
             'double': encode(add(p, p)).hex()} for p, q in pairs]


def encodings(rng):
    numbers = [rng.randrange(2**256) for _ in range(60)] + [2, 3, 4, 5, 6, 2**255 + 7]
    return [{'octets': n.to_bytes(32, 'little').hex(), 'point': decode(n.to_bytes(32, 'little')) is not None} for n in numbers]


def hashes(rng):
    lengths = [0, 1, 47, 48, 63, 64, 111, 112, 127, 128, 175, 176, 177, 191, 192, 300, 303, 304, 1000]
    out = []
    for length in lengths:
        octets = rng.randbytes(64 + length)
        out.append({'octets': octets.hex(), 'sha512': hashlib.sha512(octets).hexdigest()})
    return out


def main():
    rng = random.Random(8032)
    print(json.dumps({'field': field(rng), 'scalars': scalars(rng), 'points': points(rng), 'encodings': encodings(rng), 'hashes': hashes(rng)}, indent=0))


if __name__ == '__main__':
    main()
