// What people and machines read of a run: a table, JUnit XML, packets as hex; and what is in the tool, before any run.
#pragma once

#include <span>

#include "apps/conform/runner.h"

namespace nrid::conform {

std::string table_of(std::span<const Outcome> outcomes);
// The packets of failed cases, each a line that `nrid show` explains.
std::string packets_of_failed(std::span<const Outcome> outcomes);
std::string junit_of(std::span<const Outcome> outcomes, Duration took);
// DIR/C-022b.txt for every case that was run.
Status write_evidence(const std::string& folder, std::span<const Outcome> outcomes);

std::string list_of(std::span<const std::pair<Role, Case>> cases, bool with_steps);
// "R-022 C-022a sp" lines, and "R-112 not observable: reason": docs/standards.md is checked against it.
std::string requirement_table();

}  // namespace nrid::conform
