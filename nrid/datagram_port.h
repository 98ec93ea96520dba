// The network as an argument: batches of datagrams in, batches out. Real sockets in programs, a simulated network in
// tests. One port is one local socket; a server has one per verify worker and transport.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace nrid {

struct Address {                       // IPv4 is held v4-mapped (::ffff:a.b.c.d)
  std::array<uint8_t, 16> ip{};
  uint16_t port = 0;
  uint32_t scope = 0;                  // the interface of a link-local address, which means nothing without it
  bool is_v4() const;
  bool operator==(const Address&) const = default;
  auto operator<=>(const Address&) const = default;
  template <typename H>
  friend H AbslHashValue(H h, const Address& a) { return H::combine(std::move(h), a.ip, a.port, a.scope); }
};
Address v4_address(std::span<const uint8_t, 4> ip, uint16_t port);
std::string to_text(const Address& address);                          // "127.0.0.1:5683", "[2001:db8::1]:5683"
std::optional<Address> address_from_text(std::string_view text);      // literals only, port required

struct Received {                      // octets stay valid until the next receive() on that port
  Address peer;
  Bytes octets;
  Address to = {};                     // our address that it came to, when the port has several; else all zero
};
struct Outgoing {                      // borrowed until send() returns
  Address peer;
  Bytes octets;
  Address from = {};                   // our address that it leaves from: `to` of what it answers; all zero: any
};

class DatagramPort {
 public:
  virtual ~DatagramPort() = default;
  virtual Address local() const = 0;
  // Up to out.size() datagrams that are there now; 0 if none. Longer ones than profile::kDatagramMax arrive cut to
  // kDatagramMax + 1 octets, so that they are seen to be too long. One thread.
  virtual size_t receive(std::span<Received> out) = 0;
  // Returns how many left; safe from any thread.
  virtual size_t send(std::span<const Outgoing> datagrams) = 0;
  // Takes what is there now, but not for ever: a flood must not keep the flight from being flown.
  template <class Take>
  void take_some(Take take) {
    std::array<Received, 16> batch{};
    for (int round = 0; round < 8; ++round) {
      const size_t count = receive(batch);
      for (size_t i = 0; i < count; ++i) take(batch[i]);
      if (count < batch.size()) return;
    }
  }
  // What waits to be received takes up half of its room or more, so that soon it will be lost; true where the port cannot tell.
  virtual bool filling() const { return true; }
  // Blocks until something can be received or `wait` is over; a simulated port returns at once.
  virtual void wait(Duration wait) = 0;
};

}  // namespace nrid
