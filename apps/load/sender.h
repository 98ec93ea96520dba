// The sender's thread: sleeps until the next message is due, then sends all that are, in one system call for each socket.
#pragma once

#include <functional>

#include "apps/load/plan.h"
#include "apps/load/result.h"

namespace nrid::load {

struct Outage {                            // nothing leaves and nothing is heard; then every aircraft repeats itself
  // From a quarter of the step on, for `seconds_long`.
  static Outage within(Duration step, double seconds_long) {
    if (seconds_long <= 0) return {};
    const Duration from{step.us / 4};
    return {from, {from.us + static_cast<int64_t>(seconds_long * 1e6)}};
  }
  static constexpr int kCopies = 5;        // the message and its four resends
  Duration from = {}, until = {};
  bool any() const { return until > from; }
};

struct SenderParts {
  Traffic& traffic;
  const Maker& maker;
  const Clock& clock;
  Address target;
};

// Returns when the last message has left. Adds to scheduled, sent, lost_on_purpose, lag, probes and sender_cpu_s.
void send_step(const SenderParts& parts, const StepPlan& plan, const Outage& outage, StepResult& result);

// Each aircraft makes itself known: its Link, then the start set, until the provider misses nothing. `told` hears how many fly.
Status start_flights(const SenderParts& parts, size_t fliers, double per_s, const std::function<void(size_t)>& told);

}  // namespace nrid::load
