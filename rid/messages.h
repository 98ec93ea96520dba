// ASTM F3411-22a messages, 25 octets each, both ways. Values are exact integers named with their unit; what the wire
// calls invalid or unknown is nullopt. Layout facts: opendroneid-core-c and RFC 9575 (the standard is not public).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/result.h"

namespace nrid::rid {

inline constexpr size_t kMessageSize = 25;
inline constexpr uint8_t kVersion = 2;  // F3411-22, -22a; decoders do not gate on it
using RawMessage = std::span<const uint8_t, kMessageSize>;
using MessageOctets = std::array<uint8_t, kMessageSize>;

enum class MessageType : uint8_t {
  basic_id = 0, location = 1, authentication = 2, self_id = 3, system = 4, operator_id = 5, pack = 15
};

enum class IdType : uint8_t { none = 0, serial = 1, caa_registration = 2, utm_uuid = 3, specific_session = 4 };

struct BasicId {
  IdType id_type = IdType::none;
  uint8_t ua_type = 0;                        // 0..15
  std::array<uint8_t, 20> uas_id{};           // raw, NUL padded
  std::optional<Det> session_det() const;     // id type 4, SSI type 1 (IETF DRIP)
  static BasicId of_session(const Det& det, uint8_t ua_type);
};

enum class Status : uint8_t { undeclared = 0, ground = 1, airborne = 2, emergency = 3, rid_failure = 4 };
enum class HeightType : uint8_t { above_takeoff = 0, above_ground = 1 };

struct Location {
  uint8_t status = 0;                         // Status, or reserved values 5..15 as received
  HeightType height_type = HeightType::above_takeoff;
  std::optional<uint16_t> track_deg;          // 0..359
  std::optional<uint32_t> speed_cmps;         // 0..25425 (the wire has 0.25 and 0.75 m/s steps)
  std::optional<int32_t> vertical_speed_cmps; // -6200..6200, up positive
  std::optional<int32_t> latitude_e7;         // both or none
  std::optional<int32_t> longitude_e7;
  std::optional<int32_t> pressure_altitude_dm;  // decimetre; the wire has 0.5 m steps
  std::optional<int32_t> geodetic_altitude_dm;
  std::optional<int32_t> height_dm;
  uint8_t horizontal_accuracy = 0;            // enumerations of F3411, 0 unknown
  uint8_t vertical_accuracy = 0;
  uint8_t baro_accuracy = 0;
  uint8_t speed_accuracy = 0;
  std::optional<uint16_t> timestamp_ds;       // tenths of a second after the full UTC hour, 0..36000
  uint8_t timestamp_accuracy_ds = 0;          // 0 unknown, 1..15
};

struct AuthPage {                             // one page; reassembly in rid/auth.h
  uint8_t auth_type = 0;
  uint8_t page = 0;
  uint8_t last_page = 0;                      // page 0 only
  uint8_t length = 0;                         // page 0 only
  uint32_t timestamp_2019 = 0;                // page 0 only
  Bytes data;                                 // 17 octets on page 0, else 23; borrowed
};

struct SelfId {
  uint8_t description_type = 0;
  std::array<uint8_t, 23> description{};
  bool is_null() const;
};

struct System {
  uint8_t operator_location_type = 0;         // 0 take-off, 1 live GNSS, 2 fixed
  uint8_t classification_type = 0;            // 0 undeclared, 1 EU
  std::optional<int32_t> operator_latitude_e7;
  std::optional<int32_t> operator_longitude_e7;
  uint16_t area_count = 1;
  uint16_t area_radius_m = 0;                 // 10 m steps
  std::optional<int32_t> area_ceiling_dm;
  std::optional<int32_t> area_floor_dm;
  uint8_t category = 0;
  uint8_t class_value = 0;
  std::optional<int32_t> operator_altitude_dm;
  std::optional<uint32_t> timestamp_2019;     // 0 on the wire is unknown
};

struct OperatorId {
  uint8_t id_type = 0;
  std::array<uint8_t, 20> id{};
};

// Each decode reads one 25-octet message; Error::rid_type when the type nibble differs, Error::value_range when a field
// holds a value that its range forbids and no receiver could use. Reserved bits are ignored.
inline MessageType type_of(RawMessage raw) { return static_cast<MessageType>(raw[0] >> 4); }
Result<BasicId> decode_basic_id(RawMessage raw);
Result<Location> decode_location(RawMessage raw);
Result<AuthPage> decode_auth_page(RawMessage raw);
Result<SelfId> decode_self_id(RawMessage raw);
Result<System> decode_system(RawMessage raw);
Result<OperatorId> decode_operator_id(RawMessage raw);

// Values outside the wire's range: Error::value_range. Rounding is the one of opendroneid-core-c.
Result<MessageOctets> encode(const BasicId& value);
Result<MessageOctets> encode(const Location& value);
Result<MessageOctets> encode(const SelfId& value);
Result<MessageOctets> encode(const System& value);
Result<MessageOctets> encode(const OperatorId& value);
Result<MessageOctets> encode(const AuthPage& value);

// Printable text of a NUL-padded field; octets outside printable ASCII become '?'.
std::string text_of(Bytes field);

// Full time of a Location: the hour that puts its tenths nearest to `reference`; nullopt without a timestamp.
std::optional<Instant> absolute_time(const Location& location, Instant reference);

}  // namespace nrid::rid
