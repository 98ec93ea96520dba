// What goes wrong in one run: every kind of fault is a row with its range and the share of the seeds that have it at all, so that
// some seeds show one fault alone and some all of them together (ranges: FoundationDB, TigerBeetle's VOPR and the QUIC
// interop runner's).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "tests/sim/timeline.h"

namespace nrid::sim {

struct Faults {
  // the network, each datagram
  double loss = 0, duplicate = 0, corrupt = 0, reorder = 0, reorder_s = 0;
  double latency_ms = 5;
  // the network, episodes
  double rebind_s = 0, blackout_per_min = 0, clog_per_min = 0, one_way_per_min = 0;
  // the attacker
  double replay = 0, race = 0, spoof = 0, elsewhere = 0, forge_per_s = 0, insider_per_s = 0, hold_back = 0;
  // clocks
  double skewed = 0, skew_s = 0, drift_ppm = 0, step_per_min = 0, step_s = 0;
  // providers, their disks, and gateways
  double redirect_per_min = 0, crash_per_min = 0, disk_error = 0, disk_stall_per_min = 0, gateway_crash_per_min = 0;
  // DNS, each question
  double dns_slow = 0, dns_dead = 0, dns_servfail = 0, dns_poison = 0;
};

struct FaultRow {
  std::string_view name;
  std::string_view unit;
  double low, high;                    // uniform between
  double share;                        // of the seeds
  double Faults::*value;
};
std::span<const FaultRow> fault_rows();

Faults draw_faults(uint64_t seed);
std::string to_text(const Faults& faults);   // "loss 0.21, rebind 3.2 s, ..."; what is zero is left out

}  // namespace nrid::sim
