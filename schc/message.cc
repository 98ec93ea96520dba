#include "schc/message.h"

namespace nrid::schc {
namespace {

constexpr uint8_t kVersion = 1;

// RFC 7252 section 3.1: 0..12 stand for themselves, 13 and 14 announce one or two octets more.
uint32_t extended(Reader& in, uint8_t nibble) {
  if (nibble == 13) return in.u8() + 13U;
  if (nibble == 14) return in.u16_be() + 269U;
  return nibble;
}

}  // namespace

//  0                   1                   2                   3
//  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1     RFC 7252 section 3
// |Ver| T |  TKL  |      Code     |          Message ID           |
// | Token ... | Options ... |1 1 1 1 1 1 1 1| Payload ...
Error read_message(Bytes coap, Message& message) {
  if (coap.size() < kHeadSize) return Error::bad_length;
  Reader in(coap);
  const uint8_t head = in.u8();
  const uint8_t code = in.u8();
  const uint16_t id = in.u16_be();
  if (head >> 6 != kVersion) return Error::coap_version;
  const uint16_t token_length = head & 15;
  if (token_length > kTokenMax) return Error::coap_format;

  message.numbers = {kVersion, static_cast<uint16_t>(head >> 4 & 3), token_length, code, id};
  message.token = in.bytes(token_length);
  uint32_t number = 0;
  while (in.ok() && in.left() > 0) {
    const uint8_t nibbles = in.u8();
    if (nibbles == kPayloadMarker) {
      message.payload = in.rest();
      return message.payload.empty() ? Error::coap_format : Error::none;
    }
    if (nibbles >> 4 == 15 || (nibbles & 15) == 15) return Error::coap_format;
    number += extended(in, nibbles >> 4);
    const uint32_t length = extended(in, nibbles & 15);
    const Bytes value = in.bytes(length);
    if (number > UINT16_MAX) return Error::coap_format;
    if (message.option_count == kOptionsMax) {
      message.option_overflow = true;
    } else {
      message.options[message.option_count++] = {static_cast<uint16_t>(number), value};
    }
  }
  return in.ok() ? Error::none : Error::coap_format;
}

// RFC 8613 section 6.1:  flags 000 h k nnn | n octets Partial IV | s, s octets kid context if h | kid if k
bool split_oscore(Bytes value, OscoreParts& parts) {
  parts = {};
  if (value.empty()) return true;
  Reader in(value);
  parts.flags = in.bytes(1);
  const uint8_t flags = parts.flags[0];
  parts.piv = in.bytes(oscore_piv_size(flags));
  if ((flags & 0x10) != 0) {
    const size_t start = in.at();
    in.skip(in.u8());
    if (in.ok()) parts.kid_context = value.subspan(start, in.at() - start);
  }
  if ((flags & 0x08) != 0) parts.kid = in.rest();
  return in.ok() && in.left() == 0;
}

}  // namespace nrid::schc
