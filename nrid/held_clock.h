// The server's time when somebody sets the machine's clock (resilience.md T17). Timers run on ticks and feel nothing; but tokens are
// judged by the wall, and an hour forward would make every aircraft's token expired and every flight lost. So a step of more
// than a second is not followed: time goes on as it was, the operator is told, and what happens next decides. Reports that are
// accepted by the held time confirm it (the gateways' clocks agree with it), and it is held on; after a minute without any
// the new time is taken. We go on signing meanwhile: a missing Heartbeat lands aircraft, and the held time is as true as it
// was a second before the step.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>

#include "base/clock.h"

namespace nrid {

class HeldClock final : public Clock {  // any thread
 public:
  static constexpr Duration kStep = seconds(1);
  static constexpr Duration kDoubt = seconds(60);
  enum class Event : uint8_t { stepped, confirmed, adopted, returned };

  explicit HeldClock(const Clock& machine);  // borrowed
  // Before threads run: how many reports have been accepted so far, and whom to tell by how much the machine is ahead of us.
  void watch(std::function<uint64_t()> accepted, std::function<void(Event, Duration)> tell);

  Now now() const override;
  // By how much the machine's clock is ahead of the held time; zero when they agree.
  Duration doubt() const { return {doubt_us_.load(std::memory_order_relaxed)}; }

 private:
  Now in_doubt(Now machine) const;

  const Clock& machine_;
  std::function<uint64_t()> accepted_ = [] { return uint64_t{0}; };
  std::function<void(Event, Duration)> tell_ = [](Event, Duration) {};
  mutable std::atomic<int64_t> offset_us_;    // wall minus tick, as we hold it
  mutable std::atomic<int64_t> doubt_us_ = 0;
  mutable std::mutex mutex_;
  mutable Tick since_;
  mutable uint64_t accepted_before_ = 0;
};

}  // namespace nrid
