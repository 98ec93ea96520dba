#include "nrid/rate.h"

#include <algorithm>

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
    : hash_(random), sets_(dets_max / kWays + 1), mutexes_(std::make_unique<std::array<std::mutex, kStripes>>()) {}

void DetRates::prefetch(const Det& det) const {
  const Set& set = sets_[set_of(hash_.of(det.octets))];
  for (size_t line = 0; line < sizeof set / 64; ++line) __builtin_prefetch(reinterpret_cast<const char*>(&set) + 64 * line, 1);
}

bool DetRates::take(const Det& det, Tick now, double per_s, double burst) {
  const uint64_t hash = hash_.of(det.octets), tag = hash | 1;
  const size_t index = set_of(hash);
  const std::lock_guard lock((*mutexes_)[index % kStripes]);

  Entry* entry = nullptr;
  for (Entry& each : sets_[index].entries) {
    if (each.tag == tag) {
      entry = &each;
      break;
    }
    const bool better = entry == nullptr || (entry->tag != 0 && (each.tag == 0 || each.bucket.filled < entry->bucket.filled));
    if (better) entry = &each;
  }
  if (entry->tag != tag) *entry = {tag, {burst, now}};
  if (now < entry->bucket.filled) now = entry->bucket.filled;
  return entry->bucket.take(now, per_s, burst);
}

}  // namespace nrid
