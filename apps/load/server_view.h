// What the server says of itself: /metrics over plain HTTP, as its settings give the port.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "apps/load/result.h"
#include "nrid/datagram_port.h"

namespace nrid::load {

// By name with its label, without "nrid_": "accepted_total", "refused_total{rate}", "thread_cpu_seconds{worker}".
using Metrics = std::map<std::string, double, std::less<>>;

Metrics parse_metrics(std::string_view text);
// Empty when nothing answers within a second.
std::optional<Metrics> ask_metrics(const Address& http);
ServerShare share_between(const std::optional<Metrics>& before, const std::optional<Metrics>& after);

}  // namespace nrid::load
