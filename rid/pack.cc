#include "rid/pack.h"

namespace nrid::rid {

uint32_t Pack::types() const {
  uint32_t bits = 0;
  for (size_t i = 0; i < count; ++i) bits |= 1u << static_cast<uint8_t>(type_of(message(i)));
  return bits;
}

uint32_t Pack::auth_pages() const {
  uint32_t bits = 0;
  for (size_t i = 0; i < count; ++i) {
    if (type_of(message(i)) == MessageType::authentication) bits |= 1u << (message(i)[1] & 15);
  }
  return bits;
}

// off len  field                                        F3411-22a, Message Pack
//  0   1   message type (15) << 4 | version
//  1   1   size of one message (25)
//  2   1   count, 1..9
//  3   n   messages
Result<Pack> decode_pack(Bytes octets) {
  Reader in(octets);
  const uint8_t kind = in.u8();
  const uint8_t size = in.u8();
  const uint8_t count = in.u8();
  if (!in.ok() || kind >> 4 != static_cast<uint8_t>(MessageType::pack) || size != kMessageSize) return Error::bad_pack;
  if (count < 1 || count > kPackMessagesMax || in.left() != count * kMessageSize) return Error::bad_pack;

  const Pack pack{octets, count};
  uint32_t seen = 0;
  for (size_t i = 0; i < pack.count; ++i) {
    const MessageType type = type_of(pack.message(i));
    const uint32_t bit = 1u << static_cast<uint8_t>(type);
    const bool repeatable = type == MessageType::basic_id || type == MessageType::authentication;
    if (type == MessageType::pack || (!repeatable && (seen & bit) != 0)) return Error::bad_pack;
    seen |= bit;
  }
  return pack;
}

Result<Bytes> encode_pack(std::span<const MessageOctets> messages, std::span<uint8_t> out) {
  if (messages.empty() || messages.size() > kPackMessagesMax) return Error::bad_pack;
  Writer writer(out);
  writer.u8(static_cast<uint8_t>(MessageType::pack) << 4 | kVersion);
  writer.u8(kMessageSize);
  writer.u8(messages.size());
  for (const MessageOctets& message : messages) writer.bytes(message);
  if (!writer.ok()) return Error::no_space;
  return writer.written();
}

}  // namespace nrid::rid
