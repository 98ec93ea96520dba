// Token buckets: one per DET behind the outer signature (nrid.md R-085: a forger must not spend it), and one for all
// replies to peers that proved nothing. Fixed memory: the per-DET table forgets the bucket that was idle longest
// within its set, which can only give that DET a fresh burst.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/det.h"
#include "base/salted_hash.h"
#include "base/zeroed.h"

namespace nrid {

struct Bucket {
  double tokens = 0;
  Tick filled;
  bool take(Tick now, double per_s, double burst);
};

class SharedBucket {                  // any thread
 public:
  SharedBucket(double per_s, double burst) : per_s_(per_s), burst_(burst) { bucket_.tokens = burst; }
  bool take(Tick now);

 private:
  const double per_s_;
  const double burst_;
  std::mutex mutex_;
  Bucket bucket_;
};

class DetRates {                      // any thread
 public:
  DetRates(size_t dets_max, Random& random);
  void prefetch(const Det& det) const;
  bool take(const Det& det, Tick now, double per_s, double burst);  // as the DET's registry has it

 private:
  struct Entry {
    uint64_t tag = 0;                 // the DET's hash, of 63 bits; two that had the same would share a bucket. 0: free
    Bucket bucket;
  };
  static constexpr size_t kWays = 8;
  static constexpr size_t kStripes = 64;
  struct alignas(64) Set {
    std::array<Entry, kWays> entries;
  };
  size_t set_of(uint64_t hash) const { return (hash & 0xffffffff) * sets_.size() >> 32; }
  SaltedHash hash_;
  ZeroedVector<Set> sets_;
  std::unique_ptr<std::array<std::mutex, kStripes>> mutexes_;
};

}  // namespace nrid
