#include "apps/gateway/fly.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>

#include "apps/gateway/hosts.h"
#include "apps/gateway/input.h"
#include "apps/gateway/network.h"
#include "apps/gateway/preflight.h"
#include "apps/gateway/report.h"
#include "base/log.h"

namespace nrid::gateway {
namespace {

constexpr Duration kWaitMax = milliseconds(200);  // a signal is noticed this fast
std::atomic<int> signals_seen = 0;

void on_signal(int) { signals_seen = signals_seen + 1; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int complain(const std::string& text) {
  std::fprintf(stderr, "nrid-gateway: %s\n", text.c_str());
  return kNotReady;
}

int exit_status(Outcome outcome) {
  switch (outcome) {
    case Outcome::ended: return kFlown;
    case Outcome::start_failed: return kStartFailed;
    case Outcome::end_unacknowledged: return kEndUnacknowledged;
    default: return kProviderLost;
  }
}

// The parts of one operation, and the loop around them.
class Operation {
 public:
  Operation(const FlyOptions& options, GatewaySettings& settings, Input& input)
      : options_(options), settings_(settings), input_(input), report_(clock_, settings.aircraft.det, options.json),
        aircraft_(settings.aircraft, signer(), form(), settings.gateway) {}

  int run();

 private:
  const Signer& signer() const;
  PackForm form() const;
  bool prepare();                        // at setup, and again at the start
  bool wait_until_ready();               // false: interrupted
  Status begin();
  void step();
  Whole whole(const GatewayStatus& status) const;
  int leave();

  const FlyOptions& options_;
  GatewaySettings& settings_;
  Input& input_;
  const SystemClock clock_;
  SystemRandom random_;
  Report report_;
  Aircraft aircraft_;
  std::optional<Provider> provider_;
  std::optional<LinkEndorsement> gateway_endorsement_;
  std::string remembered_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<Hosts> hosts_;
  std::unique_ptr<Gateway> gateway_;
  std::string waits_;
  uint64_t heartbeats_ = 0;
};

const Signer& Operation::signer() const {
  const bool own = settings_.origin != Origin::c2 && settings_.aircraft_signer;
  return own ? *settings_.aircraft_signer : *settings_.gateway_signer;  // without the aircraft's key nothing is signed for it
}

PackForm Operation::form() const {
  if (settings_.origin == Origin::c2) return PackForm::ground;
  return settings_.origin == Origin::c2_plain ? PackForm::plain : PackForm::aircraft;
}

bool Operation::prepare() {
  PreflightFailure failure;
  const auto ready = run_preflight(settings_, failure, [&](std::string_view step, const std::string& fact) {
    report_.event("preflight", {{"step", step}, {"fact", fact}});
  });
  if (!ready.ok()) {
    report_.event("preflight_failed", {{"step", failure.step}, {"error", info(failure.error).counter}, {"reason", failure.text}});
    return false;
  }
  provider_ = ready->provider;
  aircraft_.set_endorsement(ready->aircraft_endorsement);
  gateway_endorsement_.reset();
  if (ready->gateway_endorsement.size() == rid::kEndorsementSize) {
    std::copy_n(ready->gateway_endorsement.begin(), rid::kEndorsementSize, gateway_endorsement_.emplace().begin());
  }
  remembered_ = ready->remembered;
  settings_.policy.link_first = !remembered_.empty();
  return true;
}

bool Operation::wait_until_ready() {
  std::string said;
  for (;;) {
    const Now now = clock_.now();
    input_.step(now, {false, "Net-RID: no position yet"});
    if (input_.ready(now)) break;
    waits_ = input_.waits_for();
    if (waits_ != said) report_.event("waiting", {{"reason", waits_}});
    said = waits_;
    report_.status(whole({}), now);
    if (signals_seen > 0) return false;
    wait_for({input_.port()->fd()}, kWaitMax);
  }
  waits_.clear();
  return true;
}

Status Operation::begin() {
  TRY(network, Network::open(settings_, provider_->address, clock_));
  network_ = std::move(network);
  if (!settings_.policy.redirect_domain.empty()) {
    TRY(hosts, Hosts::open(settings_.dns, random_));
    hosts_ = std::move(hosts);
  }
  const Speaker speaker{settings_.gateway, settings_.gateway_signer.get(), cwt::KidForm::tagged_in_bstr, settings_.lifetime_s};
  const auto on_event = [this](std::string_view name, std::initializer_list<LogField> fields) { report_.event(name, fields); };
  gateway_ = std::make_unique<Gateway>(settings_.timers, settings_.policy, settings_.carriage, speaker, input_.source(), *provider_,
                                       Gateway::Parts{aircraft_, network_->uplinks(), random_, on_event, hosts_.get(), nullptr, gateway_endorsement_});
  gateway_->start(clock_.now());
  return {};
}

Whole Operation::whole(const GatewayStatus& status) const {
  Whole out;
  out.gateway = status;
  input_.describe(out.input);
  out.arm = waits_.empty() ? arm_word(status) : ArmWord{false, waits_};
  out.origin = to_word(settings_.origin);
  out.waits = waits_;
  out.remembered = remembered_;
  if (network_) out.uplinks = network_->uplinks().status();
  return out;
}

void Operation::step() {
  input_.step(clock_.now(), arm_word(gateway_->status(clock_.now())));
  const Tick wake = gateway_->step(clock_.now());
  const Now now = clock_.now();
  const GatewayStatus status = gateway_->status(now);
  if (status.heartbeats != heartbeats_) network_->uplinks().confirm();
  heartbeats_ = status.heartbeats;
  report_.status(whole(status), now);
  const Duration wait = wake - now.tick;
  if (!gateway_->done() && wait > Duration{}) network_->wait(input_.port(), std::min(wait, kWaitMax));
}

int Operation::leave() {
  const Now now = clock_.now();
  const GatewayStatus status = gateway_->status(now);
  input_.step({now.wall, now.tick + seconds(1)}, arm_word(status));  // the flight controller's last word from us
  report_.status(whole(status), now, true);
  report_.end_line();
  const int code = exit_status(status.outcome);
  if (code == kStartFailed) report_.event("dispatch", {{"action", to_word(settings_.on_start_failure)}});
  return code;
}

int Operation::run() {
  input_.make_source(aircraft_, options_, settings_, [this] { report_.event("lap", {{"flight", input_.source().name()}}); });
  if (!prepare()) return kNotReady;
  catch_signals();
  if (!input_.ready(clock_.now())) {
    if (!wait_until_ready()) return kNotReady;
    if (!prepare()) return kNotReady;  // the address as of now
  }
  if (const Status begun = begin(); !begun.ok()) return complain(begun.text());
  int handled = 0;
  while (!gateway_->done()) {
    const int seen = signals_seen;
    if (seen > 1 && seen > handled) return kEndUnacknowledged;  // asked twice: leave without an answer
    if (seen > handled) gateway_->end(clock_.now(), "interrupted");
    handled = seen;
    step();
  }
  return leave();
}

}  // namespace

int fly(const FlyOptions& options) {
  auto settings = load_gateway_settings(options.config, options.transport);
  if (!settings.ok()) return complain(settings.text());
  const auto input = Input::open(options, *settings);
  if (!input.ok()) return complain(input.text());
  Operation operation(options, *settings, **input);
  const int status = operation.run();
  flush_log();
  return status;
}

int check(const std::string& config) {
  const auto settings = load_gateway_settings(config, TransportChoice::as_set);
  if (!settings.ok()) return complain(settings.text());
  std::printf("settings     %s: gateway %s, aircraft %s, %s\n", config.c_str(), to_text(settings->gateway).c_str(), to_text(settings->aircraft.det).c_str(),
              settings->carriage.schc() ? "schc" : "plain");
  PreflightFailure failure;
  const auto ready = run_preflight(*settings, failure, [](std::string_view step, const std::string& fact) {
    std::printf("%-12s %s\n", std::string(step).c_str(), fact.c_str());
    std::fflush(stdout);
  });
  if (!ready.ok()) return complain("pre-flight failed: " + ready.text());
  std::printf("ready        nothing was sent to the provider\n");
  return kFlown;
}

int configure(const std::string& config, const std::string& sp) {
  std::optional<Det> own = det_from_text(config);
  if (!own) {
    const auto file = Settings::load(config, gateway_setting_rows());
    if (!file.ok()) return complain(file.text());
    own = det_from_text(file->section("gateway").text("det"));
    if (!own) return complain(file->section("gateway").where("det") + ": no DET");
  }
  if (!own->has_prefix()) return complain(to_text(*own) + " is not in 2001:30::/28");
  const auto det = sp_det_from_text(sp, *own);
  if (!det.ok()) return complain(det.text());
  std::printf("[sp]\ndet = \"%s\"\n", to_text(*det).c_str());
  return kFlown;
}

}  // namespace nrid::gateway
