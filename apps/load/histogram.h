// Latencies in fixed memory: each octave of microseconds has 64 buckets, so a percentile is at most 1/64 too high and never too
// low. One thread adds; copy or merge to read elsewhere.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace nrid::load {

class Histogram {
 public:
  static constexpr int64_t kMax_us = (int64_t{1} << 36) - 1;  // 19 hours; what is longer counts as this

  void add(int64_t us);                    // below 0 counts as 0
  void merge(const Histogram& other);
  uint64_t count() const { return count_; }
  int64_t max_us() const { return max_us_; }
  // The smallest value that at least `share` (0 to 1) of all do not exceed; 0 when there are none.
  int64_t percentile_us(double share) const;

 private:
  static constexpr int kSubBits = 6;
  static constexpr size_t kBuckets = (36 - kSubBits) << kSubBits;
  static size_t bucket_of(int64_t us);
  static int64_t upper_edge(size_t bucket);

  std::array<uint64_t, kBuckets + (size_t{1} << kSubBits)> counts_{};
  uint64_t count_ = 0;
  int64_t max_us_ = 0;
};

}  // namespace nrid::load
