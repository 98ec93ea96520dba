// RFC 8949 section 4.2 read strictly, octet by octet: what a datagram must look like, said by a program that shares nothing with ours and
// nothing with cbor-x, which reads more than it should. Values are numbers, Buffers, strings, arrays, Maps and {tag, value}.
export class Refused extends Error {}

const refuse = (why) => { throw new Refused(why); };
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// `sorted`: map keys must ascend bytewise, as we write them; a peer may write them in any order.
export function decode(octets, { sorted = true, depth = 8, pairs = 32 } = {}) {
  let at = 0;
  const take = (count) => {
    if (count > octets.length - at) refuse('ends inside an item');
    at += count;
    return octets.subarray(at - count, at);
  };
  function argument(info) {
    if (info < 24) return info;
    if (info > 27) refuse('indefinite length or reserved head');
    const size = 1 << (info - 24);
    let value = 0n;
    for (const octet of take(size)) value = value << 8n | BigInt(octet);
    const least = [24n, 0x100n, 0x10000n, 0x100000000n][info - 24];
    if (value < least) refuse('head is not the shortest');
    return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
  }
  const count = (value, each) => {
    if (typeof value === 'bigint' || value * each > octets.length - at) refuse('count larger than what is left');
    return value;
  };
  function map(size, open) {
    if (size > pairs) refuse('too many pairs');
    const out = new Map();
    const names = [];
    for (let i = 0; i < size; i++) {
      const from = at;
      const key = item(open + 1);
      const name = Buffer.from(octets.subarray(from, at));
      if (names.some((other) => other.equals(name))) refuse('key twice');
      if (sorted && i > 0 && Buffer.compare(names[i - 1], name) > 0) refuse('keys out of order');
      names.push(name);
      out.set(key, item(open + 1));
    }
    return out;
  }
  function simple(info) {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info < 24) return { simple: info };
    if (info === 24) {
      const value = take(1)[0];
      if (value < 32) refuse('simple value in a long form');
      return { simple: value };
    }
    if (info > 27) refuse('reserved simple value');
    return { float: Buffer.from(take(1 << (info - 24))) };
  }
  function item(open) {
    const head = take(1)[0];
    const major = head >> 5, info = head & 31;
    if (major === 7) return simple(info);
    const value = argument(info);
    if (major >= 4 && open + 1 > depth) refuse('nested too deep');  // a tag nests like an array of one
    switch (major) {
      case 0: return value;
      case 1: return typeof value === 'bigint' ? -1n - value : -1 - value;
      case 2: return Buffer.from(take(count(value, 1)));
      case 3: {
        try { return utf8.decode(take(count(value, 1))); } catch (error) { return refuse(error instanceof Refused ? error.message : 'text is not UTF-8'); }
      }
      case 4: { const out = []; for (let i = count(value, 1); i > 0; i--) out.push(item(open + 1)); return out; }
      case 5: return map(count(value, 2), open);
      default: return { tag: value, value: item(open + 1) };
    }
  }
  const value = item(0);
  if (at !== octets.length) refuse('octets behind the item');
  return value;
}
