#include "apps/server/reports.h"

#include "base/log.h"

namespace nrid::provider {

void report_ready(const Provider& provider) {
  const ServerSettings& server = provider.plan().server;
  log_event("listening", {{"transport", "plain"}, {"udp", to_text(server.plain)}, {"sockets", server.workers}});
  log_event("listening", {{"transport", "schc"}, {"udp", to_text(server.schc)}, {"sockets", server.workers}, {"rules", server.rules_file}});
  log_event("listening", {{"transport", "http"}, {"url", "http://" + provider.plan().http.address + ":" + std::to_string(provider.http_port()) + "/"}});
  log_event("ready", {{"version", NRID_VERSION}, {"det", to_text(server.setup.det)}, {"verifier", provider.verifier()}});
}

// The conservation law in one line: received == accepted + control + duplicate + parked + refused.
void report_stopped(const CounterTotals& totals, size_t parked) {
  log_event("stopped", {{"received", totals.get(Counter::received)}, {"accepted", totals.get(Counter::accepted)},
                        {"control", totals.get(Counter::control)}, {"duplicate", totals.get(Counter::duplicate)}, {"parked", parked},
                        {"refused", totals.refused_sum()}, {"sent", totals.get(Counter::sent)},
                        {"heartbeats", totals.get(Counter::heartbeat_sent) + totals.get(Counter::heartbeat_timed)}});
}

}  // namespace nrid::provider
