// The lines that an operator reads at start and end.
#pragma once

#include "apps/server/provider.h"

namespace nrid::provider {

void report_ready(const Provider& provider);
void report_stopped(const CounterTotals& totals, size_t parked);

}  // namespace nrid::provider
