// Virtual time: a queue of what happens when, in one order that the seed alone decides. True time counts microseconds from
// the beginning of the simulation; every party has its own clock, which is offset, drifts and gets stepped (R-044, T16, T17).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace nrid::sim {

using Time = Duration;                 // since the beginning

class Timeline {
 public:
  using Deed = std::function<void()>;

  Time now() const { return now_; }
  size_t pending() const { return heap_.size(); }
  uint64_t done() const { return done_; }

  void at(Time when, Deed deed) {
    heap_.push_back({std::max(when, now_), next_++, std::move(deed)});
    std::push_heap(heap_.begin(), heap_.end());
  }
  void after(Duration wait, Deed deed) { at({now_.us + wait.us}, std::move(deed)); }

  // Up to and with `end`, or until `go_on` is false; time then stands at `end`, or at what stopped it.
  template <class GoOn>
  void run_until(Time end, GoOn go_on) {
    while (!heap_.empty() && heap_.front().when <= end) {
      std::pop_heap(heap_.begin(), heap_.end());
      Event event = std::move(heap_.back());
      heap_.pop_back();
      now_ = event.when;
      ++done_;
      event.deed();
      if (!go_on()) return;
    }
    now_ = end;
  }

 private:
  struct Event {
    Time when;
    uint64_t number = 0;               // equal times keep the order in which they were asked for
    Deed deed;
    bool operator<(const Event& o) const { return when != o.when ? o.when < when : o.number < number; }
  };
  Time now_;
  uint64_t next_ = 0;
  uint64_t done_ = 0;
  std::vector<Event> heap_;
};

// Fast and seeded (splitmix64), one stream per purpose, so that one party's draws do not move another's.
class Dice final : public Random {
 public:
  explicit Dice(uint64_t seed) : state_(seed) {}
  Dice(uint64_t seed, uint64_t stream) : state_(seed * 0x9e3779b97f4a7c15u ^ (stream + 1) * 0xd1342543de82ef95u) { static_cast<void>(next()); }
  void fill(std::span<uint8_t> out) override {
    for (size_t i = 0; i < out.size(); i += 8) {
      const uint64_t value = next();
      for (size_t j = i; j < std::min(i + 8, out.size()); ++j) out[j] = static_cast<uint8_t>(value >> (8 * (j - i)));
    }
  }
  bool chance(double share) { return share > 0 && static_cast<double>(next() >> 11) * 0x1.0p-53 < share; }
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(next() % static_cast<uint64_t>(high - low + 1)); }
  int64_t between(int low, int high) { return between(int64_t{low}, int64_t{high}); }
  double between(double low, double high) { return low + (high - low) * (static_cast<double>(next() >> 11) * 0x1.0p-53); }
  Duration between(Duration low, Duration high) { return {between(low.us, high.us)}; }

 private:
  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15u;
    uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  uint64_t state_;
};

class PartyClock final : public Clock {
 public:
  PartyClock(const Timeline& timeline, Instant begin) : timeline_(timeline), begin_(begin) {}
  Now now() const override {
    const int64_t gone = elapsed(timeline_.now());
    return {Instant{begin_.us + skew_.us + gone}, Tick{kFirstTick + gone}};
  }
  // The first moment of true time at which this clock's monotonic count has reached `tick`.
  Time when(Tick tick) const {
    const int64_t wanted = tick.us - kFirstTick;
    int64_t us = wanted - wanted * drift_ppm_ / (1'000'000 + drift_ppm_) - 2;
    while (elapsed({us}) < wanted) ++us;
    return {us};
  }
  void set_skew(Duration skew) { skew_ = skew; }
  void set_drift(int64_t ppm) { drift_ppm_ = ppm; }  // before anything reads the clock
  void step(Duration by) { skew_ = {skew_.us + by.us}; }
  Duration skew() const { return skew_; }

 private:
  static constexpr int64_t kFirstTick = 1'000'000'000;
  int64_t elapsed(Time at) const { return at.us + at.us * drift_ppm_ / 1'000'000; }
  const Timeline& timeline_;
  Instant begin_;
  Duration skew_;
  int64_t drift_ppm_ = 0;
};

}  // namespace nrid::sim
