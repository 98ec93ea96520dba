// What leaves our programs, judged by a reader that shares no code with them: `node wire.mjs` reads {messages: [{way, hex}], keys: {det: hi}}
// and answers for each with what is in it and `faults`, a list of sentences that must be empty.
//   CoAP: RFC 7252 by tests/peers/coap.mjs. CBOR: every octet by tests/peers/strict.mjs, and cbor-x writes the same octets again.
//   COSE_Sign1, claims and bodies: the CDDL of draft-moskowitz-drip-stateless-nrid as profile NRID-00/R1 closes it. Ed25519: node:crypto.
//   Message packs and DRIP Wrappers: ASTM F3411-22a, RFC 9575, the Wrapper's signature by node:crypto.
import { readFileSync } from 'node:fs';
import { verify } from 'node:crypto';
import { Encoder } from 'cbor-x';
import { parse } from './coap.mjs';
import { decode } from './strict.mjs';
import { hex, octets, publicKey } from './token.mjs';

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true });
const EPOCH_2019 = 1546300800;
const BODY = { 'NRID-UAS': -65537, 'NRID-USS': -65538, 'NRID-EOO': -65539 };

class Form {
  faults = [];
  want(condition, sentence) { if (!condition) this.faults.push(sentence); return Boolean(condition); }
}

const isTag = (value, tag, size) => value?.tag === tag && Buffer.isBuffer(value.value) && value.value.length === size;
const isBits = (value) => Number.isInteger(value) && value >= 0 && value <= 0xffff;
const isSet = (value) => Array.isArray(value) && (value.length === 1 || value.length === 2) && value.every(isBits);

// The five pages, or as many as there are, of one authentication message.
function pages(messages, form) {
  const list = messages.filter((m) => m[0] >> 4 === 2).sort((a, b) => (a[1] & 15) - (b[1] & 15));
  if (list.length === 0) return null;
  form.want(list.every((m, i) => m[1] === (5 << 4 | i)), 'authentication pages are of type 5 and counted from 0');
  form.want(list[0][2] === list.length - 1, 'last page index');
  const data = Buffer.concat(list.map((m, i) => m.subarray(i === 0 ? 8 : 2))).subarray(0, list[0][3]);
  form.want(data.length === list[0][3] && list.length - 1 === Math.ceil(Math.max(0, data.length - 17) / 23), 'length of the authentication data');
  return { data, timestamp: list[0].readUInt32LE(4), count: list.length };
}

function readPack(pack, keys, iat, form) {
  const out = { types: 0, pages: 0, size: pack.length };
  if (!form.want(pack[0] === 0xf2 && pack[1] === 25 && pack[2] >= 1 && pack[2] <= 9 && pack.length === 3 + 25 * pack[2], 'pack head')) return out;
  const messages = [];
  for (let i = 0; i < pack[2]; i++) messages.push(pack.subarray(3 + 25 * i, 28 + 25 * i));
  const types = messages.map((m) => m[0] >> 4);
  form.want(types.every((type, i) => i === 0 || types[i - 1] <= type), 'messages stand in the order of their types');
  form.want(messages.every((m) => (m[0] & 15) === 2), 'version of F3411-22a');
  for (const type of types) out.types |= 1 << type;
  for (const m of messages) if (m[0] >> 4 === 2) out.pages |= 1 << (m[1] & 15);
  const location = messages.find((m) => m[0] >> 4 === 1);
  if (location) Object.assign(out, { latitude: location.readInt32LE(5), longitude: location.readInt32LE(9), tenths: location.readUInt16LE(21) });
  const auth = pages(messages, form);
  if (!auth || auth.data[0] !== 2) return out;
  const { data } = auth;
  const evidence = data.subarray(9, data.length - 80);
  const covered = evidence.length > 0 ? evidence : Buffer.concat(messages.filter((m) => m[0] >> 4 !== 2));
  const ua = data.subarray(data.length - 80, data.length - 64);
  const before = data.readUInt32LE(1) + EPOCH_2019, after = data.readUInt32LE(5) + EPOCH_2019;
  const signed = Buffer.concat([data.subarray(1, 9), covered, ua]);
  const key = keys[hex(ua)];
  form.want(key && verify(null, signed, publicKey(key), data.subarray(data.length - 64)), 'signature of the Wrapper');
  form.want(after - before === 120 && auth.timestamp + EPOCH_2019 === before, 'VNB, VNA and the time of page 0');
  Object.assign(out, { wrapper: hex(ua), wrapped: covered.length / 25, extended: evidence.length === 0, before, signature: hex(data.subarray(data.length - 64)) });
  return out;
}

const bodies = {
  'NRID-UAS'(body, out, keys, form) {
    if (!form.want(Array.isArray(body) && (body.length === 2 || body.length === 3) && isTag(body[0], 54, 16), 'body of a uas-cwt')) return;
    const pack = body[body.length - 1];
    if (!form.want(Buffer.isBuffer(pack), 'the pack is a byte string')) return;
    out.to = hex(body[0].value);
    out.pack = readPack(pack, keys, out.iat, form);
    if (body.length === 2) return;
    form.want(isSet(body[1]), '`encoded`');
    form.want(body[1][0] === out.pack.types && (body[1][1] ?? 0) === out.pack.pages, '`encoded` says what is in the pack');
  },
  'NRID-USS'(body, out, keys, form) {
    if (!form.want(Array.isArray(body) && (body.length === 2 || body.length === 3) && isTag(body[0], 54, 16) && isSet(body[1]), 'body of a uss-cwt')) return;
    Object.assign(out, { to: hex(body[0].value), expected: body[1] });
    if (body.length === 2) return;
    const [sp, place, endorsement] = Array.isArray(body[2]) ? body[2] : [];
    form.want(body[2].length === 3 && isTag(sp, 54, 16) && Buffer.isBuffer(endorsement) && endorsement.length === 136, 'move_sp');
    form.want(isTag(place, 54, 16) || isTag(place, 52, 4) || (place?.tag === 32 && typeof place.value === 'string'), 'new_ip of move_sp');
    const parent = keys[hex(endorsement.subarray(56, 72))];
    form.want(hex(endorsement.subarray(8, 24)) === hex(sp.value), 'the endorsement is of the new SP');
    form.want(parent && verify(null, endorsement.subarray(0, 72), publicKey(parent), endorsement.subarray(72)), 'signature of the endorsement');
    out.move = { sp: hex(sp.value), tag: place.tag, place: Buffer.isBuffer(place.value) ? hex(place.value) : place.value,
                 before: endorsement.readUInt32LE(0) + EPOCH_2019, after: endorsement.readUInt32LE(4) + EPOCH_2019 };
  },
  'NRID-EOO'(body, out, keys, form) {
    const good = Array.isArray(body) && (body.length === 3 || body.length === 4) && isTag(body[0], 54, 16) && [0, 1, 2, 3].includes(body[1]) &&
      Number.isInteger(body[2]) && body[2] >= 0 && (body.length === 3 || isTag(body[3], 54, 16));
    if (!form.want(good, 'body of an eoo-cwt')) return;
    Object.assign(out, { to: hex(body[0].value), end: body[1], ref: body[2], ua: body[3] ? hex(body[3].value) : null });
  },
};

function readToken(message, keys, form) {
  const out = { size: message.length };
  const outer = decode(message);
  form.want(cbor.encode(cbor.decode(message)).equals(message), 'cbor-x writes the same token');
  if (!form.want(outer.tag === 18 && Array.isArray(outer.value) && outer.value.length === 4, 'COSE_Sign1 under tag 18')) return out;
  const [head, unsigned, payload, signature] = outer.value;
  form.want(Buffer.isBuffer(head) && hex(head) === 'a10127', 'protected header is {1: -8}');
  const kid = unsigned.get(4);
  const shape = unsigned.size === 1 && Buffer.isBuffer(kid) && kid.length === 19 && hex(kid.subarray(0, 3)) === 'd83650';
  if (!form.want(shape && Buffer.isBuffer(payload) && signature.length === 64, 'kid is a byte string around 54(DET), alone in its map')) return out;
  out.kid = hex(kid.subarray(3));
  const key = keys[out.kid];
  form.want(key && verify(null, cbor.encode(['Signature1', head, Buffer.alloc(0), payload]), publicKey(key), signature), 'signature of the token');
  const claims = decode(payload);
  form.want(cbor.encode(cbor.decode(payload)).equals(payload), 'cbor-x writes the same claims');
  out.subject = claims.get(2);
  form.want([...claims.keys()].join() === `2,4,5,6,${BODY[out.subject]}`, 'claims are sub, exp, nbf, iat and the body of the subject');
  [out.exp, out.nbf, out.iat] = [claims.get(4), claims.get(5), claims.get(6)];
  form.want(Number.isInteger(out.iat) && out.nbf === out.iat && out.exp === out.iat + 10, 'nbf is iat, exp is iat + 10');
  bodies[out.subject]?.(claims.get(BODY[out.subject]), out, keys, form);
  return out;
}

function judge({ hex: text }, keys) {
  const form = new Form();
  let message = {};
  try {
    message = parse(octets(text));
    message.size = text.length / 2;
    // RFC 9175 section 2.2: one Echo value of up to forty octets may stand beside, where it is offered and where it is given back.
    const echo = message.options.filter(([number]) => number === 252).map(([, value]) => value);
    form.want(echo.length <= 1 && echo.every((value) => value.length >= 2 && value.length <= 80), 'Echo');
    message.echo = echo[0] ?? null;
    const options = message.options.map(([number]) => number).filter((number) => number !== 252);
    const format = message.options.find(([number]) => number === 12)?.[1];
    const { payload } = message;
    delete message.payload;
    message.path = message.options.filter(([number]) => number === 11).map(([, value]) => octets(value).toString()).join('/');
    if (message.code === '0.00') form.want(message.size === 4, 'an empty message is four octets');
    if (message.code === '0.02') form.want(options.join() === '11,12' && message.path === 'nrid' && format === '3d', 'POST /nrid with Content-Format 61');
    if (message.code === '2.04') form.want(payload.length > 0 ? options.join() === '12' && format === '3d' : options.length === 0, 'options of a 2.04');
    if (message.code[0] === '4' || message.code[0] === '5') message.text = payload.toString();
    else if (payload.length > 0) message.token_in = readToken(payload, keys, form);
    form.want(message.size <= 1152, 'no longer than 1152 octets');
  } catch (error) {
    form.faults.push(error.message);
  }
  return { ...message, faults: form.faults };
}

const { messages, keys } = JSON.parse(readFileSync(0));
process.stdout.write(JSON.stringify(messages.map((message) => judge(message, keys))) + '\n');
