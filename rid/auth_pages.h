// Authentication pages of a pack, apart and together (F3411-22a message type 2; RFC 9575 section 3.2). Inside rid/ only.
#pragma once

#include "rid/auth.h"

namespace nrid::rid {

inline constexpr uint8_t kAuthTypeSam = 5;  // specific authentication method, DRIP's
inline constexpr size_t kPageZeroData = 17;
inline constexpr size_t kPageData = 23;

// Last page index that `size` octets need.
constexpr size_t last_page_for(size_t size) {
  return size <= kPageZeroData ? 0 : (size - kPageZeroData + kPageData - 1) / kPageData;
}

// All authentication messages of one pack, in the order of their first pages.
struct AuthMessages {
  std::array<AuthData, kPackMessagesMax> list{};
  size_t count = 0;
};
// Every page 0 starts a message. If there is only one, its pages may stand in any order; otherwise pages belong to the
// page 0 before them. Error::bad_auth: a page missing, repeated, or without its page 0; another auth type; a length of 0
// or over 201. Pages beyond the needed ones hold parity or nothing: counted, not read.
Result<AuthMessages> read_pages(const Pack& pack);

// Appends the pages of `data` to `out`. Error::bad_auth when they do not fit beside what is there.
struct PackMessages {
  std::array<MessageOctets, kPackMessagesMax> list{};
  size_t count = 0;
};
Result<void> append_pages(Bytes data, uint32_t timestamp_2019, PackMessages& out);

}  // namespace nrid::rid
