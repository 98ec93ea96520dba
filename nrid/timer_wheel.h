// Timers of many flights in fixed steps of time, for a shard: four wheels of 256 slots, each slot of one wheel as long as a whole
// turn of the one below it (G. Varghese, T. Lauck, "Hashed and hierarchical timing wheels", SOSP 1987). Setting and firing
// cost the same with ten flights as with a million; a heap costs the logarithm of it, and a cache miss for each step
// of that. Timers lie in chunks, because a list of single ones is a cache miss each. What is due leaves in the order of its time and
// then of its key, whatever order it came in, so that equal runs stay equal. One thread; memory grows to the largest number of timers at
// once and is used again.
//
// A timer is never early. It fires with the first advance() at or after its time: the wheel decides where it waits, not when.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace nrid {

template <class Key>  // copied; ordered by <
class TimerWheel {
 public:
  static constexpr Duration kStep = milliseconds(4);
  static constexpr int kWheels = 4, kSlotBits = 8;
  static constexpr size_t kSlots = size_t{1} << kSlotBits;  // the four turn in 1 s, 4 min, 19 h and 199 days

  struct Timer {
    Tick due;
    Key key;
    bool operator<(const Timer& o) const { return due != o.due ? due < o.due : key < o.key; }
  };

  TimerWheel() { heads_.fill(kNone); }

  size_t size() const { return size_; }
  void clear() {                           // the time stays
    for (size_t slot = 0; slot < heads_.size(); ++slot) empty_slot(slot, [](const Timer&) {});
    ready_.clear();
    size_ = 0;
  }
  void set(Tick due, const Key& key) {
    ++size_;
    put({due, key});
  }

  // Appends all timers due at `now` or before, in order. Time does not go back: an older `now` finds what the newest left.
  void advance(Tick now, std::vector<Timer>& out) {
    const size_t before = out.size();
    const int64_t until = step_of(now);
    while (step_ < until) {
      if (size_ == ready_.size()) {        // nothing waits in any slot: no need to walk
        step_ = until;
        break;
      }
      const int64_t next = std::min(until, next_step());
      step_ = next;
      for (int wheel = 1; wheel < kWheels && (step_ & low_mask(wheel)) == 0; ++wheel) spread(wheel);
      collect();
    }
    // Of the step under way only what is due; the rest waits for the next call.
    for (size_t i = 0; i < ready_.size();) {
      if (ready_[i].due > now) {
        ++i;
        continue;
      }
      out.push_back(std::move(ready_[i]));
      ready_[i] = std::move(ready_.back());
      ready_.pop_back();
    }
    size_ -= out.size() - before;
    std::sort(out.begin() + static_cast<std::ptrdiff_t>(before), out.end());
  }

  // When advance() may have something to do, at the latest; never after the earliest timer. INT64_MAX without one.
  Tick next_due() const {
    Tick due{INT64_MAX};
    for (const Timer& each : ready_) due = std::min(due, each.due);
    if (size_ == ready_.size()) return due;
    const int64_t next = next_step();
    if (step_start(next) >= due) return due;
    // The slot of this step is short: its earliest timer is exact. Of a longer slot only its begin is known.
    const uint32_t head = heads_[slot_of(0, next)];
    if (head == kNone || (next & low_mask(1)) == 0) return step_start(next);
    for (uint32_t at = head; at != kNone; at = chunks_[at].next) {
      for (uint32_t i = 0; i < chunks_[at].count; ++i) due = std::min(due, chunks_[at].timers[i].due);
    }
    return due;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX, kChunk = 30;
  struct Chunk {
    uint32_t next = kNone, count = 0;
    std::array<Timer, kChunk> timers;
  };

  static int64_t step_of(Tick at) { return at.us / kStep.us; }
  static Tick step_start(int64_t step) { return {step * kStep.us}; }
  static int64_t low_mask(int wheel) { return (int64_t{1} << (kSlotBits * wheel)) - 1; }
  static size_t slot_of(int wheel, int64_t step) {
    return static_cast<size_t>(wheel) * kSlots + (static_cast<size_t>(step >> (kSlotBits * wheel)) & (kSlots - 1));
  }

  uint32_t take_chunk() {
    if (free_ == kNone) {
      chunks_.emplace_back();
      return static_cast<uint32_t>(chunks_.size() - 1);
    }
    return std::exchange(free_, chunks_[free_].next);
  }
  void give_back(uint32_t at) {
    chunks_[at].count = 0;
    chunks_[at].next = std::exchange(free_, at);
  }

  // In the lowest wheel whose turn reaches it; what lies beyond all of them waits in the last slot of the highest.
  void put(const Timer& timer) {
    const int64_t due = step_of(timer.due);
    if (due <= step_) {
      ready_.push_back(timer);
      return;
    }
    int wheel = 0;
    while (wheel < kWheels - 1 && (due >> (kSlotBits * wheel)) - (step_ >> (kSlotBits * wheel)) >= static_cast<int64_t>(kSlots)) ++wheel;
    const int64_t reach = step_ + ((static_cast<int64_t>(kSlots) - 1) << (kSlotBits * wheel));
    const size_t slot = slot_of(wheel, std::min(due, reach));
    if (heads_[slot] == kNone || chunks_[heads_[slot]].count == kChunk) {
      const uint32_t fresh = take_chunk();
      chunks_[fresh].next = std::exchange(heads_[slot], fresh);
      used_[slot / 64] |= uint64_t{1} << (slot % 64);
    }
    Chunk& chunk = chunks_[heads_[slot]];
    chunk.timers[chunk.count++] = timer;
  }

  // Hands each timer of a slot on and leaves it empty. `take` may put timers into other slots.
  template <class Take>
  void empty_slot(size_t slot, Take take) {
    used_[slot / 64] &= ~(uint64_t{1} << (slot % 64));
    for (uint32_t at = std::exchange(heads_[slot], kNone); at != kNone;) {
      for (uint32_t i = 0; i < chunks_[at].count; ++i) take(Timer(chunks_[at].timers[i]));
      const uint32_t next = chunks_[at].next;
      give_back(at);
      at = next;
    }
  }
  // A slot of a longer wheel begins: its timers move to where they belong now.
  void spread(int wheel) {
    empty_slot(slot_of(wheel, step_), [this](const Timer& timer) { put(timer); });
  }
  void collect() {
    empty_slot(slot_of(0, step_), [this](const Timer& timer) { ready_.push_back(timer); });
  }

  // The next step at which a slot that is not empty begins, of any wheel.
  int64_t next_step() const {
    int64_t best = INT64_MAX;
    for (int wheel = 0; wheel < kWheels; ++wheel) {
      const int64_t here = step_ >> (kSlotBits * wheel);
      for (size_t ahead = 1; ahead < kSlots;) {
        const size_t slot = slot_of(wheel, (here + static_cast<int64_t>(ahead)) << (kSlotBits * wheel));
        const uint64_t word = used_[slot / 64] >> (slot % 64);
        if (word == 0) {
          ahead += 64 - slot % 64;
          continue;
        }
        ahead += static_cast<size_t>(std::countr_zero(word));
        if (ahead < kSlots) best = std::min(best, (here + static_cast<int64_t>(ahead)) << (kSlotBits * wheel));
        break;
      }
    }
    return best;
  }

  std::array<uint32_t, kWheels * kSlots> heads_;
  std::array<uint64_t, kWheels * kSlots / 64> used_{};
  std::vector<Chunk> chunks_;
  uint32_t free_ = kNone;
  std::vector<Timer> ready_;               // their step has begun
  size_t size_ = 0;
  int64_t step_ = 0;
};

}  // namespace nrid
