// A foreign gateway, and a provider's word, in one program: `node peer.mjs COMMAND` reads one JSON object and writes one.
//   report   makes a uas-cwt: {sp, ua, uaSeed, kid, kidSeed, latitude, longitude} -> {cwt, pack, iat}
//   words    makes a uss-cwt for each of the seconds that follow: {sp, spSeed, ua, count, move: {sp, uri, endorsement}} -> {iat, cwts}; without
//            `move` they are Heartbeats that want nothing
//   read     {cwt, key} -> claims and whether the signature holds
//   post     sends over npm coap: {port, path, method, confirmable, payload, options} -> {code, format, payload} or {silent}
//   vectors  reads, makes and signs again every CWT of a vector file: {file} -> {same, names} or {error}
import { readFileSync } from 'node:fs';
import { Tag } from 'cbor-x';
import coap from 'coap';
import { det, hex, make, octets, privateKey, publicKey, read } from './token.mjs';
import { basicId, location, operatorId, system, wrappedPack } from './pack.mjs';

coap.registerFormat('application/cwt', 61);

const plain = (value) => value?.tag ? { tag: value.tag, value: plain(value.value) }
  : value instanceof Uint8Array ? hex(value) : Array.isArray(value) ? value.map(plain) : value;

function report({ sp, ua, uaSeed, kid, kidSeed, latitude, longitude, at = Date.now() }) {
  const messages = [basicId(ua), location({ latitude, longitude, at }), system({ latitude, longitude, at }), operatorId('FIN87astrdge12k8')];
  const pack = wrappedPack(messages, ua, privateKey(uaSeed), at);
  const types = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 4 | 1 << 5;
  const iat = Math.floor(at / 1000);
  const cwt = make('NRID-UAS', [det(sp), [types, 0x1f], pack], iat, kid, privateKey(kidSeed));
  return { cwt: hex(cwt), pack: hex(pack), iat };
}

function words({ sp, spSeed, ua, count, move }) {
  const place = move ? [[det(move.sp), new Tag(move.uri, 32), octets(move.endorsement)]] : [];
  const iat = Math.floor(Date.now() / 1000), key = privateKey(spSeed);
  return { iat, cwts: Array.from({ length: count }, (_, i) => hex(make('NRID-USS', [det(ua), [0], ...place], iat + i, sp, key))) };
}

function post({ port, path = '/nrid', method = 'POST', confirmable = true, payload = '', options = {}, wait = 2000 }) {
  return new Promise((resolve) => {
    const request = coap.request({ host: '127.0.0.1', port, pathname: path, method, confirmable, retrySend: 0 });
    for (const [name, value] of Object.entries(options)) request.setOption(name, typeof value === 'number' ? number(value) : Buffer.from(value));
    const quiet = setTimeout(() => resolve({ silent: true }), wait);
    request.on('error', () => {});
    request.on('response', (response) => {
      clearTimeout(quiet);
      const format = response.options.find((option) => option.name === 'Content-Format')?.value;
      resolve({ code: response.code, format: format === 'application/cwt' ? 61 : format, payload: hex(response.payload) });
    });
    request.end(octets(payload));
  });
}

function number(value) {
  const out = [];
  for (let rest = value; rest > 0; rest >>= 8) out.unshift(rest & 255);
  return Buffer.from(out);
}

function vectors({ file }) {
  const known = JSON.parse(readFileSync(file));
  const names = [];
  for (const [name, vector] of Object.entries(known.cwt)) {
    const who = known.entities.find((entity) => vector.kid.endsWith(entity.det));
    const token = read(octets(vector.message), publicKey(who.hi));
    if (!token.verified) return { error: `${name}: signature does not verify` };
    const again = make(token.subject, token.body, token.iat, who.det, privateKey(who.seed));
    if (hex(again) !== vector.message) return { error: `${name}: ${hex(again)}` };
    names.push(name);
  }
  return { same: names.length, names };
}

const commands = {
  report, post, vectors, words,
  read: ({ cwt, key }) => { const token = read(octets(cwt), publicKey(key)); return { ...token, body: plain(token.body) }; },
};
const answer = await commands[process.argv[2]](JSON.parse(readFileSync(0)));
process.stdout.write(JSON.stringify(answer) + '\n', () => process.exit(0));
