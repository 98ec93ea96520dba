#include "nrid/echo.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

int64_t window_at(Tick now) { return now.us / EchoValues::kWindow.us; }

}  // namespace

EchoValues::Value EchoValues::of_window(const Address& peer, const Det& det, int64_t window) const {
  std::array<uint8_t, 16 + 2 + 4 + 16 + 8> input;
  uint8_t* at = input.data();
  const auto put = [&at](const void* octets, size_t size) {
    std::memcpy(at, octets, size);
    at += size;
  };
  put(peer.ip.data(), 16);
  put(&peer.port, 2);
  put(&peer.scope, 4);
  put(det.octets.data(), 16);
  put(&window, 8);
  const Digest16 mac = keyed_.of(input);
  Value value;
  value[0] = static_cast<uint8_t>(window);
  std::copy_n(mac.begin(), kSize - 1, value.begin() + 1);
  return value;
}

EchoValues::Value EchoValues::make(const Address& peer, const Det& det, Tick now) const { return of_window(peer, det, window_at(now)); }

bool EchoValues::holds(Bytes value, const Address& peer, const Det& det, Tick now) const {
  if (value.size() != kSize) return false;
  for (const int64_t window : {window_at(now), window_at(now) - 1}) {
    if (value[0] != static_cast<uint8_t>(window)) continue;
    const Value wanted = of_window(peer, det, window);
    uint8_t difference = 0;  // in constant time
    for (size_t i = 0; i < kSize; ++i) difference = static_cast<uint8_t>(difference | (wanted[i] ^ value[i]));
    if (difference == 0) return true;
  }
  return false;
}

}  // namespace nrid
