// MAVLink 1 and 2 as far as remote identification needs it: frames out of datagrams and back, and a table of the messages
// that a gateway reads or sends. Debian packages no MAVLink headers; this is a codec of twelve messages, whose table proves
// itself: the compiler computes each message's CRC_EXTRA from our names and types and compares it with common.xml's.
// What the OPEN_DRONE_ID values mean in F3411 is in rid/mavlink_odid.h. https://mavlink.io/en/guide/serialization.html
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid::rid::mavlink {

inline constexpr size_t kPayloadMax = 255;
inline constexpr size_t kFrameMax = 10 + kPayloadMax + 2 + 13;   // with a signature, which we accept and never write

enum class FieldType : uint8_t { u8, u16, i16, u32, i32, f32, u64, chars };

struct Field {                        // in wire order, which MAVLink sorts by size; extensions close the list
  std::string_view name;
  FieldType type = FieldType::u8;
  uint8_t count = 0;                  // 0: no array
  bool extension = false;             // not part of CRC_EXTRA, absent in MAVLink 1
};

struct MessageInfo {
  uint32_t id;
  std::string_view name;
  uint8_t crc_extra;
  std::span<const Field> fields;
};

// nullptr for a message that is none of ours.
const MessageInfo* info(uint32_t id);
std::span<const MessageInfo> messages();
size_t length(const MessageInfo& message);

namespace id {
inline constexpr uint32_t heartbeat = 0, system_time = 2, gps_raw_int = 24, global_position_int = 33, basic_id = 12900, location = 12901,
                          authentication = 12902, self_id = 12903, system = 12904, operator_id = 12905, message_pack = 12915,
                          arm_status = 12918, system_update = 12919;
}

// One message of the table. Fields by their MAVLink name; a name or type that the table lacks is our mistake: CHECK.
class Message {
 public:
  Message() : Message(id::heartbeat) {}
  explicit Message(uint32_t id);                          // all zero; CHECK: the id is in the table
  uint32_t id() const { return info_->id; }
  const MessageInfo& info() const { return *info_; }

  int64_t integer(std::string_view field) const;
  float real(std::string_view field) const;
  Bytes octets(std::string_view field) const;             // arrays; borrows from this message
  std::string_view text(std::string_view field) const;    // an array up to its first NUL
  void set(std::string_view field, int64_t value);        // cut to the field's width
  void set_real(std::string_view field, float value);
  void set_octets(std::string_view field, Bytes value);   // cut, or zeros after it
  bool operator==(const Message& o) const;                // fields and sender; not sequence, version or signature

  uint8_t version = 2;
  uint8_t sequence = 0;
  uint8_t system = 0;
  uint8_t component = 0;
  bool has_signature = false;         // a trailer was there; not judged, the key is the vehicle's
  std::array<uint8_t, kPayloadMax> payload{};  // zeros where MAVLink 2 had cut them

 private:
  const MessageInfo* info_;
};

// The frames of one datagram. Frames do not run on into the next datagram; between them octets may be anything.
class FrameReader {
 public:
  explicit FrameReader(Bytes datagram) : in_(datagram) {}
  // nullopt: nothing left. Errors: mavlink_frame (octets that are no frame, or a cut one), mavlink_crc, mavlink_flags
  // (an incompatibility flag that we do not know). Messages that are not in the table are passed over and counted.
  std::optional<Result<Message>> next();
  uint64_t unknown() const { return unknown_; }

 private:
  Bytes in_;
  uint64_t unknown_ = 0;
};

// A frame in the message's own version, without signature; MAVLink 2 cuts zeros off the end. Errors: no_space, value_range
// (MAVLink 1 has eight bits of message id).
Result<Bytes> encode(const Message& message, std::span<uint8_t> out);

// CRC-16/MCRF4XX, MAVLink's "X.25".
constexpr uint16_t crc_add(uint16_t crc, uint8_t octet) {
  const auto mixed = static_cast<uint8_t>(octet ^ (crc & 0xff));
  const auto folded = static_cast<uint8_t>(mixed ^ (mixed << 4));
  return static_cast<uint16_t>(crc >> 8 ^ folded << 8 ^ folded << 3 ^ folded >> 4);
}

}  // namespace nrid::rid::mavlink
