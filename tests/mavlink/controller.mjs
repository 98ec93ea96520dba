// What the flight controller of the tests says, made with node-mavlink alone: nothing here shares code with ours.
import mavlink from 'node-mavlink';

const { MavLinkProtocolV1, MavLinkProtocolV2, common, minimal } = mavlink;

export const VEHICLE = 7, AUTOPILOT = 1, STATION = 255, STATION_COMPONENT = 190, TRANSMITTER = 236;

const { MavType, MavAutopilot, MavState, MavModeFlag } = minimal;
const octets = (text, size) => [...Buffer.from(text), ...new Array(size).fill(0)].slice(0, size);

// Sets the fields that are named and leaves the others zero.
export function message(name, fields) {
  const Class = common[name] ?? minimal[name];
  const out = new Class();
  for (const field of Class.FIELDS) {
    if (!field.type.endsWith('[]')) out[field.name] = field.type === 'uint64_t' ? 0n : 0;
    else out[field.name] = field.type === 'char[]' ? '' : new Array(field.length).fill(0);
  }
  for (const [key, value] of Object.entries(fields)) {
    if (!Class.FIELDS.some((field) => field.name === key)) throw new Error(`${name} has no field ${key}`);
    out[key] = value;
  }
  return out;
}

export class Sender {
  constructor(system, component) {
    this.protocols = { 1: new MavLinkProtocolV1(system, component), 2: new MavLinkProtocolV2(system, component) };
    this.sequence = 0;
  }
  frame(name, fields, version = 2) {
    this.sequence = (this.sequence + 1) % 256;
    return this.protocols[version].serialize(message(name, fields), this.sequence);
  }
  signed(name, fields, key) {
    const protocol = new MavLinkProtocolV2(this.protocols[2].sysid, this.protocols[2].compid, MavLinkProtocolV2.IFLAG_SIGNED);
    return protocol.sign(protocol.serialize(message(name, fields), ++this.sequence), 1, key, 1780315200000);
  }
}

export const heartbeat = (active, ground = false) => ['Heartbeat', {
  type: ground ? MavType.GCS : MavType.QUADROTOR,
  autopilot: ground ? MavAutopilot.INVALID : MavAutopilot.ARDUPILOTMEGA,
  baseMode: active ? MavModeFlag.SAFETY_ARMED | MavModeFlag.CUSTOM_MODE_ENABLED : MavModeFlag.CUSTOM_MODE_ENABLED,
  systemStatus: active ? MavState.ACTIVE : MavState.STANDBY, mavlinkVersion: 3 }];

// Second `i` of the flight, in integers that a test can write down again: degrees * 1e7, half metres, centimetres a second.
export function place(i, length) {
  return { latitude: 473900000 + i * 90, longitude: 85400000 + i * 70 - (i % 7) * 3, halfMetres: 911 + (i % 120), speed: 1000 + (i % 20) * 25,
           track: (i * 13) % 360, climb: 50 * (i % 5), airborne: i >= 5 && i <= length - 5 };
}

export function location(i, length, unixSeconds) {
  const at = place(i, length);
  return ['OpenDroneIdLocation', {
    status: at.airborne ? 2 : 1, latitude: at.latitude, longitude: at.longitude, altitudeGeodetic: at.halfMetres / 2, altitudeBarometric: at.halfMetres / 2 - 1,
    heightReference: 0, height: (at.halfMetres - 911) / 2, direction: at.track * 100, speedHorizontal: at.speed, speedVertical: at.climb,
    horizontalAccuracy: 11, verticalAccuracy: 5, barometerAccuracy: 4, speedAccuracy: 3, timestamp: (unixSeconds % 3600) + 0.3, timestampAccuracy: 2 }];
}

export const basicId = (serial) => ['OpenDroneIdBasicId', { idType: 1, uaType: 2, uasId: octets(serial, 20) }];
export const selfId = (text) => ['OpenDroneIdSelfId', { descriptionType: 0, description: text }];
export const operatorId = (text) => ['OpenDroneIdOperatorId', { operatorIdType: 0, operatorId: text }];
export const system = (i, unixSeconds) => ['OpenDroneIdSystem', {
  operatorLocationType: 1, operatorLatitude: 473899000 + i, operatorLongitude: 85399000, areaCount: 1, areaCeiling: -1000, areaFloor: -1000,
  operatorAltitudeGeo: 431.5, timestamp: unixSeconds - 1546300800 }];
