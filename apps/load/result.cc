#include "apps/load/result.h"

#include <algorithm>
#include <cstdio>

namespace nrid::load {
namespace {

constexpr int64_t kLagBad_us = 20'000;                // p99; later than this it is our delay that we measure
constexpr double kSentGood = 0.999;
constexpr double kBusy = 0.9;                         // of one core
constexpr double kSlower = 10;                        // p99 against the first step's

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f %%", share * 100);
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.0f", value);
  return text;
}

double accepted_share(const StepResult& step) {
  const double wanted = static_cast<double>(step.sent + step.stormed);
  return !step.server.known || wanted == 0 ? 1 : step.server.accepted / wanted;
}

// The busiest kind of thread; the whole process only when nothing finer is known.
std::pair<std::string, double> busiest(const StepResult& step) {
  std::pair<std::string, double> most{"process", 0};
  for (const auto& [name, cpu] : step.server.cpu_s) {
    if (name != "process" && cpu > most.second) most = {name, cpu};
  }
  const auto whole = step.server.cpu_s.find("process");
  if (most.second == 0 && whole != step.server.cpu_s.end()) most.second = whole->second;
  return {most.first, step.seconds > 0 ? most.second / step.seconds : 0};
}

}  // namespace

double StepResult::answered_per_s() const {
  if (seconds <= 0) return 0;
  if (server.known) return server.accepted / seconds;
  return static_cast<double>(sent) * answered_share() / seconds;
}

Bend judge(const StepResult& step) {
  const double sent_share = step.scheduled == 0 ? 1 : static_cast<double>(step.sent + step.lost_on_purpose) / static_cast<double>(step.scheduled);
  const bool late = step.lag.percentile_us(0.99) > kLagBad_us;
  const bool missing = step.answered_share() < kAnsweredGood || (!step.cut_off() && step.heartbeat_share() < kAnsweredGood) || accepted_share(step) < kAnsweredGood;
  const std::string at = "at " + number(step.rate) + "/s ";
  if (late || sent_share < kSentGood) {
    const double own = step.seconds > 0 ? step.sender_cpu_s / step.seconds : 0;
    return {Limit::generator, 0, at + "the generator itself is the limit: " + percent(sent_share) + " left, lag p99 " + number(static_cast<double>(step.lag.percentile_us(0.99)) / 1000) +
                                     " ms, its sender used " + percent(own) + " of a core; the figures of this step say nothing about the server"};
  }
  if (!missing) return {};
  const auto [thread, share] = busiest(step);
  const std::string answered = percent(std::min({step.answered_share(), accepted_share(step), step.cut_off() ? 1 : step.heartbeat_share()})) + " answered";
  if (share >= kBusy) {
    return {Limit::server_cpu, 0, at + answered + ": the server's processor is the limit, " + thread + " threads used " + percent(share) + " of a core" +
                                      (step.server.kernel_dropped > 0 ? ", and the kernel dropped " + number(step.server.kernel_dropped) + " datagrams before it" : "")};
  }
  const auto worst = std::max_element(step.server.refused.begin(), step.server.refused.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  const double refused = worst == step.server.refused.end() ? 0 : worst->second;
  if (step.server.kernel_dropped > 0 && step.server.kernel_dropped >= refused) {
    return {Limit::kernel, 0, at + answered + ": the kernel dropped " + number(step.server.kernel_dropped) + " datagrams at the server's sockets, whose " + thread + " threads used only " + percent(share) + " of a core"};
  }
  if (refused > 0) return {Limit::refused, 0, at + answered + ": the server refused " + number(refused) + " as " + worst->first};
  if (step.cores > 0 && step.busy_cpu_s >= kBusy * step.cores * step.seconds) {
    const auto process = step.server.cpu_s.find("process");
    const double server = process == step.server.cpu_s.end() ? 0 : process->second;
    const auto of_machine = [&](double cpu) { return number(cpu / (step.cores * step.seconds) * 100) + " %"; };
    return {Limit::machine, 0, at + answered + ": this machine is full; of its " + number(step.cores) + " cores the server used " + of_machine(server) + ", this generator " + of_machine(step.own_cpu_s) + ", others " +
                                   of_machine(std::max(0.0, step.busy_cpu_s - server - step.own_cpu_s))};
  }
  return {Limit::unknown, 0, at + answered + ", and the server does not say why"};
}

Bend find_bend(const std::vector<StepResult>& steps) {
  for (size_t i = 0; i < steps.size(); ++i) {
    Bend bend = judge(steps[i]);
    const int64_t first = steps[0].heard.latency.percentile_us(0.99), here = steps[i].heard.latency.percentile_us(0.99);
    if (bend.limit == Limit::none && i > 0 && first > 0 && static_cast<double>(here) > kSlower * static_cast<double>(first)) {
      const auto [thread, share] = busiest(steps[i]);
      bend = {share >= kBusy ? Limit::server_cpu : Limit::unknown, 0,
              "at " + number(steps[i].rate) + "/s everything is answered, but p99 rose from " + number(static_cast<double>(first) / 1000) + " to " + number(static_cast<double>(here) / 1000) + " ms" +
                  (steps[i].server.known ? "; the busiest threads, " + thread + ", used " + percent(share) + " of a core" : "")};
    }
    if (bend.limit == Limit::none) continue;
    bend.step = i;
    return bend;
  }
  return {};
}

}  // namespace nrid::load
