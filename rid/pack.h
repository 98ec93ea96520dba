// Message Packs (type 0xF): 0xF2, 25, n, then n messages of 25 octets, n = 1..9.
#pragma once

#include "rid/messages.h"

namespace nrid::rid {

inline constexpr size_t kPackMessagesMax = 9;
inline constexpr size_t kPackSizeMax = 3 + kPackMessagesMax * kMessageSize;

struct Pack {                       // borrows from the octets that were decoded
  Bytes octets;
  size_t count = 0;
  RawMessage message(size_t index) const { return RawMessage(octets.data() + 3 + index * kMessageSize, kMessageSize); }
  uint32_t types() const;           // bit n: a message of type n is inside
  uint32_t auth_pages() const;      // bit n: authentication page n is inside
};

// Head and length only, the free check of R-047: Error::bad_pack. Nested packs and, but for Basic ID and authentication
// pages, repeated types are refused here too.
Result<Pack> decode_pack(Bytes octets);

// Messages in the order given. Errors: bad_pack (none, more than 9), no_space.
Result<Bytes> encode_pack(std::span<const MessageOctets> messages, std::span<uint8_t> out);

}  // namespace nrid::rid
