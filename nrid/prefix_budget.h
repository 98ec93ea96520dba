// What an address, and the networks around it, may ask of us without proof while we are short of time (resilience.md section 4,
// gate 2). Each datagram costs its address and its networks one; one whose signatures hold is given back, and so is a copy from
// where its signer is at home: a gateway with ten thousand aircraft behind it owes what is not judged yet and no more. Addresses can
// be forged: this gate never stands alone, and binds only under load. Fixed memory: the table forgets what owes least within its set.
#pragma once

#include <array>
#include <cstdint>

#include "base/clock.h"
#include "base/zeroed.h"
#include "nrid/datagram_port.h"
#include "nrid/keyed_digest.h"

namespace nrid {

class PrefixBudgets {                   // one thread
 public:
  PrefixBudgets(size_t entries_max, double per_s, double burst, Random& random);

  // One datagram from there: false when the address or one of its networks has spent what it may.
  bool charge(const Address& peer, Tick now);
  // It was honest.
  void refund(const Address& peer, Tick now);

 private:
  struct Entry {
    uint64_t tag = 0;                   // of the prefix; 0: free
    double owed = 0;
    Tick at;
  };
  static constexpr size_t kWays = 8;
  using Set = std::array<Entry, kWays>;
  // What is given out as one: an address, a site, a region of a provider. A network may owe more than one address in it.
  struct Level {
    size_t octets_v4;                   // of the v4-mapped form
    size_t octets_v6;
    double factor;
  };
  static constexpr std::array<Level, 3> kLevels = {{{16, 16, 1}, {15, 8, 8}, {14, 6, 64}}};

  double owed(const Entry& entry, const Level& level, Tick now) const;
  Entry& entry_of(const Address& peer, const Level& level, Tick now);

  const double per_s_;
  const double burst_;
  KeyedDigest keyed_;
  ZeroedVector<Set> sets_;
};

}  // namespace nrid
