#include "nrid/rate.h"

#include <algorithm>
#include <cstring>

namespace nrid {

bool Bucket::take(Tick now, double per_s, double burst) {
  tokens = std::min(burst, tokens + static_cast<double>((now - filled).us) * 1e-6 * per_s);
  filled = now;
  if (tokens < 1) return false;
  tokens -= 1;
  return true;
}

bool SharedBucket::take(Tick now) {
  const std::lock_guard lock(mutex_);
  if (now < bucket_.filled) now = bucket_.filled;  // batches of two workers may be a little out of order
  return bucket_.take(now, per_s_, burst_);
}

DetRates::DetRates(size_t dets_max, Random& random)
    : keyed_(random), sets_(dets_max / kWays + 1),
      mutexes_(std::make_unique<std::array<std::mutex, kStripes>>()) {}

bool DetRates::take(const Det& det, Tick now, double per_s, double burst) {
  const Digest16 digest = keyed_.of(det.bytes());
  uint64_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  const size_t index = hash % sets_.size();
  const std::lock_guard lock((*mutexes_)[index % kStripes]);
  Set& set = sets_[index];

  Entry* entry = nullptr;
  for (Entry& each : set.entries) {
    if (each.used && each.det == det) {
      entry = &each;
      break;
    }
    const bool better = entry == nullptr || (entry->used && (!each.used || each.bucket.filled < entry->bucket.filled));
    if (better) entry = &each;
  }
  if (!entry->used || entry->det != det) *entry = {det, {burst, now}, true};
  if (now < entry->bucket.filled) now = entry->bucket.filled;
  return entry->bucket.take(now, per_s, burst);
}

}  // namespace nrid
