// The replay filter (nrid.md R-045): a keyed 128-bit digest of (kid, signature) is remembered from the moment its signatures
// verified until exp + skew, and kStepBack beyond: a clock that steps back makes a token fresh again that ran out. Bounded memory
// that grows with what is remembered at once, striped locks, shared by workers (who look and enter) and shards (who say what
// became of it). When a stripe is full of digests that still matter, enter() refuses: forgetting one would let
// its message be played again. Only a token that was refused after it was entered is forgotten: it may come again.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/det.h"
#include "base/zeroed.h"
#include "nrid/keyed_digest.h"

namespace nrid {

class Duplicates {
 public:
  static constexpr Duration kStepBack = seconds(10);  // T17; a larger step is not followed at once (nrid/held_clock.h)

  Duplicates(size_t entries_max, Random& random);

  Digest16 digest(const Det& kid, std::span<const uint8_t, 64> signature) const;
  // What seen() and enter() will read of it is fetched meanwhile.
  void prefetch(const Digest16& digest) const;
  bool seen(const Digest16& digest) const;
  // fresh: it is now remembered until `expires`. full: there is no room, and it is not.
  enum class Entered : uint8_t { fresh, seen, full };
  Entered enter(const Digest16& digest, Instant now, Instant expires, const Det& ua = {});
  // Whose token it is, of one that was entered.
  std::optional<Det> aircraft(const Digest16& digest) const;
  // Its shard took it, and it is safe in the journal: from now on a copy may be told so.
  void accept(const Digest16& digest);
  bool accepted(const Digest16& digest) const;
  // It was refused after all.
  void forget(const Digest16& digest);
  size_t size() const;

 private:
  struct Kept {
    Digest16 digest{};
    Instant expires;                 // the epoch: forgotten
    bool accepted = false;
    Det ua = {};
  };
  // Eight in a cache line: the ring is read for a digest that is there and for hardly any other.
  struct Known {
    uint32_t tag;
    uint32_t slot;                   // in the ring, from 1; 0: free
  };
  static uint32_t tag_of(const Digest16& digest);
  struct Stripe {
    mutable std::mutex mutex;
    ZeroedVector<Known> known;       // open addressing, at most half full; a power of two
    ZeroedVector<Kept> ring;         // in order of arrival
    size_t head = 0;
    size_t count = 0;
    // Where `known` lies, for prefetch(), which takes no lock: what is out of date fetches in vain and does no harm.
    std::atomic<uintptr_t> known_at{0};
    std::atomic<size_t> known_mask{0};
    size_t home(uint32_t tag) const { return tag & (known.size() - 1); }
    // Where in `known` it is, or would be.
    size_t place_of(const Digest16& digest) const;
    Kept* find(const Digest16& digest);
    void erase(size_t place);
    void grow(size_t entries);
    void forget_expired(Instant now);
  };
  static constexpr size_t kStripes = 64, kFirst = 64;  // entries of a stripe at the start
  Stripe& stripe_of(const Digest16& digest) const { return (*stripes_)[digest[0] % kStripes]; }

  KeyedDigest keyed_;
  const size_t stripe_max_;          // entries
  std::unique_ptr<std::array<Stripe, kStripes>> stripes_;
};

}  // namespace nrid
