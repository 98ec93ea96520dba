// What a step of load came to, as values: the report writes them, the plot draws them, the judgement compares them.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/load/histogram.h"
#include "base/clock.h"

namespace nrid::load {

// What the server says of itself (/metrics), as differences over the step. Absent when it could not be asked.
struct ServerShare {
  bool known = false;
  double received = 0, accepted = 0, kernel_dropped = 0;
  std::map<std::string, double> refused;     // by reason, those above 0
  std::map<std::string, double> cpu_s;       // by kind of thread: worker, shard, record ...; "process" is the whole
};

struct Heard {                               // of the aircraft together, since the last Traffic::take()
  uint64_t answered = 0, late = 0;           // probes with a 2.04; late: after kAnswerMax
  uint64_t answers_lost = 0;                 // on purpose, to probes; nobody is judged by these
  Histogram latency;                         // scheduled to 2.04
  std::map<std::string, uint64_t> other_codes;  // "4.29": answers that are none
  uint64_t heartbeats = 0;
  uint64_t missed = 0;                       // periods in which an aircraft heard no Heartbeat by P + 1 s
  uint64_t verified = 0, bad = 0;            // Heartbeats whose signature was judged
  Tick worst_asked;                          // when the newest probe that took over a second was to leave
  std::vector<uint32_t> prompt;              // probes answered within a second, by the second of the step in which they were to leave
};

// Aircraft that changed their address: how long until the first 2.04 at the new one.
struct Rebound {
  uint64_t moves = 0, back = 0;              // back: before the next move
  Histogram away;                            // who was not back counts with all that time
};

struct StepResult {
  double rate = 0;                           // offered: messages a second, as scheduled
  double seconds = 0;
  double began_s = 0;                        // Unix time
  uint64_t scheduled = 0;
  uint64_t sent = 0;                         // what the kernel took
  uint64_t lost_on_purpose = 0;              // --loss
  uint64_t stormed = 0;                      // aircraft that repeated themselves after an outage
  Histogram lag;                             // left later than scheduled
  uint64_t probes = 0;                       // confirmable ones among them
  std::vector<uint32_t> asked;               // they, by second of the step
  Heard heard;
  uint64_t forged = 0, active_forged = 0, junk = 0;  // sent
  std::optional<double> back_to_normal_s;    // after a storm
  std::optional<std::pair<Rebound, Rebound>> rebound;  // with the Echo option, without it
  double sender_cpu_s = 0, own_cpu_s = 0;
  double cores = 0, busy_cpu_s = 0;          // of this machine, when the server is on it too; 0: unknown
  ServerShare server;

  double answered_share() const {
    const uint64_t judged = probes - std::min(probes, heard.answers_lost);
    return judged == 0 ? 1 : static_cast<double>(heard.answered) / static_cast<double>(judged);
  }
  // What was cut off on purpose, Heartbeats among it, says nothing about the server.
  bool cut_off() const { return lost_on_purpose + heard.answers_lost > 0 || back_to_normal_s.has_value(); }
  double heartbeat_share() const {
    const uint64_t all = heard.heartbeats + heard.missed;
    return all == 0 ? 1 : static_cast<double>(heard.heartbeats) / static_cast<double>(all);
  }
  // Messages a second that the server took: as it says itself, else by the share of the probes.
  double answered_per_s() const;
};

// One more in the second of the step at `offset`.
inline void count_in_second(std::vector<uint32_t>& seconds, Duration offset) {
  const auto second = static_cast<size_t>(std::max<int64_t>(0, offset.us) / 1'000'000);
  if (seconds.size() <= second) seconds.resize(second + 1);
  ++seconds[second];
}

enum class Limit : uint8_t { none, generator, server_cpu, kernel, refused, machine, unknown };
struct Bend {
  Limit limit = Limit::none;
  size_t step = 0;                           // the first one past the bend
  std::string text;                          // one sentence with the figures
};
// Where the curve bends, and what bends it.
Bend find_bend(const std::vector<StepResult>& steps);
// Why this step is not as it should be; Limit::none when it is.
Bend judge(const StepResult& step);

inline constexpr double kAnsweredGood = 0.999;        // resilience: answered >= 99.9 %

}  // namespace nrid::load
