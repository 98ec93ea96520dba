// Which flights have a fresh position and ask for nothing (nrid.md R-113): when their shard is nearly full their next position is
// what can be spared. Written by shards, read by workers, without a lock; a slot that two aircraft share forgets one of them,
// which then counts as not fresh.
#pragma once

#include <atomic>
#include <cstring>

#include "base/clock.h"
#include "base/det.h"
#include "base/zeroed.h"

namespace nrid {

class FreshPoints {
 public:
  static constexpr size_t kSlots = 65'536;
  static constexpr Duration kFresh = seconds(2);

  FreshPoints() : slots_(kSlots) {}
  void note(const Det& ua, Tick now) { slot(ua).store(tag(ua) | ms(now), std::memory_order_relaxed); }
  void forget(const Det& ua) {
    uint64_t seen = slot(ua).load(std::memory_order_relaxed);
    if ((seen & kTag) == tag(ua)) slot(ua).store(0, std::memory_order_relaxed);
  }
  bool fresh(const Det& ua, Tick now) const {
    const uint64_t seen = slots_[low(ua) % kSlots].load(std::memory_order_relaxed);
    const auto age = static_cast<int64_t>(ms(now)) - static_cast<int64_t>(seen & ~kTag);  // below zero: noted in a shard's later step
    return (seen & kTag) == tag(ua) && age <= kFresh.ms();
  }

 private:
  static constexpr uint64_t kTag = 0xffffff0000000000;  // 24 bits of the DET's hash; below them milliseconds, 34 years of them
  static uint64_t low(const Det& ua) {
    uint64_t value;
    std::memcpy(&value, ua.octets.data() + 8, 8);
    return value;
  }
  static uint64_t tag(const Det& ua) { return (low(ua) << 8 & kTag) | uint64_t{1} << 40; }  // never that of an empty slot
  static uint64_t ms(Tick tick) { return static_cast<uint64_t>(tick.us / 1000) & ~kTag; }
  std::atomic<uint64_t>& slot(const Det& ua) { return slots_[low(ua) % kSlots]; }
  ZeroedVector<std::atomic<uint64_t>> slots_;
};

}  // namespace nrid
