// The replay filter (nrid.md R-045): a keyed 128-bit digest of (kid, signature) is remembered from the moment its signatures
// verified until exp + skew. Fixed memory, striped locks, shared by all workers. When a stripe is full of digests
// that still matter, enter() refuses: forgetting one would let its message be played again.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/clock.h"
#include "base/det.h"
#include "nrid/keyed_digest.h"

namespace nrid {

class Duplicates {
 public:
  Duplicates(size_t entries_max, Random& random);

  Digest16 digest(const Det& kid, std::span<const uint8_t, 64> signature) const;
  bool seen(const Digest16& digest) const;
  // Error::none: it is new and now remembered until `expires`. Error::overload: no room.
  enum class Entered : uint8_t { fresh, seen, full };
  Entered enter(const Digest16& digest, Instant now, Instant expires);
  size_t size() const;

 private:
  struct Kept {
    Digest16 digest;
    Instant expires;
  };
  struct Stripe {
    mutable std::mutex mutex;
    absl::flat_hash_set<Digest16> known;
    std::vector<Kept> ring;          // in order of arrival
    size_t head = 0;
    size_t count = 0;
    void forget_expired(Instant now);
  };
  static constexpr size_t kStripes = 64;
  Stripe& stripe_of(const Digest16& digest) const { return (*stripes_)[digest[0] % kStripes]; }

  KeyedDigest keyed_;
  std::unique_ptr<std::array<Stripe, kStripes>> stripes_;
};

}  // namespace nrid
