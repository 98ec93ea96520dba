// The simulation's command: one seed, a range of seeds, or the speed figure. A failing seed prints what was drawn, what broke,
// and the command that replays it. Exit 0 when every seed held.
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/world.h"

namespace nrid::sim {
namespace {

struct Arguments {
  uint64_t first = 0, count = 0;
  bool verbose = false, speed = false, shrink = false, summary = false;
  bool trace = false;
  std::string until;                   // stop at the first seed that breaks one of these laws: "R-022|journal"
  int real = -1;
  std::vector<std::string> without;
  std::string program;
};

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
double cpu_s() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void take_away(Plan& plan, const std::vector<std::string>& names) {
  for (const FaultRow& row : fault_rows()) {
    for (const std::string& name : names) {
      if (name == row.name) plan.faults.*row.value = 0;
    }
  }
}

Plan plan_of(const Arguments& arguments, uint64_t seed) {
  Plan plan = draw_plan(seed);
  plan.verbose = arguments.verbose;
  plan.trace = arguments.trace;
  if (arguments.real >= 0) plan.real_signatures = arguments.real > 0;
  take_away(plan, arguments.without);
  return plan;
}

// Which faults does the failure need? Takes away one after the other as long as the same law still breaks.
std::vector<std::string> shrink(const Arguments& arguments, uint64_t seed, const std::string& law) {
  Arguments less = arguments;
  less.verbose = false;
  for (const FaultRow& row : fault_rows()) {
    if (plan_of(less, seed).faults.*row.value == 0) continue;
    less.without.emplace_back(row.name);
    World world(plan_of(less, seed));
    world.run();
    if (!world.violation() || world.violation()->law != law) less.without.pop_back();
  }
  return less.without;
}

void print_summary(const World::Summary& s) {
  std::printf("  %lu events, %lu datagrams, %lu accepted, %lu Heartbeats, %lu flights, %lu completed, %lu attacks, fingerprint %016lx\n", s.events,
              s.datagrams, s.accepted, s.heartbeats, s.flights, s.completed, s.attacks, s.fingerprint);
  for (const CounterInfo& row : kCounters) {
    if (s.totals.get(row.counter) != 0) std::printf("  %s %lu\n", std::string(row.name).c_str(), s.totals.get(row.counter));
  }
  for (const ErrorInfo& row : kErrors) {
    if (s.totals.get(row.error) != 0) std::printf("  refused %s %lu\n", std::string(row.counter).c_str(), s.totals.get(row.error));
  }
}

bool is_one_of(const std::string& laws, const std::string& law) { return !law.empty() && ("|" + laws + "|").find("|" + law + "|") != std::string::npos; }

// The law that broke, or nothing.
std::string run_seed(const Arguments& arguments, uint64_t seed) {
  const Plan plan = plan_of(arguments, seed);
  World world(plan);
  world.run();
  if (arguments.summary) print_summary(world.summary());
  if (!world.violation()) return "";
  std::printf("seed %lu broke %s at %.3f s: %s\n", seed, world.violation()->law.c_str(), static_cast<double>(world.violation()->at.us) * 1e-6, world.violation()->what.c_str());
  std::printf("  %d providers, %d flights, %s signatures; faults: %s\n", plan.providers, plan.flights, plan.real_signatures ? "real" : "hashed", to_text(plan.faults).c_str());
  std::string command = arguments.program + " --seed " + std::to_string(seed);
  if (arguments.real >= 0) command += arguments.real > 0 ? " --real" : " --hashed";
  const auto without = arguments.shrink ? shrink(arguments, seed, world.violation()->law) : arguments.without;
  for (const std::string& name : without) command += " --without " + name;
  std::printf("  replay: %s --verbose\n", command.c_str());
  std::fflush(stdout);
  return world.violation()->law;
}

int run_speed(const Arguments& arguments) {
  Plan plan = quiet_plan(1, 1, 100);
  plan.even = true;
  plan.real_signatures = arguments.real > 0;
  World world(plan);
  const double begin = now_s(), cpu_begin = cpu_s();
  world.run();
  const double took = now_s() - begin, cpu = cpu_s() - cpu_begin;
  const auto summary = world.summary();
  print_summary(summary);
  std::printf("speed: %d flights, %ld simulated s in %.2f s of one core (%.2f s by the clock): %.0f x real time, %.1f us per datagram, %s signatures\n", plan.flights,
              plan.length.seconds(), cpu, took, static_cast<double>(plan.length.seconds()) / cpu, cpu * 1e6 / static_cast<double>(summary.datagrams), plan.real_signatures ? "real" : "hashed");
  if (world.violation()) std::printf("broke %s: %s\n", world.violation()->law.c_str(), world.violation()->what.c_str());
  return world.violation() ? 1 : 0;
}

const char kUsage[] =
    "usage: simulate --seed N [--verbose | --trace] [--shrink] [--without FAULT ...] [--real | --hashed] [--summary]\n"
    "       simulate --seeds FIRST COUNT [--shrink] [--until LAW|LAW]\n"
    "       simulate --speed [--real]\n";

bool parse(int count, char** words, Arguments& out) {
  out.program = words[0];
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const int left = count - 1 - i;
    if (word == "--verbose") out.verbose = true;
    else if (word == "--trace") out.trace = true;
    else if (word == "--until" && left >= 1) out.until = words[++i];
    else if (word == "--shrink") out.shrink = true;
    else if (word == "--summary") out.summary = true;
    else if (word == "--speed") out.speed = true;
    else if (word == "--real") out.real = 1;
    else if (word == "--hashed") out.real = 0;
    else if (word == "--without" && left >= 1) out.without.emplace_back(words[++i]);
    else if (word == "--seed" && left >= 1) { out.first = std::strtoull(words[++i], nullptr, 10); out.count = 1; }
    else if (word == "--seeds" && left >= 2) { out.first = std::strtoull(words[++i], nullptr, 10); out.count = std::strtoull(words[++i], nullptr, 10); }
    else return false;
  }
  return out.speed || out.count > 0;
}

}  // namespace
}  // namespace nrid::sim

int main(int count, char** words) {
  using namespace nrid::sim;
  Arguments arguments;
  if (!parse(count, words, arguments)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  if (arguments.speed) return run_speed(arguments);
  uint64_t failed = 0;
  for (uint64_t i = 0; i < arguments.count; ++i) {
    const std::string law = run_seed(arguments, arguments.first + i);
    failed += law.empty() ? 0 : 1;
    if (is_one_of(arguments.until, law)) break;
  }
  std::printf("%lu seeds, %lu broke a law\n", arguments.count, failed);
  return failed == 0 ? 0 : 1;
}
