#include "apps/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace nrid::load {

// Below 128 us a bucket is one microsecond; from there its width doubles with each octave.
size_t Histogram::bucket_of(int64_t us) {
  const uint64_t value = static_cast<uint64_t>(us);
  const int octave = std::max(0, static_cast<int>(std::bit_width(value)) - kSubBits - 1);
  return (static_cast<size_t>(octave) << kSubBits) + static_cast<size_t>(value >> octave);
}

int64_t Histogram::upper_edge(size_t bucket) {
  const size_t sub = size_t{1} << kSubBits;
  if (bucket < 2 * sub) return static_cast<int64_t>(bucket);
  const size_t octave = (bucket >> kSubBits) - 1;
  const size_t top = (bucket & (sub - 1)) + sub;
  return static_cast<int64_t>(((top + 1) << octave) - 1);
}

void Histogram::add(int64_t us) {
  us = std::clamp<int64_t>(us, 0, kMax_us);
  ++counts_[bucket_of(us)];
  ++count_;
  max_us_ = std::max(max_us_, us);
}

void Histogram::merge(const Histogram& other) {
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  max_us_ = std::max(max_us_, other.max_us_);
}

int64_t Histogram::percentile_us(double share) const {
  if (count_ == 0) return 0;
  const auto rank = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_))));
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(upper_edge(i), max_us_);
  }
  return max_us_;
}

}  // namespace nrid::load
