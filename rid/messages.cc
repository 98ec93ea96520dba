#include "rid/messages.h"

#include <algorithm>

#include "base/text.h"

namespace nrid::rid {
namespace {

constexpr int32_t kLatitudeMax = 900'000'000;
constexpr int32_t kLongitudeMax = 1'800'000'000;
constexpr uint8_t kSsiDrip = 1;  // SSI type of an IETF DRIP entity tag, first octet of a specific session id

uint8_t head(MessageType type) { return static_cast<uint8_t>(static_cast<uint8_t>(type) << 4 | kVersion); }
uint8_t high(uint8_t octet) { return octet >> 4; }
uint8_t low(uint8_t octet) { return octet & 15; }

// A Reader past the first octet, if that is the type wanted. 25 octets are there by the parameter's type, so the
// decoders below cannot run out of input and do not ask.
Result<Reader> open(RawMessage raw, MessageType type) {
  if (type_of(raw) != type) return Error::rid_type;
  Reader in{Bytes(raw)};
  in.skip(1);
  return in;
}

struct Position {
  std::optional<int32_t> latitude_e7;
  std::optional<int32_t> longitude_e7;
};

//  4  latitude   1e-7 degree, signed, little-endian                      both zero: unknown
//  4  longitude  the same
Result<Position> read_position(Reader& in) {
  const int32_t latitude = in.i32_le();
  const int32_t longitude = in.i32_le();
  if (latitude == 0 && longitude == 0) return Position{};
  if (latitude < -kLatitudeMax || latitude > kLatitudeMax) return Error::value_range;
  if (longitude < -kLongitudeMax || longitude > kLongitudeMax) return Error::value_range;
  return Position{latitude, longitude};
}

// The point 0/0 has no encoding: refused rather than sent as "unknown".
Result<void> write_position(Writer& out, std::optional<int32_t> latitude, std::optional<int32_t> longitude) {
  if (latitude.has_value() != longitude.has_value()) return Error::value_range;
  if (latitude) {
    if (*latitude == 0 && *longitude == 0) return Error::value_range;
    if (*latitude < -kLatitudeMax || *latitude > kLatitudeMax) return Error::value_range;
    if (*longitude < -kLongitudeMax || *longitude > kLongitudeMax) return Error::value_range;
  }
  out.u32_le(static_cast<uint32_t>(latitude.value_or(0)));
  out.u32_le(static_cast<uint32_t>(longitude.value_or(0)));
  return {};
}

//  2  altitude   0.5 m from -1000 m                                      0: unknown
std::optional<int32_t> read_altitude(Reader& in) {
  const uint16_t raw = in.u16_le();
  if (raw == 0) return std::nullopt;
  return raw * 5 - 10'000;
}

Result<void> write_altitude(Writer& out, std::optional<int32_t> altitude_dm) {
  const int64_t raw = altitude_dm ? (int64_t{*altitude_dm} + 10'000) / 5 : 0;
  if (altitude_dm && (raw < 1 || raw > 0xffff)) return Error::value_range;
  out.u16_le(static_cast<uint64_t>(raw));
  return {};
}

}  // namespace

std::optional<Det> BasicId::session_det() const {
  if (id_type != IdType::specific_session || uas_id[0] != kSsiDrip) return std::nullopt;
  return Det::from(Bytes(uas_id).subspan(1, 16));
}

BasicId BasicId::of_session(const Det& det, uint8_t ua_type) {
  BasicId value;
  value.id_type = IdType::specific_session;
  value.ua_type = ua_type;
  value.uas_id[0] = kSsiDrip;
  std::copy(det.octets.begin(), det.octets.end(), value.uas_id.begin() + 1);
  return value;
}

// off len  field                                        F3411-22a, Basic ID
//  1   1   id type << 4 | UA type
//  2  20   UAS ID, NUL padded
// 22   3   reserved
Result<BasicId> decode_basic_id(RawMessage raw) {
  TRY(in, open(raw, MessageType::basic_id));
  BasicId value;
  const uint8_t kinds = in.u8();
  value.id_type = static_cast<IdType>(high(kinds));
  value.ua_type = low(kinds);
  value.uas_id = in.array<20>();
  return value;
}

Result<MessageOctets> encode(const BasicId& value) {
  if (static_cast<uint8_t>(value.id_type) > 15 || value.ua_type > 15) return Error::value_range;
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::basic_id));
  out.u8(static_cast<uint8_t>(value.id_type) << 4 | value.ua_type);
  out.bytes(value.uas_id);
  return octets;
}

// off len  field                                        F3411-22a, Location/Vector           unknown
//  1   1   status << 4 | height above ground 4 | west 2 | fast 1
//  2   1   track, degree; west adds 180                                                      over 359 in all
//  3   1   speed, 0.25 m/s; fast: 0.75 m/s from 63.75                                        255 and fast
//  4   1   vertical speed, 0.5 m/s, signed, up positive                                      126, and beyond +-62 m/s
//  5   8   position
// 13   6   pressure altitude, geodetic altitude, height
// 19   1   vertical accuracy << 4 | horizontal accuracy                                      0
// 20   1   pressure altitude accuracy << 4 | speed accuracy                                  0
// 21   2   tenths of a second after the full UTC hour, 0..36000                              0xffff
// 23   1   reserved << 4 | timestamp accuracy, 0.1 s                                         0
// 24   1   reserved
Result<Location> decode_location(RawMessage raw) {
  TRY(in, open(raw, MessageType::location));
  Location value;
  const uint8_t flags = in.u8();
  const int track = in.u8() + (flags & 2 ? 180 : 0);
  const uint8_t speed = in.u8();
  const int8_t vertical_speed = in.i8();
  value.status = high(flags);
  value.height_type = flags & 4 ? HeightType::above_ground : HeightType::above_takeoff;
  if (track <= 359) value.track_deg = static_cast<uint16_t>(track);
  const bool fast = (flags & 1) != 0;
  if (!(fast && speed == 255)) value.speed_cmps = fast ? speed * 75u + 6375u : speed * 25u;
  if (vertical_speed >= -124 && vertical_speed <= 124) value.vertical_speed_cmps = vertical_speed * 50;
  TRY(position, read_position(in));
  value.latitude_e7 = position.latitude_e7;
  value.longitude_e7 = position.longitude_e7;
  value.pressure_altitude_dm = read_altitude(in);
  value.geodetic_altitude_dm = read_altitude(in);
  value.height_dm = read_altitude(in);
  const uint8_t place_accuracy = in.u8();
  const uint8_t other_accuracy = in.u8();
  value.vertical_accuracy = high(place_accuracy);
  value.horizontal_accuracy = low(place_accuracy);
  value.baro_accuracy = high(other_accuracy);
  value.speed_accuracy = low(other_accuracy);
  const uint16_t timestamp = in.u16_le();
  if (timestamp != 0xffff && timestamp > 36'000) return Error::value_range;
  if (timestamp != 0xffff) value.timestamp_ds = timestamp;
  value.timestamp_accuracy_ds = low(in.u8());
  return value;
}

// Rounding of opendroneid-core-c: speed to the nearest step, vertical speed towards zero, altitudes down.
Result<MessageOctets> encode(const Location& value) {
  if (value.status > 15 || value.horizontal_accuracy > 15 || value.vertical_accuracy > 15 || value.baro_accuracy > 15 ||
      value.speed_accuracy > 15 || value.timestamp_accuracy_ds > 15) {
    return Error::value_range;
  }
  if (value.track_deg.value_or(0) > 359 || value.speed_cmps.value_or(0) > 25'425) return Error::value_range;
  const int32_t climb = value.vertical_speed_cmps.value_or(0);
  if (climb < -6200 || climb > 6200 || value.timestamp_ds.value_or(0) > 36'000) return Error::value_range;

  const uint16_t track = value.track_deg.value_or(361);
  const uint32_t cmps = value.speed_cmps.value_or(25'500);
  const bool fast = cmps > 6375;
  const uint32_t speed = fast ? (2 * (cmps - 6375) + 75) / 150 : (2 * cmps + 25) / 50;
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::location));
  out.u8(static_cast<uint8_t>(value.status << 4 | (value.height_type == HeightType::above_ground ? 4 : 0) |
                              (track >= 180 ? 2 : 0) | (fast ? 1 : 0)));
  out.u8(track >= 180 ? track - 180u : track);
  out.u8(speed);
  out.u8(static_cast<uint8_t>(value.vertical_speed_cmps ? climb / 50 : 126));
  TRY_VOID(write_position(out, value.latitude_e7, value.longitude_e7));
  TRY_VOID(write_altitude(out, value.pressure_altitude_dm));
  TRY_VOID(write_altitude(out, value.geodetic_altitude_dm));
  TRY_VOID(write_altitude(out, value.height_dm));
  out.u8(static_cast<uint8_t>(value.vertical_accuracy << 4 | value.horizontal_accuracy));
  out.u8(static_cast<uint8_t>(value.baro_accuracy << 4 | value.speed_accuracy));
  out.u16_le(value.timestamp_ds.value_or(0xffff));
  out.u8(value.timestamp_accuracy_ds);
  return octets;
}

// off len  field                                        F3411-22a, Authentication
//  1   1   auth type << 4 | page
//  2   1   last page index, 0..15                       page 0 only, like the next three
//  3   1   length of the authentication data
//  4   4   seconds since 2019-01-01T00:00:00Z
//  8  17   data                                         other pages: from offset 2, 23 octets
Result<AuthPage> decode_auth_page(RawMessage raw) {
  TRY(in, open(raw, MessageType::authentication));
  AuthPage value;
  const uint8_t kinds = in.u8();
  value.auth_type = high(kinds);
  value.page = low(kinds);
  if (value.page == 0) {
    value.last_page = in.u8();
    value.length = in.u8();
    value.timestamp_2019 = in.u32_le();
    if (value.last_page > 15) return Error::value_range;
  }
  value.data = in.rest();
  return value;
}

Result<MessageOctets> encode(const AuthPage& value) {
  if (value.auth_type > 15 || value.page > 15 || value.last_page > 15) return Error::value_range;
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::authentication));
  out.u8(static_cast<uint8_t>(value.auth_type << 4 | value.page));
  if (value.page == 0) {
    out.u8(value.last_page);
    out.u8(value.length);
    out.u32_le(value.timestamp_2019);
  }
  out.bytes(value.data);
  if (!out.ok()) return Error::value_range;
  return octets;
}

bool SelfId::is_null() const {
  return std::all_of(description.begin(), description.end(), [](uint8_t octet) { return octet == 0; });
}

// off len  field                                        F3411-22a, Self-ID
//  1   1   description type
//  2  23   description, NUL padded
Result<SelfId> decode_self_id(RawMessage raw) {
  TRY(in, open(raw, MessageType::self_id));
  SelfId value;
  value.description_type = in.u8();
  value.description = in.array<23>();
  return value;
}

Result<MessageOctets> encode(const SelfId& value) {
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::self_id));
  out.u8(value.description_type);
  out.bytes(value.description);
  return octets;
}

// off len  field                                        F3411-22a, System                    unknown
//  1   1   reserved << 5 | classification type << 2 | operator location type
//  2   8   position of the operator
// 10   2   aircraft in the area
// 12   1   radius of the area, 10 m
// 13   4   ceiling, floor of the area
// 17   1   category << 4 | class                        when the classification type is 1 (EU)
// 18   2   altitude of the operator
// 20   4   seconds since 2019-01-01T00:00:00Z                                                0
// 24   1   reserved
Result<System> decode_system(RawMessage raw) {
  TRY(in, open(raw, MessageType::system));
  System value;
  const uint8_t flags = in.u8();
  value.operator_location_type = flags & 3;
  value.classification_type = flags >> 2 & 7;
  TRY(position, read_position(in));
  value.operator_latitude_e7 = position.latitude_e7;
  value.operator_longitude_e7 = position.longitude_e7;
  value.area_count = in.u16_le();
  value.area_radius_m = static_cast<uint16_t>(in.u8() * 10);
  value.area_ceiling_dm = read_altitude(in);
  value.area_floor_dm = read_altitude(in);
  const uint8_t kinds = in.u8();
  value.category = high(kinds);
  value.class_value = low(kinds);
  value.operator_altitude_dm = read_altitude(in);
  const uint32_t timestamp = in.u32_le();
  if (timestamp != 0) value.timestamp_2019 = timestamp;
  return value;
}

Result<MessageOctets> encode(const System& value) {
  if (value.operator_location_type > 3 || value.classification_type > 7 || value.category > 15 || value.class_value > 15 ||
      value.area_radius_m > 2550 || value.timestamp_2019 == 0u) {
    return Error::value_range;
  }
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::system));
  out.u8(static_cast<uint8_t>(value.classification_type << 2 | value.operator_location_type));
  TRY_VOID(write_position(out, value.operator_latitude_e7, value.operator_longitude_e7));
  out.u16_le(value.area_count);
  out.u8(value.area_radius_m / 10u);
  TRY_VOID(write_altitude(out, value.area_ceiling_dm));
  TRY_VOID(write_altitude(out, value.area_floor_dm));
  out.u8(static_cast<uint8_t>(value.category << 4 | value.class_value));
  TRY_VOID(write_altitude(out, value.operator_altitude_dm));
  out.u32_le(value.timestamp_2019.value_or(0));
  return octets;
}

// off len  field                                        F3411-22a, Operator ID
//  1   1   id type
//  2  20   id, NUL padded
// 22   3   reserved
Result<OperatorId> decode_operator_id(RawMessage raw) {
  TRY(in, open(raw, MessageType::operator_id));
  OperatorId value;
  value.id_type = in.u8();
  value.id = in.array<20>();
  return value;
}

Result<MessageOctets> encode(const OperatorId& value) {
  MessageOctets octets{};
  Writer out(octets);
  out.u8(head(MessageType::operator_id));
  out.u8(value.id_type);
  out.bytes(value.id);
  return octets;
}

std::string text_of(Bytes field) {
  const std::string_view text = as_text(field);
  return printable(text.substr(0, text.find('\0')));
}

std::optional<Instant> absolute_time(const Location& location, Instant reference) {
  if (!location.timestamp_ds) return std::nullopt;
  constexpr int64_t kHour = 3600;
  const int64_t second = reference.seconds();
  const int64_t hour = second - ((second % kHour) + kHour) % kHour;
  const Instant middle = at_second(hour) + milliseconds(int64_t{*location.timestamp_ds} * 100);
  Instant best = middle - seconds(kHour);
  for (const Instant candidate : {middle, middle + seconds(kHour)}) {
    const auto distance = [&](Instant t) { return std::max(t - reference, reference - t); };
    if (distance(candidate) < distance(best)) best = candidate;
  }
  return best;
}

}  // namespace nrid::rid
