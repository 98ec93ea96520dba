// From where each signer was heard, proven by its signatures: what makes a datagram of an active flight dearer to us than a stranger's
// before anything of it is judged (resilience.md section 4, class A and B). A hint for the order of work and nothing else, so it is
// read and written by all workers without a lock, and a slot that two threads write at once is only less useful.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "base/det.h"
#include "base/salted_hash.h"
#include "base/zeroed.h"
#include "nrid/datagram_port.h"

namespace nrid {

class KnownPaths {                      // any thread
 public:
  enum class Heard : uint8_t { never, elsewhere, here };

  KnownPaths(size_t signers_max, Random& random);
  // A message of this signer came from there, and both its signatures hold.
  void note(const Det& kid, const Address& peer, Tick now);
  void prefetch(const Det& kid) const { __builtin_prefetch(&sets_[place_of(kid).set]); }
  // Within `recent`; the last two addresses count as here.
  Heard find(const Det& kid, const Address& peer, Tick now, Duration recent) const;

 private:
  struct Entry {
    std::atomic<uint64_t> who{0};       // 32 bits of the signer's digest | the second it was heard last; 0: free
    std::atomic<uint64_t> paths{0};     // 32 bits each of the digests of its last address and the one before
  };
  static constexpr size_t kWays = 4;    // a cache line
  struct alignas(64) Set {
    std::array<Entry, kWays> entries;
  };
  static constexpr size_t kSpare = 4;   // sets that overflow are rare

  struct Place {
    size_t set;
    uint32_t tag;
  };
  Place place_of(const Det& kid) const;
  uint32_t path_of(const Address& peer) const;

  SaltedHash hash_;
  ZeroedVector<Set> sets_;
};

}  // namespace nrid
