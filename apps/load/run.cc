#include "apps/load/run.h"

#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <thread>

#include "apps/load/attack.h"
#include "apps/load/rebind.h"
#include "apps/load/report.h"
#include "apps/load/sender.h"
#include "apps/load/server_view.h"
#include "base/file.h"
#include "nrid/dns_responder.h"

namespace nrid::load {
namespace {

constexpr Duration kBetween = seconds(4);              // steps: the last answers, and what the server says
constexpr Duration kLateMax = seconds(30);             // signed ahead, a token of 60 s lives that long
constexpr double kSigningSlack = 1.4;
constexpr uint32_t kTtl_s = 86'400;                    // longer than a run: what a server learned from a Link lives no longer than its registry's records

double cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto sum = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6; };
  return sum(usage.ru_utime) + sum(usage.ru_stime);
}

// Seconds of processor that all of this machine used since its start.
double machine_cpu_s() {
  const auto text = read_file("/proc/stat", 1 << 20);
  std::array<unsigned long long, 8> row{};             // user nice system idle iowait irq softirq steal
  if (!text.ok() || std::sscanf(text->c_str(), "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &row[0], &row[1], &row[2], &row[3], &row[4], &row[5], &row[6], &row[7]) != 8) return 0;
  return static_cast<double>(row[0] + row[1] + row[2] + row[5] + row[6] + row[7]) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

bool is_loopback(const Address& address) {
  if (address.is_v4()) return address.ip[12] == 127;
  Address one;
  one.ip[15] = 1;
  return address.ip == one.ip;
}

// A line that replaces itself on a terminal, and is left out elsewhere.
void progress(const std::string& text) {
  if (isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r\033[K%s", text.c_str());
}

std::string seconds_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

// Before minutes of load, not after them.
Status can_write(const std::string& file) {
  if (file.empty()) return {};
  const std::filesystem::path folder = std::filesystem::path(file).parent_path();
  if (access(folder.empty() ? "." : folder.c_str(), W_OK) == 0) return {};
  return Status::failed(file + ": no file can be made there: " + std::string(std::strerror(errno)));
}

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}
  Status prepare();
  Status all();
  const std::vector<StepResult>& results() const { return results_; }
  RunFacts facts() const { return {options_.aircraft, options_.schc, options_.live, to_text(target_)}; }

 private:
  PlanParts plan_parts() const { return {fleet_, *maker_, *traffic_, options_.probes, options_.loss, options_.poisson ? Arrivals::poisson : Arrivals::even, options_.aircraft}; }
  Address local() const;
  bool calm(const StepPlan& plan) const { return options_.calm_first && &plan == &plans_.front(); }
  Status plan();
  Status sign();
  Status fly();
  Status step(StepPlan& plan);
  void watch(const StepPlan& plan, const std::atomic<bool>& over);

  const Options& options_;
  SystemClock clock_;
  SystemRandom random_;
  Address target_, http_;
  Fleet fleet_;
  Carriage carriage_;
  std::unique_ptr<DnsServer> dns_;
  std::unique_ptr<Maker> maker_;
  std::unique_ptr<Traffic> traffic_;
  std::vector<StepPlan> plans_;
  std::vector<StepResult> results_;
};

Status Run::prepare() {
  const std::string host = options_.address.find(':') == std::string::npos ? options_.address : "[" + options_.address + "]";
  const auto address = address_from_text(host + ":0");
  if (!address) return Status::failed("--address \"" + options_.address + "\" is no IPv4 or IPv6 literal");
  if (!is_loopback(*address) && !options_.allow_remote) return Status::failed("--address " + options_.address + " is not this machine; --allow-remote sends load there all the same");
  TRY(fleet, load_folder(options_.folder, options_.aircraft + options_.rebind));
  fleet_ = std::move(fleet);
  target_ = http_ = *address;
  target_.port = options_.schc ? fleet_.ports.schc : fleet_.ports.plain;
  http_.port = fleet_.ports.http;
  if (options_.schc) {
    const std::string file = options_.rules.empty() ? installed_file("rules/nrid.json") : options_.rules;
    TRY(rules, schc::load_rules_file(file));
    carriage_.rules = std::move(rules);
  }
  TRY(dns, DnsServer::start(zone_of(fleet_.registry), fleet_.ports.dns, kTtl_s));
  dns_ = std::move(dns);
  maker_ = std::make_unique<Maker>(fleet_, carriage_);
  TRY(traffic, Traffic::open({fleet_, carriage_, target_, local(), options_.sockets, options_.aircraft, Duration{static_cast<int64_t>(options_.heartbeat * 1e6)}, options_.loss, clock_}));
  traffic_ = std::move(traffic);
  return {};
}

// Where our sockets are, any port.
Address Run::local() const {
  if (!target_.is_v4()) return {};
  return v4_address(is_loopback(target_) ? std::array<uint8_t, 4>{127, 0, 0, 1} : std::array<uint8_t, 4>{}, 0);
}

Status Run::plan() {
  if (options_.outage > options_.seconds / 2) return Status::failed("--storm " + seconds_text(options_.outage) + ": at most half of a step, which lasts " + seconds_text(options_.seconds) + " s, or nothing is left to recover in");
  for (const std::string& file : {options_.json, options_.plot}) TRY_VOID(can_write(file));
  TRY(rates, parse_rates(options_.rates));
  size_t total = 0;
  for (const double rate : rates) {
    total += static_cast<size_t>(rate * options_.seconds);
    if (total > kMessagesMax) return Status::failed("more than " + std::to_string(kMessagesMax) + " messages in one run; fewer steps, shorter ones, or lower rates");
    StepPlan plan;
    plan.step = {rate, Duration{static_cast<int64_t>(options_.seconds * 1e6)}};
    plan.messages = plan_messages(plan_parts(), plan.step, random_);
    plans_.push_back(std::move(plan));
  }
  return {};
}

// All steps before the first begins, so that nothing is signed while something is measured. When each message will leave, and
// so what time it must carry, is known already.
Status Run::sign() {
  size_t total = 0;
  for (const StepPlan& plan : plans_) total += plan.messages.size();
  const Now now = clock_.now();
  const double cores = std::max(1u, std::thread::hardware_concurrency());
  const double signing_s = options_.live ? 0 : sign_cost_us(plan_parts(), now.wall) * static_cast<double>(total) / cores * 1e-6 * kSigningSlack;
  const double starting_s = 2 + 3 * static_cast<double>(fleet_.fliers.size()) / options_.start_rate;
  if (!options_.quiet) std::fprintf(stderr, "%zu messages %s, then %zu aircraft start: about %.0f s\n", total, options_.live ? "signed as they leave" : "are signed first", options_.aircraft, signing_s + starting_s);
  Duration ahead{static_cast<int64_t>((signing_s + starting_s) * 1e6)};
  for (StepPlan& plan : plans_) {
    plan.begin = now.tick + ahead;
    plan.begin_wall = now.wall + ahead;
    ahead = {ahead.us + plan.step.length.us + kBetween.us};
    if (options_.outage > 0 && !calm(plan)) {
      plan.storm_ring = std::make_unique<Ring>(options_.aircraft);
      for (size_t i = 0; i < options_.aircraft; ++i) {
        const Bytes octets = maker_->report(i, {coap::Type::con, traffic_->next_id(i)}, plan.begin_wall + Outage::within(plan.step.length, options_.outage).until, plan.storm_ring->slot(i));
        plan.storm_ring->filled(i, octets.size());
        plan.storm.push_back(plan.storm_ring->at(i));
      }
    }
    if (!options_.live && !sign_messages(plan_parts(), plan)) return Status::failed("a report does not fit its slot");
  }
  return {};
}

Status Run::fly() {
  const SenderParts sender{*traffic_, *maker_, clock_, target_};
  // One alone first: the registry's own keys come from DNS, and with them the others need no look-up.
  TRY_VOID(start_flights(sender, 1, options_.start_rate, [](size_t) {}));
  TRY_VOID(start_flights(sender, fleet_.fliers.size(), options_.start_rate, [&](size_t flying) { progress(std::to_string(flying) + " of " + std::to_string(fleet_.fliers.size()) + " in flight"); }));
  progress("");
  return {};
}

void Run::watch(const StepPlan& plan, const std::atomic<bool>& over) {
  auto before = ask_metrics(http_);
  Tick asked = clock_.now().tick;
  while (!over) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    if (clock_.now().tick - asked < seconds(1)) continue;
    const auto after = ask_metrics(http_);
    const Tick now = clock_.now().tick;
    const ServerShare share = share_between(before, after);
    char text[160];
    std::snprintf(text, sizeof text, "%.0f/s offered, second %lld of %lld: %.0f/s accepted, %.0f/s received, %.0f dropped by the kernel", plan.step.rate,
                  static_cast<long long>((now - plan.begin).seconds()), static_cast<long long>(plan.step.length.seconds()), share.accepted * 1e6 / static_cast<double>((now - asked).us),
                  share.received * 1e6 / static_cast<double>((now - asked).us), share.kernel_dropped);
    progress(text);
    before = after;
    asked = now;
  }
  progress("");
}

Status Run::step(StepPlan& plan) {
  StepResult result;
  result.rate = plan.step.rate;
  result.seconds = static_cast<double>(plan.step.length.us) * 1e-6;
  std::unique_ptr<Attack> attack;
  if (options_.mix.any() && !calm(plan)) {
    TRY(prepared, Attack::prepare(plan_parts(), options_.mix, target_, plan.step.length, plan.begin_wall));
    attack = std::move(prepared);
  }
  std::unique_ptr<Rebinders> rebinders;
  if (options_.rebind > 0) {
    TRY(prepared, Rebinders::prepare({*maker_, carriage_, target_, local(), options_.aircraft, options_.rebind}));
    rebinders = std::move(prepared);
  }
  const Now now = clock_.now();
  const Duration late = now.tick - plan.begin;
  if (late > kLateMax) return Status::failed("the step of " + options_.rates + " is " + std::to_string(late.seconds()) + " s late: this machine signs or starts too slowly; --live, fewer aircraft or fewer messages");
  plan.begin = std::max(plan.begin, now.tick + milliseconds(50));
  const auto before = ask_metrics(http_);
  std::this_thread::sleep_for(std::chrono::microseconds(std::max<int64_t>(0, (plan.begin - clock_.now().tick).us)));
  traffic_->take(plan.begin);
  const double cpu = cpu_s(), busy = machine_cpu_s();
  result.began_s = static_cast<double>(clock_.now().wall.us) * 1e-6;
  if (attack) attack->start(plan.begin);
  if (rebinders) rebinders->start(plan.begin, plan.step.length);
  const Outage outage = Outage::within(plan.step.length, calm(plan) ? 0 : options_.outage);
  std::atomic<bool> over = false;
  std::thread sender([&] {
    send_step({*traffic_, *maker_, clock_, target_}, plan, outage, result);
    over = true;
  });
  if (options_.quiet || isatty(STDERR_FILENO) == 0) {
    sender.join();
  } else {
    watch(plan, over);
    sender.join();
  }
  result.own_cpu_s = cpu_s() - cpu;
  if (is_loopback(target_)) {
    result.cores = std::thread::hardware_concurrency();
    result.busy_cpu_s = machine_cpu_s() - busy;
  }
  const Tick end = plan.begin + plan.step.length;
  while (traffic_->open_probes() > 0 && clock_.now().tick - end < kAnswerMax) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  if (attack) {
    const Attack::Sent sent = attack->stop();
    result.forged = sent.unknown;
    result.active_forged = sent.active;
    result.junk = sent.junk;
  }
  if (rebinders) result.rebound = rebinders->stop();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  traffic_->close_period(end);
  const Tick open = traffic_->newest_open();
  result.heard = traffic_->take(clock_.now().tick);
  if (outage.any()) result.back_to_normal_s = std::max(0.0, static_cast<double>((std::max(result.heard.worst_asked, open) - (plan.begin + outage.until)).us) * 1e-6);
  result.server = share_between(before, ask_metrics(http_));
  results_.push_back(std::move(result));
  plan.ring.reset();
  return {};
}

Status Run::all() {
  TRY_VOID(plan());
  TRY_VOID(sign());
  TRY_VOID(fly());
  if (!options_.quiet) std::printf("%s", table_head().c_str());
  for (StepPlan& each : plans_) {
    TRY_VOID(step(each));
    if (!options_.quiet) std::printf("%s", table_row(results_.back()).c_str());
    std::fflush(stdout);
  }
  return {};
}

int failed(const Status& status) {
  std::fprintf(stderr, "nrid-load: %s\n", status.text().c_str());
  return kCouldNotRun;
}

int make(const Options& options) {
  SystemRandom random;
  if (const Status made = make_folder(options.make, options.ports, random); !made.ok()) return failed(made);
  std::printf("nridd --config %s/nridd.toml &\nnrid-load %s\n", options.make.c_str(), options.make.c_str());
  return kDone;
}

}  // namespace

int run(const Options& options) {
  if (!options.make.empty()) return make(options);
  Run run(options);
  Status status = run.prepare();
  if (status.ok()) status = run.all();
  if (!status.ok()) return failed(status);
  const Bend bend = find_bend(run.results());
  std::printf("%s\n", bend.text.empty() ? "the curve does not bend: everything was answered at every step" : bend.text.c_str());
  if (!options.json.empty()) status = write_file_atomic(options.json, to_json(run.facts(), run.results(), bend));
  if (status.ok() && !options.plot.empty()) status = write_file_atomic(options.plot, to_svg(run.results(), bend));
  if (!status.ok()) return failed(status);
  return bend.limit == Limit::none ? kDone : kNotMet;
}

}  // namespace nrid::load
