#include "tests/sim/faults.h"

#include <cstdio>

namespace nrid::sim {
namespace {

constexpr FaultRow kRows[] = {
    // name                 unit        from   to     share  field
    {"loss",                "",         0.01,  0.30,  0.55,  &Faults::loss},
    {"duplicate",           "",         0.01,  0.50,  0.40,  &Faults::duplicate},
    {"corrupt",             "",         0.01,  0.30,  0.30,  &Faults::corrupt},
    {"reorder",             "",         0.05,  0.50,  0.45,  &Faults::reorder},
    {"reorder_s",           "s",        0.5,   5.0,   1.00,  &Faults::reorder_s},
    {"latency",             "ms",       1.0,   150.0, 1.00,  &Faults::latency_ms},
    {"rebind",              "s",        1.0,   5.0,   0.30,  &Faults::rebind_s},
    {"blackout",            "per min",  0.1,   2.0,   0.30,  &Faults::blackout_per_min},
    {"clog",                "per min",  0.1,   3.0,   0.30,  &Faults::clog_per_min},
    {"one_way",             "per min",  0.1,   2.0,   0.25,  &Faults::one_way_per_min},
    {"replay",              "",         0.01,  0.50,  0.45,  &Faults::replay},
    {"race",                "",         0.01,  0.20,  0.25,  &Faults::race},
    {"spoof",               "",         0.10,  0.90,  0.50,  &Faults::spoof},       // of the replays: from the victim's address
    {"elsewhere",           "",         0.05,  0.50,  0.40,  &Faults::elsewhere},   // of the replays: to another provider
    {"hold_back",           "",         0.01,  0.10,  0.20,  &Faults::hold_back},   // dropped, and played later from elsewhere
    {"forge",               "per s",    0.2,   5.0,   0.35,  &Faults::forge_per_s},
    {"insider",             "per s",    0.05,  0.5,   0.25,  &Faults::insider_per_s},
    {"skewed",              "",         0.05,  0.30,  0.35,  &Faults::skewed},      // share of parties with a wrong clock
    {"skew",                "s",        1.0,   300.0, 1.00,  &Faults::skew_s},
    {"drift",               "ppm",      1.0,   200.0, 0.60,  &Faults::drift_ppm},
    {"clock_step",          "per min",  0.1,   1.0,   0.20,  &Faults::step_per_min},
    {"step",                "s",        0.5,   10.0,  1.00,  &Faults::step_s},
    {"redirect",            "per min",  0.2,   3.0,   0.50,  &Faults::redirect_per_min},
    {"crash",               "per min",  0.1,   1.0,   0.35,  &Faults::crash_per_min},
    {"disk_error",          "",         0.001, 0.10,  0.25,  &Faults::disk_error},
    {"disk_stall",          "per min",  0.1,   1.0,   0.20,  &Faults::disk_stall_per_min},
    {"gateway_crash",       "per min",  0.05,  0.3,   0.20,  &Faults::gateway_crash_per_min},
    {"dns_slow",            "",         0.05,  0.80,  0.30,  &Faults::dns_slow},
    {"dns_dead",            "",         0.05,  0.60,  0.20,  &Faults::dns_dead},
    {"dns_servfail",        "",         0.05,  0.60,  0.20,  &Faults::dns_servfail},
    {"dns_poison",          "",         0.05,  0.50,  0.25,  &Faults::dns_poison},
};

}  // namespace

std::span<const FaultRow> fault_rows() { return kRows; }

Faults draw_faults(uint64_t seed) {
  Dice dice(seed, 1);
  Faults out;
  for (const FaultRow& row : kRows) {
    const bool has = dice.chance(row.share);
    const double value = dice.between(row.low, row.high);  // drawn always: a share that changes moves no other row
    if (has) out.*row.value = value;
  }
  return out;
}

std::string to_text(const Faults& faults) {
  std::string out;
  for (const FaultRow& row : kRows) {
    if (faults.*row.value == 0) continue;
    char text[96];
    std::snprintf(text, sizeof text, "%s%.*s %.3g%s%.*s", out.empty() ? "" : ", ", static_cast<int>(row.name.size()), row.name.data(),
                  faults.*row.value, row.unit.empty() ? "" : " ", static_cast<int>(row.unit.size()), row.unit.data());
    out += text;
  }
  return out.empty() ? "none" : out;
}

}  // namespace nrid::sim
