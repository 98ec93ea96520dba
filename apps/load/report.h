// What people and programs read of a run: a line for each step, JSON, and a plot.
#pragma once

#include <string>
#include <vector>

#include "apps/load/result.h"

namespace nrid::load {

std::string table_head();
std::string table_row(const StepResult& step);
// One object: "aircraft", "transport", "signing", "steps": [...], "bend": {...}.
struct RunFacts {
  size_t aircraft = 0;
  bool schc = false, live = false;
  std::string server;                      // its address
};
std::string to_json(const RunFacts& facts, const std::vector<StepResult>& steps, const Bend& bend);
// SVG: offered load against what was answered, and below it p50, p99 and p99.9 (logarithmic). Needs no other program.
std::string to_svg(const std::vector<StepResult>& steps, const Bend& bend);

}  // namespace nrid::load
