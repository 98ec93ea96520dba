#include "base/det.h"

#include <arpa/inet.h>

namespace nrid {

Det Det::with_hid(uint16_t raa, uint16_t hda, uint8_t suite) {
  const uint64_t value = static_cast<uint64_t>(kDetPrefix) << 36 | static_cast<uint64_t>(raa & kRaaMax) << 22 |
                         static_cast<uint64_t>(hda & kHdaMax) << 8 | suite;
  Det det;
  for (size_t i = 0; i < 8; ++i) det.octets[i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  return det;
}

std::string to_text(const Det& det) {
  char text[INET6_ADDRSTRLEN];
  return inet_ntop(AF_INET6, det.octets.data(), text, sizeof text);
}

std::string to_hex(const Det& det) { return to_hex(det.bytes()); }

std::optional<Det> det_from_text(std::string_view text) {
  if (text.size() == 32) {
    if (const auto octets = from_hex(text)) return Det::from(*octets);
  }
  Det det;
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET6, terminated.c_str(), det.octets.data()) != 1) return std::nullopt;
  return det;
}

}  // namespace nrid
