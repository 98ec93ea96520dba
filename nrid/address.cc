#include <arpa/inet.h>

#include <charconv>
#include <cstring>

#include "nrid/datagram_port.h"

namespace nrid {
namespace {

constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<uint16_t> port_from_text(std::string_view text) {
  uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

bool Address::is_v4() const { return std::memcmp(ip.data(), kMapped, sizeof kMapped) == 0; }

Address v4_address(std::span<const uint8_t, 4> ip, uint16_t port) {
  Address out;
  std::memcpy(out.ip.data(), kMapped, sizeof kMapped);
  std::memcpy(out.ip.data() + sizeof kMapped, ip.data(), ip.size());
  out.port = port;
  return out;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN];
  if (address.is_v4()) {
    inet_ntop(AF_INET, address.ip.data() + 12, text, sizeof text);
    return std::string(text) + ":" + std::to_string(address.port);
  }
  inet_ntop(AF_INET6, address.ip.data(), text, sizeof text);
  return "[" + std::string(text) + "]:" + std::to_string(address.port);
}

std::optional<Address> address_from_text(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = port_from_text(text.substr(colon + 1));
  if (!port) return std::nullopt;

  std::string host(text.substr(0, colon));
  if (host.find('\0') != std::string::npos) return std::nullopt;
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    Address address;
    address.port = *port;
    if (inet_pton(AF_INET6, host.c_str(), address.ip.data()) != 1) return std::nullopt;
    return address;
  }
  std::array<uint8_t, 4> v4{};
  if (inet_pton(AF_INET, host.c_str(), v4.data()) != 1) return std::nullopt;
  return v4_address(v4, *port);
}

}  // namespace nrid
