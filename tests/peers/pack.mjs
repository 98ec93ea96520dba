// One ASTM F3411-22a message pack under a DRIP extended Wrapper (RFC 9575), built from nothing but the two texts.
import { sign } from 'node:crypto';
import { octets } from './token.mjs';

const EPOCH_2019 = 1546300800;
const SIZE = 25;

function message(type, fill) {
  const out = Buffer.alloc(SIZE);
  out[0] = type << 4 | 2;
  fill(out);
  return out;
}

const altitude = (metres) => Math.trunc((metres + 1000) * 2);

export const basicId = (det) => message(0, (m) => { m[1] = 4 << 4 | 2; m[2] = 1; octets(det).copy(m, 3); });

// Positions are integers of 1e-7 degree; `at` is in milliseconds of Unix time.
export const location = ({ latitude, longitude, height = 50, at }) => message(1, (m) => {
  m[1] = 2 << 4;                                  // airborne, height above take-off
  m[3] = 20;                                      // 5 m/s
  m.writeInt32LE(latitude, 5);
  m.writeInt32LE(longitude, 9);
  m.writeUInt16LE(altitude(height + 100), 15);
  m.writeUInt16LE(altitude(height), 17);
  m.writeUInt16LE(Math.floor(at % 3600000 / 100), 21);
  m[23] = 2;
});

export const system = ({ latitude, longitude, at }) => message(4, (m) => {
  m.writeInt32LE(latitude, 2);
  m.writeInt32LE(longitude, 6);
  m.writeUInt16LE(1, 10);
  m.writeUInt32LE(Math.floor(at / 1000) - EPOCH_2019, 20);
});

export const operatorId = (text) => message(5, (m) => { m.write(text, 2, 20, 'ascii'); });

// The messages in type order, between them the five pages of the Wrapper that signs them.
export function wrappedPack(messages, det, key, at) {
  const time = Buffer.alloc(8);
  time.writeUInt32LE(Math.floor(at / 1000) - EPOCH_2019, 0);
  time.writeUInt32LE(Math.floor(at / 1000) - EPOCH_2019 + 120, 4);
  const name = octets(det);
  const signature = sign(null, Buffer.concat([time, ...messages, name]), key);
  const data = Buffer.concat([Buffer.from([2]), time, name, signature]);
  const last = Math.ceil((data.length - 17) / 23);
  const pages = [];
  for (let page = 0; page <= last; page++) {
    pages.push(message(2, (m) => {
      m[1] = 5 << 4 | page;
      if (page === 0) {
        m[2] = last;
        m[3] = data.length;
        time.copy(m, 4, 0, 4);
        data.copy(m, 8, 0, 17);
      } else {
        data.copy(m, 2, 17 + (page - 1) * 23, 17 + page * 23);
      }
    }));
  }
  const before = messages.filter((m) => m[0] >> 4 < 2), after = messages.filter((m) => m[0] >> 4 > 2);
  const all = [...before, ...pages, ...after];
  return Buffer.concat([Buffer.from([0xf2, SIZE, all.length]), ...all]);
}
