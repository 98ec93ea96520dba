// The datagrams of the aircraft, genuine and forged, made by the gateway's own code (nrid/client.h, nrid/aircraft.h).
#pragma once

#include <span>
#include <vector>

#include "apps/load/fleet.h"
#include "nrid/client.h"

namespace nrid::load {

inline constexpr size_t kSlot = 448;                   // octets of the longest, a start pack under plain CoAP

struct Envelope {
  coap::Type type = coap::Type::non;
  uint16_t id = 0;
  Bytes echo = {};                                     // the provider's value, to bring back (RFC 9175)
};

class Maker {                                          // any thread
 public:
  Maker(const Fleet& fleet, const Carriage& carriage) : fleet_(fleet), carriage_(carriage) {}

  // Each writes at most `out` and returns what it wrote; empty when it does not fit.
  Bytes link(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const;      // its key, endorsed
  Bytes start(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const;     // all that a start wants
  Bytes report(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const;    // where it is, two signatures
  Bytes end(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const;

  // Well formed with both signatures at random: what costs a server most before it can say no. `flier` as DET, or one
  // that no registry knows.
  Bytes forged(size_t flier, Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const;
  Bytes forged_unknown(Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const;
  // Octets at random, as long as a report or shorter.
  Bytes junk(Random& random, std::span<uint8_t> out) const;

 private:
  Bytes post(const Speaker& speaker, const Result<Buffer>& pack, Envelope envelope, Instant at, std::span<uint8_t> out) const;
  Bytes forged_as(const Det& det, Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const;
  rid::Location place(size_t flier, Instant at) const;
  const Fleet& fleet_;
  const Carriage& carriage_;
};

// Datagrams in slots of kSlot octets, filled by number, read in order.
class Ring {
 public:
  explicit Ring(size_t count) : octets_(count * kSlot), sizes_(count) {}
  size_t size() const { return sizes_.size(); }
  std::span<uint8_t> slot(size_t i) { return {octets_.data() + i * kSlot, kSlot}; }
  void filled(size_t i, size_t size) { sizes_[i] = static_cast<uint16_t>(size); }
  Bytes at(size_t i) const { return {octets_.data() + i * kSlot, sizes_[i]}; }

 private:
  Buffer octets_;
  std::vector<uint16_t> sizes_;
};

}  // namespace nrid::load
