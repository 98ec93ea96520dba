// Time as an argument. An Instant is wall time, in microseconds since the Unix epoch, for what is signed or shown;
// a Tick is monotonic microseconds, for timers, which must not jump when an operator sets the clock. Both are read
// once per batch, so that one batch sees one moment (design: time, randomness, network and disk are arguments).
#pragma once

#include <compare>
#include <cstdint>

namespace nrid {

struct Duration {
  int64_t us = 0;
  constexpr auto operator<=>(const Duration&) const = default;
  constexpr Duration operator*(int64_t n) const { return {us * n}; }
  constexpr int64_t seconds() const { return us / 1'000'000; }
  constexpr int64_t ms() const { return us / 1000; }
};
constexpr Duration seconds(int64_t n) { return {n * 1'000'000}; }
constexpr Duration milliseconds(int64_t n) { return {n * 1000}; }

struct Instant {
  int64_t us = 0;
  constexpr auto operator<=>(const Instant&) const = default;
  constexpr int64_t seconds() const { return us >= 0 ? us / 1'000'000 : -((999'999 - us) / 1'000'000); }  // floor
  constexpr Instant operator+(Duration d) const { return {us + d.us}; }
  constexpr Instant operator-(Duration d) const { return {us - d.us}; }
  constexpr Duration operator-(Instant o) const { return {us - o.us}; }
};
constexpr Instant at_second(int64_t unix_seconds) { return {unix_seconds * 1'000'000}; }

struct Tick {
  int64_t us = 0;
  constexpr auto operator<=>(const Tick&) const = default;
  constexpr Tick operator+(Duration d) const { return {us + d.us}; }
  constexpr Tick operator-(Duration d) const { return {us - d.us}; }
  constexpr Duration operator-(Tick o) const { return {us - o.us}; }
};
constexpr Tick kNever{INT64_MAX};

struct Now {
  Instant wall;
  Tick tick;
};

// Safe to call from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

class SystemClock final : public Clock {  // CLOCK_REALTIME and CLOCK_MONOTONIC
 public:
  Now now() const override;
};

class ManualClock final : public Clock {  // tests and simulation; one thread
 public:
  explicit ManualClock(Instant wall) : now_{wall, Tick{1'000'000'000}} {}
  Now now() const override { return now_; }
  void advance(Duration d) { now_ = {now_.wall + d, now_.tick + d}; }
  void step_wall(Duration d) { now_.wall = now_.wall + d; }  // an operator sets the clock

 private:
  Now now_;
};

// DRIP and F3411 count seconds from 2019-01-01T00:00:00Z (RFC 9575 section 3.1).
inline constexpr int64_t kEpoch2019 = 1'546'300'800;

}  // namespace nrid
