// What a step of load came to, as values: the report writes them, the plot draws them, the judgement compares them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/load/histogram.h"

namespace nrid::load {

// What the server says of itself (/metrics), as differences over the step. Absent when it could not be asked.
struct ServerShare {
  bool known = false;
  double received = 0, accepted = 0, kernel_dropped = 0;
  std::map<std::string, double> refused;     // by reason, those above 0
  std::map<std::string, double> cpu_s;       // by kind of thread: worker, shard, record ...; "process" is the whole
};

struct StepResult {
  double rate = 0;                           // offered: messages a second, as scheduled
  double seconds = 0;
  uint64_t scheduled = 0;
  uint64_t sent = 0;                         // what the kernel took
  uint64_t lost_on_purpose = 0;              // --loss
  Histogram lag;                             // left later than scheduled
  uint64_t probes = 0;                       // confirmable ones among them
  uint64_t answered = 0;                     // of them: 2.04 came in time
  std::map<std::string, uint64_t> other_codes;  // "4.29": answers that are none
  Histogram latency;                         // scheduled to 2.04
  uint64_t heartbeats = 0;
  uint64_t heartbeats_missed = 0;            // periods in which an aircraft heard nothing by P + 1 s
  uint64_t heartbeats_verified = 0, heartbeats_bad = 0;
  uint64_t forged = 0, active_forged = 0, junk = 0;  // sent
  std::optional<double> back_to_normal_s;    // after a storm
  double sender_cpu_s = 0, own_cpu_s = 0;
  double cores = 0, busy_cpu_s = 0;          // of this machine, when the server is on it too; 0: unknown
  ServerShare server;

  double answered_share() const { return probes == 0 ? 1 : static_cast<double>(answered) / static_cast<double>(probes); }
  double heartbeat_share() const {
    const uint64_t all = heartbeats + heartbeats_missed;
    return all == 0 ? 1 : static_cast<double>(heartbeats) / static_cast<double>(all);
  }
  // Messages a second that the server took: as it says itself, else by the share of the probes.
  double answered_per_s() const;
};

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
