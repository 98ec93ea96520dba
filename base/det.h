// A DRIP Entity Tag as a value: RFC 9374 section 3. 128 bits, also an IPv6 address of 2001:30::/28.
// How one is derived from a key, and what it is called in DNS, is det/'s affair; this is only the name.
//
//   bits   0..27  28..41  42..55  56..63  64..127
//          prefix RAA     HDA     suite   ORCHID hash
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace nrid {

inline constexpr uint32_t kDetPrefix = 0x2001003;  // 28 bits
inline constexpr uint8_t kSuiteEddsaCshake128 = 5;  // RFC 9374 section 8.4
inline constexpr uint16_t kRaaMax = 0x3fff;
inline constexpr uint16_t kHdaMax = 0x3fff;

struct Det {
  std::array<uint8_t, 16> octets{};

  static Det from(Bytes sixteen) {  // precondition: 16 octets
    Det det;
    std::memcpy(det.octets.data(), sixteen.data(), 16);
    return det;
  }
  // Four fields to a name; the hash stays zero.
  static Det with_hid(uint16_t raa, uint16_t hda, uint8_t suite);

  uint64_t upper() const {
    uint64_t value = 0;
    for (int i = 0; i < 8; ++i) value = value << 8 | octets[static_cast<size_t>(i)];
    return value;
  }
  bool has_prefix() const { return upper() >> 36 == kDetPrefix; }
  uint16_t raa() const { return upper() >> 22 & 0x3fff; }
  uint16_t hda() const { return upper() >> 8 & 0x3fff; }
  uint8_t suite() const { return octets[7]; }
  Bytes bytes() const { return octets; }

  bool operator==(const Det&) const = default;
  auto operator<=>(const Det&) const = default;

  template <typename H>
  friend H AbslHashValue(H h, const Det& det) { return H::combine(std::move(h), det.octets); }
};

std::string to_text(const Det& det);                  // RFC 5952 colon form: 2001:3f:fe00:a05:7d9d:8c5e:da00:dfe5
std::string to_hex(const Det& det);                   // 32 digits
std::optional<Det> det_from_text(std::string_view text);  // 32 hex digits or any IPv6 text form; the prefix is not judged

struct DetHash {  // for std:: containers
  size_t operator()(const Det& det) const {
    uint64_t low;
    std::memcpy(&low, det.octets.data() + 8, 8);
    return static_cast<size_t>(low * 0x9e3779b97f4a7c15u);
  }
};

}  // namespace nrid
