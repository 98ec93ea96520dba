// peer.mjs vectors           frames with their fields, one JSON object: tests/data/mavlink/frames.json
// peer.mjs record FILE       ten minutes of a flight, tests/data/mavlink/flight: per datagram 4 octets of milliseconds, 2 of length, little-endian, then itself
// peer.mjs fly PORT SECONDS  the same as it happens, to the gateway; one JSON line for each ARM_STATUS that comes back
import { createSocket } from 'node:dgram';
import { writeFileSync } from 'node:fs';
import mavlink from 'node-mavlink';

import * as controller from './controller.mjs';

const { MavLinkPacketParser, MavLinkPacketSplitter, MavLinkPacketSignature, common, minimal } = mavlink;
const T0 = 1780318500;  // 2026-06-01T12:55:00Z, so that ten minutes pass a full hour
const LENGTH = 600;

const unknown = { direction: 36100, speedHorizontal: 25500, speedVertical: 6300, altitudeBarometric: -1000, altitudeGeodetic: -1000, height: -1000, timestamp: 65535 };
const fast = { status: 2, latitude: -338688197, longitude: 1512092955, altitudeBarometric: 100, altitudeGeodetic: -1000, heightReference: 1, height: 80,
               speedVertical: -1250, horizontalAccuracy: 11, verticalAccuracy: 6, barometerAccuracy: 5, speedAccuracy: 3, timestamp: 3599.9, timestampAccuracy: 2 };
const text = (value) => [...Buffer.from(value)];
const padded = (value, size) => [...text(value), ...new Array(size).fill(0)].slice(0, size);
const page0 = { authenticationType: 1, dataPage: 0, lastPageIndex: 1, length: 40, timestamp: 28000000, authenticationData: padded('12345678901234567', 23) };

// Name, message, and the name of the 25 octets that opendroneid-core-c makes of the same values (f3411_messages.json).
const VECTORS = [
  ['basic_caa', 'OpenDroneIdBasicId', { idType: 2, uaType: 2, uasId: text('12345678901234567890') }, 'basic_caa'],
  ['basic_serial', 'OpenDroneIdBasicId', { idType: 1, uaType: 1, uasId: padded('MFR1A0123456789', 20) }, 'basic_serial'],
  ['location_unknown', 'OpenDroneIdLocation', unknown, 'loc_all_invalid'],
  ['location', 'OpenDroneIdLocation', { status: 2, direction: 21570, speedHorizontal: 540, speedVertical: 525, latitude: 455393090, longitude: -1229663890,
    altitudeBarometric: 100, altitudeGeodetic: 110, heightReference: 1, height: 80, horizontalAccuracy: 11, verticalAccuracy: 6, barometerAccuracy: 5,
    speedAccuracy: 3, timestamp: 360.52, timestampAccuracy: 2 }, 'loc_upstream_test'],
  ['location_fast_south', 'OpenDroneIdLocation', { ...fast, direction: 0, speedHorizontal: 10000 }, 'loc_fast_south'],
  ['location_max_speed', 'OpenDroneIdLocation', { ...fast, direction: 35900, speedHorizontal: 25425, speedVertical: 6200 }, 'loc_max_speed'],
  ['location_over_max_speed', 'OpenDroneIdLocation', { ...fast, direction: 35900, speedHorizontal: 30000, speedVertical: 9000 }, 'loc_max_speed'],
  ['auth_page0', 'OpenDroneIdAuthentication', page0, 'auth_page0'],
  ['auth_page1', 'OpenDroneIdAuthentication', { authenticationType: 1, dataPage: 1, authenticationData: text('12345678901234567890123') }, 'auth_page1'],
  ['self_id', 'OpenDroneIdSelfId', { description: 'DronesRUS: Real Estate' }, 'selfid'],
  ['self_id_null', 'OpenDroneIdSelfId', {}, 'selfid_null'],
  ['system', 'OpenDroneIdSystem', { classificationType: 1, operatorLatitude: 455393190, operatorLongitude: -1229663790, areaCount: 35, areaRadius: 75,
    areaCeiling: 176.9, areaFloor: 41.7, categoryEu: 2, classEu: 4, operatorAltitudeGeo: 20.5, timestamp: 28000000 }, 'system_upstream_test'],
  ['system_unknown', 'OpenDroneIdSystem', { areaCount: 1, areaCeiling: -1000, areaFloor: -1000, operatorAltitudeGeo: -1000 }, 'system_default'],
  ['operator_id', 'OpenDroneIdOperatorId', { operatorId: '98765432100123456789' }, 'operatorid'],
  ['system_update', 'OpenDroneIdSystemUpdate', { operatorLatitude: 473899001, operatorLongitude: 85399002, operatorAltitudeGeo: 20.5, timestamp: 28000001 }],
  ['message_pack', 'OpenDroneIdMessagePack', { singleMessageSize: 25, msgPackSize: 2,
    messages: padded(Buffer.from('320044726f6e65735255533a205265616c204573746174650052003938373635343332313030313233343536373839000000', 'hex'), 225) }],
  ['arm_status', 'OpenDroneIdArmStatus', { status: 1, error: 'no answer from the service provider' }],
  ['heartbeat', ...controller.heartbeat(true)],
  ['heartbeat_station', ...controller.heartbeat(true, true)],
  ['system_time', 'SystemTime', { timeUnixUsec: 1780315200123456n, timeBootMs: 4321 }],
  ['global_position_int', 'GlobalPositionInt', { timeBootMs: 4500, lat: 473900123, lon: -85400456, alt: 500000, relativeAlt: 12340, vx: 300, vy: -400, vz: -125, hdg: 12345 }],
  ['gps_raw_int', 'GpsRawInt', { timeUsec: 1n, fixType: 3, lat: 473900123, lon: -85400456, alt: 500000, altEllipsoid: 548200 }],
];

function plain(value) {
  if (Array.isArray(value)) return Buffer.from(value).toString('hex');
  return typeof value === 'bigint' ? Number(value) : value;
}

function vectors() {
  const sender = new controller.Sender(controller.VEHICLE, controller.AUTOPILOT);
  const key = MavLinkPacketSignature.key('a key of the vehicle');
  const list = [];
  for (const [name, type, fields, f3411] of VECTORS) {
    const Class = common[type] ?? minimal[type];
    const sourceOf = Object.fromEntries(Class.FIELDS.map((field) => [field.name, field.source]));
    const values = Object.fromEntries(Object.entries(fields).map(([field, value]) => [sourceOf[field], plain(value)]));
    const versions = { 2: sender.frame(type, fields) };
    if (Class.MSG_ID < 256) versions[1] = sender.frame(type, fields, 1);
    versions.signed = sender.signed(type, fields, key);
    for (const [version, frame] of Object.entries(versions)) {
      list.push({ name: `${name}_${version}`, id: Class.MSG_ID, hex: Buffer.from(frame).toString('hex'), fields: values, ...(f3411 ? { f3411 } : {}) });
    }
  }
  const source = 'frames by node-mavlink 2.3.0 (tests/mavlink/peer.mjs vectors); f3411: the message of f3411_messages.json with the same values';
  return `{"source": ${JSON.stringify(source)}, "frames": [\n${list.map((one) => JSON.stringify(one)).join(',\n')}\n]}`;
}

// Datagrams of second `i`: controller and ground station speak apart.
function datagrams(vehicle, station, i, length, unixSeconds) {
  const own = [vehicle.frame(...controller.heartbeat(i <= length)), vehicle.frame(...controller.location(i, length, unixSeconds))];
  if (i % 10 === 0) own.push(vehicle.frame(...controller.basicId('1596F3NODE')));
  const out = [Buffer.concat(own)];
  if (i % 5 === 0) {
    const theirs = [station.frame(...controller.heartbeat(true, true)), station.frame(...controller.system(i, unixSeconds))];
    if (i % 10 === 0) theirs.push(station.frame(...controller.selfId('Survey of roofs')), station.frame(...controller.operatorId('CHE87astrdge12k8')));
    out.push(Buffer.concat(theirs));
  }
  return out;
}

const parties = () => [new controller.Sender(controller.VEHICLE, controller.AUTOPILOT), new controller.Sender(controller.STATION, controller.STATION_COMPONENT)];

function record(file) {
  const [vehicle, station] = parties();
  const parts = [];
  for (let i = 0; i <= LENGTH; ++i) {
    for (const datagram of datagrams(vehicle, station, i, LENGTH, T0 + i)) {
      const head = Buffer.alloc(6);
      head.writeUInt32LE(i * 1000, 0);
      head.writeUInt16LE(datagram.length, 4);
      parts.push(head, datagram);
    }
  }
  writeFileSync(file, Buffer.concat(parts));
}

function fly(port, seconds) {
  const [vehicle, station] = parties();
  const socket = createSocket('udp4');
  const reader = new MavLinkPacketSplitter().pipe(new MavLinkPacketParser());
  reader.on('data', (packet) => {
    const registry = { ...minimal.REGISTRY, ...common.REGISTRY };
    const Class = registry[packet.header.msgid];
    if (!Class) return;
    const data = packet.protocol.data(packet.payload, Class);
    if (Class.MSG_NAME === 'OPEN_DRONE_ID_ARM_STATUS') {
      console.log(JSON.stringify({ arm: data.status, error: data.error, system: packet.header.sysid, component: packet.header.compid }));
    } else if (Class.MSG_NAME === 'HEARTBEAT') {
      console.log(JSON.stringify({ heartbeat: data.type, component: packet.header.compid }));
    }
  });
  const splitter = new MavLinkPacketSplitter();
  splitter.pipe(reader);
  socket.on('message', (octets) => splitter.write(octets));
  let i = 0;
  const tick = () => {
    const now = Math.floor(Date.now() / 1000);
    for (const datagram of datagrams(vehicle, station, i, seconds, now)) socket.send(datagram, port, '127.0.0.1');
    const at = controller.place(i, seconds);
    console.log(JSON.stringify({ sent: i, latitude: at.latitude, longitude: at.longitude, half_metres: at.halfMetres, speed: at.speed, track: at.track }));
    if (++i > seconds + 8) {  // some seconds of standby: the operation is over
      clearInterval(timer);
      setTimeout(() => socket.close(), 200);
    }
  };
  const timer = setInterval(tick, 1000);
  tick();
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'vectors') console.log(vectors());
else if (command === 'record') record(rest[0]);
else if (command === 'fly') fly(Number(rest[0]), Number(rest[1]));
else throw new Error(`no command ${command}`);
