// The fields of a CoAP message as SCHC sees them: octets cut at the marks of RFC 7252 section 3 and nothing judged. wire/coap.h
// leaves out elective options that an endpoint has to ignore (RFC 7252 5.4.1); a compressor must carry or refuse each of them.
#pragma once

#include <array>

#include "base/bytes.h"
#include "base/result.h"
#include "schc/rules.h"

namespace nrid::schc {

inline constexpr size_t kOptionsMax = 32;
inline constexpr size_t kHeadSize = 4;
inline constexpr size_t kTokenMax = 8;
inline constexpr uint8_t kPayloadMarker = 0xff;

struct MessageOption {
  uint16_t number = 0;
  Bytes value;
};

struct Message {
  std::array<uint16_t, 5> numbers{};           // by Kind: version, type, token length, code, message id
  Bytes token;
  std::array<MessageOption, kOptionsMax> options;
  size_t option_count = 0;
  bool option_overflow = false;                // more than kOptionsMax: well-formed, but no rule is tried
  Bytes payload;

  uint16_t number(Kind kind) const { return numbers[static_cast<size_t>(kind)]; }
};

// Borrows from the octets. Errors: bad_length (under 4), coap_version, coap_format.
Error read_message(Bytes coap, Message& message);

// The OSCORE option in the parts of RFC 8824 section 6.4; the kid context keeps its length octet.
struct OscoreParts {
  Bytes flags, piv, kid_context, kid;
};
// False if the value is not of the form of RFC 8613 section 6.1.
bool split_oscore(Bytes value, OscoreParts& parts);
inline constexpr size_t oscore_piv_size(uint8_t flags) { return flags & 7; }

}  // namespace nrid::schc
