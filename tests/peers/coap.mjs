// A CoAP message read from RFC 7252 section 3 alone: npm's codec is forgiving where a test must not be.
const TYPES = ['CON', 'NON', 'ACK', 'RST'];

export function parse(octets) {
  if (octets.length < 4 || octets[0] >> 6 !== 1) throw new Error('not CoAP version 1');
  const size = octets[0] & 15;
  if (size > 8 || 4 + size > octets.length) throw new Error('token length');
  const message = {
    type: TYPES[octets[0] >> 4 & 3], code: `${octets[1] >> 5}.${String(octets[1] & 31).padStart(2, '0')}`,
    id: octets.readUInt16BE(2), token: octets.subarray(4, 4 + size).toString('hex'), options: [], payload: Buffer.alloc(0),
  };
  let at = 4 + size, number = 0;
  const extended = (nibble) => {
    if (nibble < 13) return nibble;
    if (nibble === 15) throw new Error('option nibble 15');
    at += nibble - 12;
    if (at > octets.length) throw new Error('option ends inside its head');
    return nibble === 13 ? octets[at - 1] + 13 : octets.readUInt16BE(at - 2) + 269;
  };
  while (at < octets.length) {
    const head = octets[at++];
    if (head === 0xff) {
      message.payload = octets.subarray(at);
      if (message.payload.length === 0) throw new Error('payload marker without payload');
      break;
    }
    number += extended(head >> 4);
    const length = extended(head & 15);
    if (at + length > octets.length) throw new Error('option ends early');
    message.options.push([number, octets.subarray(at, at + length).toString('hex')]);
    at += length;
  }
  return message;
}
