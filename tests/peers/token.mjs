// CWTs of profile NRID-00/R1 with cbor-x and node's crypto: an implementation that shares no code with ours.
// RFC 9052 COSE_Sign1 with Ed25519, RFC 8392 claims, bodies of draft-moskowitz-drip-stateless-nrid.
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { Encoder, Tag } from 'cbor-x';

const cbor = new Encoder({ useRecords: false, mapsAsObjects: false, tagUint8Array: false, variableMapSize: true });
const SUBJECT = 2, EXP = 4, NBF = 5, IAT = 6;
const BODY = { 'NRID-UAS': -65537, 'NRID-USS': -65538, 'NRID-EOO': -65539 };

export const hex = (octets) => Buffer.from(octets).toString('hex');
export const octets = (text) => Buffer.from(text, 'hex');
export const det = (text) => new Tag(octets(text.replaceAll(':', '')), 54);

// RFC 8410: the fixed heads of Ed25519 keys in DER.
export const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.concat([octets('302e020100300506032b657004220420'), octets(seed)]), format: 'der', type: 'pkcs8' });
export const publicKey = (hi) =>
  createPublicKey({ key: Buffer.concat([octets('302a300506032b6570032100'), octets(hi)]), format: 'der', type: 'spki' });

const signedPart = (head, payload) => cbor.encode(['Signature1', head, Buffer.alloc(0), payload]);

// `body` is the array of the subject's claim; `kid` a DET in hex.
export function make(subject, body, iat, kid, key, lifetime = 10) {
  const head = cbor.encode(new Map([[1, -8]]));
  const claims = new Map([[SUBJECT, subject], [EXP, iat + lifetime], [NBF, iat], [IAT, iat], [BODY[subject], body]]);
  const payload = cbor.encode(claims);
  const signature = sign(null, signedPart(head, payload), key);
  return cbor.encode(new Tag([head, new Map([[4, cbor.encode(det(kid))]]), payload, signature], 18));
}

// Reads a CWT and says whether the signature is that of `key`.
export function read(message, key) {
  const outer = cbor.decode(message);
  if (!(outer instanceof Tag) || outer.tag !== 18 || outer.value.length !== 4) throw new Error('not a COSE_Sign1');
  const [head, unprotected, payload, signature] = outer.value;
  if (cbor.decode(head).get(1) !== -8) throw new Error('algorithm is not EdDSA');
  const kid = cbor.decode(unprotected.get(4));
  const claims = cbor.decode(payload);
  const subject = claims.get(SUBJECT);
  return {
    verified: verify(null, signedPart(head, payload), key, signature),
    kid: hex(kid.value), subject, exp: claims.get(EXP), nbf: claims.get(NBF), iat: claims.get(IAT), body: claims.get(BODY[subject]),
  };
}
