#include "det/lookup.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace nrid::det {
namespace {
constexpr uint8_t kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
}

bool IpAddress::is_v4() const { return std::memcmp(octets.data(), kMappedPrefix, sizeof kMappedPrefix) == 0; }

bool address_from_rdata(Bytes rdata, IpAddress& out) {
  if (rdata.size() == 16) {
    std::copy(rdata.begin(), rdata.end(), out.octets.begin());
    return true;
  }
  if (rdata.size() != 4) return false;
  std::copy(std::begin(kMappedPrefix), std::end(kMappedPrefix), out.octets.begin());
  std::copy(rdata.begin(), rdata.end(), out.octets.begin() + 12);
  return true;
}

bool address_from_text(std::string_view text, IpAddress& out) {
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return false;
  uint8_t octets[16];
  if (inet_pton(AF_INET, terminated.c_str(), octets) == 1) return address_from_rdata(Bytes(octets, 4), out);
  if (inet_pton(AF_INET6, terminated.c_str(), octets) == 1) return address_from_rdata(octets, out);
  return false;
}

std::string to_text(const IpAddress& address) {
  char text[INET6_ADDRSTRLEN];
  const Bytes octets = address.rdata();
  return inet_ntop(octets.size() == 4 ? AF_INET : AF_INET6, octets.data(), text, sizeof text);
}

}  // namespace nrid::det
