#include "nrid/held_clock.h"

#include <cstdlib>

namespace nrid {
namespace {

int64_t offset_of(Now now) { return now.wall.us - now.tick.us; }

}  // namespace

HeldClock::HeldClock(const Clock& machine) : machine_(machine), offset_us_(offset_of(machine.now())) {}

void HeldClock::watch(std::function<uint64_t()> accepted, std::function<void(Event, Duration)> tell) {
  accepted_ = std::move(accepted);
  tell_ = std::move(tell);
}

Now HeldClock::now() const {
  const Now machine = machine_.now();
  const int64_t ahead = offset_of(machine) - offset_us_.load(std::memory_order_relaxed);
  if (std::abs(ahead) > kStep.us || doubt_us_.load(std::memory_order_relaxed) != 0) return in_doubt(machine);
  offset_us_.store(offset_of(machine), std::memory_order_relaxed);  // slewing is followed
  return machine;
}

Now HeldClock::in_doubt(Now machine) const {
  const std::lock_guard lock(mutex_);
  const int64_t offset = offset_us_.load(std::memory_order_relaxed);
  const Duration ahead{offset_of(machine) - offset};
  const int64_t before = doubt_us_.load(std::memory_order_relaxed);
  if (std::abs(ahead.us) <= kStep.us) {
    doubt_us_.store(0, std::memory_order_relaxed);
    if (before != 0) tell_(Event::returned, ahead);
  } else if (before == 0 || std::abs(ahead.us - before) > kStep.us) {
    doubt_us_.store(ahead.us, std::memory_order_relaxed);
    since_ = machine.tick;
    accepted_before_ = accepted_();
    tell_(Event::stepped, ahead);
  } else if (machine.tick - since_ >= kDoubt) {
    const uint64_t accepted = accepted_();
    if (accepted == accepted_before_) {
      offset_us_.store(offset_of(machine), std::memory_order_relaxed);
      doubt_us_.store(0, std::memory_order_relaxed);
      tell_(Event::adopted, ahead);
      return machine;
    }
    since_ = machine.tick;
    accepted_before_ = accepted;
    tell_(Event::confirmed, ahead);
  }
  return {Instant{machine.tick.us + offset}, machine.tick};
}

}  // namespace nrid
