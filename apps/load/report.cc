#include "apps/load/report.h"

#include <cstdio>
#include <nlohmann/json.hpp>

namespace nrid::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kLimits[] = {"none", "generator", "server_cpu", "kernel", "refused", "machine", "unknown"};

double ms(int64_t us) { return static_cast<double>(us) / 1000; }

Json latency_json(const Histogram& histogram) {
  return {{"count", histogram.count()}, {"p50_ms", ms(histogram.percentile_us(0.5))}, {"p90_ms", ms(histogram.percentile_us(0.9))}, {"p99_ms", ms(histogram.percentile_us(0.99))},
          {"p999_ms", ms(histogram.percentile_us(0.999))}, {"max_ms", ms(histogram.max_us())}};
}

Json rebound_json(const Rebound& rebound) {
  return {{"moves", rebound.moves}, {"back", rebound.back}, {"p50_ms", ms(rebound.away.percentile_us(0.5))}, {"p99_ms", ms(rebound.away.percentile_us(0.99))}, {"max_ms", ms(rebound.away.max_us())}};
}

// [asked, answered within a second] for each second.
Json seconds_json(const StepResult& step) {
  Json out = Json::array();
  for (size_t i = 0; i < step.asked.size(); ++i) out.push_back({step.asked[i], i < step.heard.prompt.size() ? step.heard.prompt[i] : 0});
  return out;
}

Json server_json(const ServerShare& server) {
  if (!server.known) return nullptr;
  return {{"received", server.received}, {"accepted", server.accepted}, {"kernel_dropped", server.kernel_dropped}, {"refused", server.refused}, {"thread_cpu_s", server.cpu_s}};
}

}  // namespace

std::string table_head() {
  return "   offered  answered/s   probes  answered       p50       p99     p99.9  heartbeats   lag p99   forged/s\n";
}

std::string table_row(const StepResult& step) {
  char text[256];
  const double beside = step.seconds > 0 ? static_cast<double>(step.forged + step.active_forged + step.junk) / step.seconds : 0;
  std::snprintf(text, sizeof text, "%8.0f/s %11.0f %8llu %8.3f%% %6.2f ms %6.2f ms %6.2f ms %9.2f%% %6.2f ms %10.0f%s\n", step.rate, step.answered_per_s(),
                static_cast<unsigned long long>(step.probes), step.answered_share() * 100, ms(step.heard.latency.percentile_us(0.5)), ms(step.heard.latency.percentile_us(0.99)),
                ms(step.heard.latency.percentile_us(0.999)), step.heartbeat_share() * 100, ms(step.lag.percentile_us(0.99)), beside,
                step.server.known && step.server.kernel_dropped > 0 ? "  (kernel drops)" : "");
  return text;
}

std::string to_json(const RunFacts& facts, const std::vector<StepResult>& steps, const Bend& bend) {
  Json out = {{"aircraft", facts.aircraft}, {"transport", facts.schc ? "schc" : "plain"}, {"signing", facts.live ? "live" : "before"}, {"server", facts.server}, {"steps", Json::array()}};
  for (const StepResult& step : steps) {
    Json row = {{"offered_per_s", step.rate}, {"seconds", step.seconds}, {"began_s", step.began_s}, {"scheduled", step.scheduled}, {"sent", step.sent}, {"lost_on_purpose", step.lost_on_purpose}, {"answers_lost", step.heard.answers_lost},
                {"answered_per_s", step.answered_per_s()}, {"probes", step.probes}, {"probes_answered", step.heard.answered}, {"answered_share", step.answered_share()},
                {"other_answers", step.heard.other_codes}, {"latency", latency_json(step.heard.latency)}, {"lag", latency_json(step.lag)},
                {"heartbeats", step.heard.heartbeats}, {"heartbeats_missed", step.heard.missed}, {"heartbeats_verified", step.heard.verified}, {"heartbeats_bad", step.heard.bad},
                {"forged_unknown", step.forged}, {"forged_active", step.active_forged}, {"junk", step.junk}, {"sender_cpu_s", step.sender_cpu_s}, {"own_cpu_s", step.own_cpu_s}, {"machine_cores", step.cores}, {"machine_busy_cpu_s", step.busy_cpu_s}, {"by_second", seconds_json(step)},
                {"server", server_json(step.server)}, {"judgement", judge(step).text}};
    if (step.back_to_normal_s) row["back_to_normal_s"] = *step.back_to_normal_s;
    if (step.rebound) row["rebound"] = {{"with_echo", rebound_json(step.rebound->first)}, {"without_echo", rebound_json(step.rebound->second)}};
    out["steps"].push_back(std::move(row));
  }
  out["bend"] = {{"limit", kLimits[static_cast<size_t>(bend.limit)]}, {"text", bend.text}};
  if (bend.limit != Limit::none) out["bend"]["offered_per_s"] = steps[bend.step].rate;
  return out.dump(2) + "\n";
}

}  // namespace nrid::load
