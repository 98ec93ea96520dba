// Two readings of one token (T2): `node differential.mjs` reads {nrid, vectors, count, seed}, makes that many tokens out of the vectors by
// spoiling their structure, their heads and their octets, asks `nrid cwt decode -` about each, and compares with the oracle below, which is
// written down a second time. Answers {asked, accepted, words, disagree: [...]}.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isIPv6 } from 'node:net';
import { createInterface } from 'node:readline';
import { decode, Refused } from './strict.mjs';
import { hex, octets } from './token.mjs';

const DATE_MAX = 253402300799;
const BODY = new Map([['NRID-UAS', -65537], ['NRID-USS', -65538], ['NRID-EOO', -65539]]);

class Word extends Error {}
const need = (condition, word) => { if (!condition) throw new Word(word); };
const read = (bytes, word) => {
  try { return decode(bytes, { sorted: false }); } catch (error) { if (error instanceof Refused) throw new Word(word); throw error; }
};
const isBytes = (value, size) => Buffer.isBuffer(value) && (size === undefined || value.length === size);
const isDet = (value) => value?.tag === 54 && isBytes(value.value, 16);
const isCount = (value) => typeof value === 'bigint' ? value >= 0n : Number.isInteger(value) && value >= 0;
const isSet = (value) => Array.isArray(value) && (value.length === 1 || value.length === 2) && value.every((bits) => isCount(bits) && bits <= 0xffff);
const labels = (map) => map instanceof Map && [...map.keys()].every((key) => ['number', 'bigint', 'string'].includes(typeof key));

function ipv6(text) {
  if (/^[0-9a-fA-F]{32}$/.test(text)) return text.toLowerCase();
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return null;
  const [left, right] = text.split('::');
  const words = (part) => (part ? part.split(':') : []);
  const [a, b] = [words(left), words(right)];
  const all = right === undefined ? a : [...a, ...Array(8 - a.length - b.length).fill('0'), ...b];
  return all.map((word) => word.toLowerCase().padStart(4, '0')).join('');
}

function readKid(value) {
  if (isDet(value)) return value.value;
  if (isBytes(value, 16)) return value;
  need(isBytes(value, 19) && hex(value.subarray(0, 3)) === 'd83650', 'bad_kid');
  return value.subarray(3);
}

const bodies = {
  'NRID-UAS': (b) => Array.isArray(b) && isDet(b[0]) && (b.length === 2 ? isBytes(b[1]) : b.length === 3 && isSet(b[1]) && isBytes(b[2])),
  'NRID-USS': (b) => Array.isArray(b) && (b.length === 2 || (b.length === 3 && isMove(b[2]))) && isDet(b[0]) && isSet(b[1]),
  'NRID-EOO': (b) => Array.isArray(b) && (b.length === 3 || (b.length === 4 && isDet(b[3]))) && isDet(b[0]) && [0, 1, 2, 3].includes(b[1]) && isCount(b[2]),
};
const isMove = (m) => Array.isArray(m) && m.length === 3 && isDet(m[0]) && isBytes(m[2], 136) &&
  (isDet(m[1]) || (m[1]?.tag === 52 && isBytes(m[1].value, 4)) || (m[1]?.tag === 32 && typeof m[1].value === 'string'));

// "" when the token is one, else the word of its refusal.
function oracle(message) {
  let token = read(message, 'malformed');
  if (token?.tag === 61) { token = token.value; need(token?.tag === 18, 'malformed'); }
  if (token?.tag === 18) token = token.value;
  need(Array.isArray(token) && token.length === 4, 'malformed');
  const [head, open, payload, signature] = token;
  need(isBytes(head) && labels(open) && isBytes(payload) && isBytes(signature, 64), 'malformed');
  const signed = head.length === 0 ? new Map() : read(head, 'malformed');
  need(labels(signed) && !signed.has(2) && !open.has(2), 'malformed');
  need([-8, -19].includes(signed.get(1)) && !open.has(1), 'bad_alg');
  need(open.has(4) && !signed.has(4), 'bad_kid');
  const kid = readKid(open.get(4));
  need(hex(kid).startsWith('2001003'), 'bad_kid');
  need(kid[7] === 5, 'unsupported_suite');
  const claims = read(payload, 'malformed');
  need(labels(claims), 'malformed');
  const subject = claims.get(2);
  need(BODY.has(subject) && [...BODY].every(([name, key]) => name === subject || !claims.has(key)), 'bad_claims');
  need([4, 5, 6].every((key) => isCount(claims.get(key)) && claims.get(key) <= DATE_MAX), 'bad_claims');
  if (claims.has(1)) need(typeof claims.get(1) === 'string' && ipv6(claims.get(1)) === hex(kid), 'bad_claims');
  need(bodies[subject](claims.get(BODY.get(subject))), 'bad_claims');
  return '';
}

function verdict(message) {
  try { return oracle(message); } catch (error) { if (error instanceof Word) return error.message; throw error; }
}

// ---- spoiling -----------------------------------------------------------------------------------------------------------------------
let state = 1;
const random = () => {  // mulberry32
  state = state + 0x6d2b79f5 | 0;
  let t = Math.imul(state ^ state >>> 15, 1 | state);
  t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
  return ((t ^ t >>> 14) >>> 0) / 4294967296;
};
const below = (limit) => Math.floor(random() * limit);
const chance = (one) => random() < one;
const pick = (list) => list[below(list.length)];

function headOf(major, value, wide) {
  const size = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : value < 0x100000000 ? 4 : 8;
  const used = wide ? pick([1, 2, 4, 8].filter((each) => each > size)) ?? size : size;
  if (used === 0) return Buffer.from([major << 5 | Number(value)]);
  const out = Buffer.alloc(1 + used);
  out[0] = major << 5 | { 1: 24, 2: 25, 4: 26, 8: 27 }[used];
  let rest = BigInt(value);
  for (let i = used; i >= 1; i--) { out[i] = Number(rest & 255n); rest >>= 8n; }
  return out;
}

const ODD = ['00', '20', '40', '60', '80', 'a0', 'c000', 'd83640', 'f4', 'f5', 'f6', 'f7', 'e0', 'f818', 'f820', 'f97e00', 'fa47c35000', 'fb3ff0000000000000', 'ff',
  '1bffffffffffffffff', '3bffffffffffffffff', '9bffffffffffffffff', 'bb7fffffffffffffff', '5b7fffffffffffffff', '9f00ff', 'bf0000ff', '5f4100ff', '62c328',
  '818181818180', '8181818181818180', 'd8358180', '1a6a1d7440', 'a10000', 'a200000000', '3a00010000', '684e5249442d554153'].map(octets);

// A value as octets. `rate` is how often one of its parts is spoilt.
function encode(value, rate) {
  if (chance(rate / 4)) return pick(ODD);
  const wide = chance(rate / 4);
  if (typeof value === 'number' || typeof value === 'bigint') {
    const moved = chance(rate) ? BigInt(value) + BigInt(pick([-1, 1, 256, 1 << 20])) : BigInt(value);
    return moved < 0n ? headOf(1, -1n - moved, wide) : headOf(0, moved, wide);
  }
  if (Buffer.isBuffer(value)) {
    const octets_ = chance(rate / 2) ? pick([value.subarray(1), Buffer.concat([value, Buffer.alloc(1)]), Buffer.alloc(0)]) : value;
    return Buffer.concat([headOf(2, octets_.length, wide), octets_]);
  }
  if (typeof value === 'string') { const text = Buffer.from(value); return Buffer.concat([headOf(3, text.length, wide), text]); }
  if (Array.isArray(value)) {
    const list = [...value];
    if (chance(rate)) list.splice(below(list.length + 1), 1);
    if (chance(rate / 2)) list.splice(below(list.length + 1), 0, pick([0, Buffer.alloc(16), 'x', [1]]));
    return Buffer.concat([headOf(4, list.length, wide), ...list.map((each) => encode(each, rate))]);
  }
  if (value instanceof Map) {
    const pairs = [...value];
    if (chance(rate)) pairs.splice(below(pairs.length + 1), 1);
    if (chance(rate / 2) && pairs.length) pairs.push(pick(pairs));
    if (chance(rate)) pairs.push([pick([1, 2, 3, 7, 99, -1, -65537, -65538, 'note', 16]), pick([1, 'text', Buffer.alloc(3), [[1]], new Map([[1, 2]])])]);
    if (chance(rate * 2)) pairs.sort(() => random() - 0.5);
    return Buffer.concat([headOf(5, pairs.length, wide), ...pairs.flatMap(([key, each]) => [encode(key, rate / 4), encode(each, rate)])]);
  }
  const tag = chance(rate / 2) ? pick([18, 32, 52, 54, 61, 6]) : value.tag;
  return Buffer.concat([headOf(6, tag, wide), encode(value.value, rate)]);
}

// A parsed token with what is inside its byte strings, spoilt.
function spoil(seed) {
  const rate = pick([0, 0.01, 0.03, 0.1]);
  const token = decode(seed, { sorted: false });
  const [head, open, payload, signature] = token.value;
  const signed = chance(0.05) ? Buffer.alloc(0) : encode(chance(0.1) ? new Map([[1, pick([-8, -19, -7, 5])]]) : decode(head), rate);
  const kid = open.get(4).subarray(3);
  const det = chance(0.05) ? Buffer.concat([kid.subarray(0, 7), Buffer.from([below(8)]), kid.subarray(8)]) : kid;
  open.set(4, pick([Buffer.concat([octets('d83650'), det]), Buffer.concat([octets('d83650'), det]), det, { tag: 54, value: det }]));
  const claims = decode(payload);
  if (chance(0.1)) claims.set(1, pick([hex(det), hex(det).toUpperCase(), hex(det).match(/..../g).join(':'), 'someone', hex(kid)]));
  const parts = [signed, open, encode(claims, rate), signature];
  let out = encode(pick([parts, { tag: 18, value: parts }, { tag: 18, value: parts }, { tag: 61, value: { tag: 18, value: parts } }]), rate);
  if (chance(0.3)) {
    out = Buffer.from(out);
    for (let i = 1 + below(3); i > 0 && out.length > 0; i--) {
      const at = below(Math.min(out.length, pick([24, 60, out.length])));
      if (chance(0.7)) out[at] ^= 1 << below(8);
      else if (chance(0.5)) out = Buffer.concat([out.subarray(0, at), out.subarray(at + 1)]);
      else out = Buffer.concat([out.subarray(0, at), Buffer.from([below(256)]), out.subarray(at)]);
    }
  }
  return out;
}

async function main({ nrid, vectors, count, seed }) {
  state = seed | 0;
  const seeds = Object.values(JSON.parse(readFileSync(vectors)).cwt).map((vector) => octets(vector.message));
  const asked = [];
  const child = spawn(nrid, ['cwt', 'decode', '-'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const report = { asked: 0, accepted: 0, words: {}, disagree: [] };
  const done = new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { message, expected } = asked.shift();
      const answered = JSON.parse(line).error ?? '';
      report.asked += 1;
      report.accepted += answered === '' ? 1 : 0;
      report.words[answered || 'accepted'] = (report.words[answered || 'accepted'] ?? 0) + 1;
      if (answered !== expected && report.disagree.length < 20) report.disagree.push({ hex: hex(message), oracle: expected, nrid: answered });
    }).on('close', resolve);
  });
  for (let i = 0; i < count; i++) {
    const message = spoil(pick(seeds));
    asked.push({ message, expected: verdict(message) });
    if (!child.stdin.write(`{"hex":"${hex(message)}"}\n`)) await new Promise((resolve) => child.stdin.once('drain', resolve));
  }
  child.stdin.end();
  await done;
  process.stdout.write(JSON.stringify(report) + '\n');
}

await main(JSON.parse(readFileSync(0)));
