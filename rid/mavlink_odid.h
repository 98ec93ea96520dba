// MAVLink's OPEN_DRONE_ID messages and F3411's, both ways, exact within F3411's resolution; what one calls unknown, the
// other does. Values that F3411 cannot hold become unknown where "unknown" exists, and are cut to the limit where common.xml
// says so (speeds); an enumeration that does not fit its four bits is refused. And the position of an autopilot that does not
// know OPEN_DRONE_ID, out of GLOBAL_POSITION_INT.
#pragma once

#include "rid/mavlink.h"
#include "rid/pack.h"

namespace nrid::rid::mavlink {

// 12900..12905 as 25 octets. Errors: rid_type for any other message, value_range.
Result<MessageOctets> to_f3411(const Message& message);
// And back: target, id_or_mac and sender are zero. Errors: those of the decoders of rid/messages.h.
Result<Message> from_f3411(RawMessage raw);

// 12915 as a pack, octet for octet what its sender made. Errors: rid_type, bad_pack.
struct PackOctets {
  std::array<uint8_t, kPackSizeMax> octets{};
  size_t size = 0;
  Bytes bytes() const { return {octets.data(), size}; }
};
Result<PackOctets> to_pack(const Message& message);
Result<Message> from_pack(const Pack& pack);

// 12919: only the operator's place and its time change. Errors: rid_type, value_range.
Result<void> update(System& system, const Message& message);

// Where an autopilot says it is, for one without OPEN_DRONE_ID. GLOBAL_POSITION_INT counts height above the sea, which is not
// F3411's WGS-84 height: that one comes from GPS_RAW_INT, or stays unknown. No timestamp, status undeclared: the caller knows
// both. Errors: rid_type, value_range.
struct Fallback {
  Location location;
  uint32_t boot_ms = 0;
};
Result<Fallback> to_location(const Message& global_position, const Message* gps_raw);

}  // namespace nrid::rid::mavlink
