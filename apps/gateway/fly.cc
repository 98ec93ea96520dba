#include "apps/gateway/fly.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>

#include "apps/gateway/preflight.h"
#include "apps/gateway/report.h"
#include "base/log.h"
#include "base/text.h"
#include "nrid/udp_port.h"

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

StatusOr<Flight> load_flight(const FlyOptions& options) {
  TRY(flights, read_flight_file(options.flight));
  const auto chosen = choose_flight(flights, options.name);
  if (!chosen.ok()) return Status::failed(options.flight + ": " + chosen.text());
  return fill_to_1hz(*chosen);
}

// What the settings leave open, the flight file may say; what does not fit its F3411 field is cut.
void complete_identity(GatewaySettings& settings, const Flight& flight) {
  const auto text = [](std::string_view value, size_t max) { return printable(value.substr(0, max)); };
  if (!settings.serial_given) settings.aircraft.serial = text(flight.serial_number, 20);
  if (!settings.operator_given) settings.aircraft.operator_id = text(flight.operator_id, 20);
  if (!settings.self_id_given) settings.aircraft.self_id = text(flight.description, 23);
  settings.aircraft.operator_position = flight.operator_position;
}

StatusOr<std::unique_ptr<UdpPort>> open_port(const GatewaySettings& settings, const Address& provider) {
  if (settings.bind) return UdpPort::open(*settings.bind);
  return UdpPort::open(provider.is_v4() ? v4_address(std::array<uint8_t, 4>{}, 0) : Address{});
}

int run(Gateway& gateway, DatagramPort& port, Report& report, const Clock& clock) {
  gateway.start(clock.now());
  int handled = 0;
  while (!gateway.done()) {
    const int seen = signals_seen;
    if (seen > 1 && seen > handled) return kEndUnacknowledged;  // asked twice: leave without an answer
    if (seen > handled) gateway.end(clock.now(), "interrupted");
    handled = seen;
    const Tick wake = gateway.step(clock.now());
    const Now now = clock.now();
    report.status(gateway.status(now), now);
    if (gateway.done()) break;
    const Duration wait = wake - now.tick;
    if (wait > Duration{}) port.wait(std::min(wait, kWaitMax));
  }
  const Now now = clock.now();
  report.status(gateway.status(now), now, true);
  report.end_line();
  return exit_status(gateway.status(now).outcome);
}

}  // namespace

int fly(const FlyOptions& options) {
  auto loaded = load_gateway_settings(options.config, options.transport);
  if (!loaded.ok()) return complain(loaded.text());
  GatewaySettings& settings = *loaded;
  const auto flight = load_flight(options);
  if (!flight.ok()) return complain(flight.text());
  complete_identity(settings, *flight);

  const SystemClock clock;
  SystemRandom random;
  Report report(clock, settings.aircraft.det, options.json);
  PreflightFailure failure;
  const auto ready = run_preflight(settings, failure, [&](std::string_view step, const std::string& fact) {
    report.event("preflight", {{"step", step}, {"fact", fact}});
  });
  if (!ready.ok()) {
    report.event("preflight_failed", {{"step", failure.step}, {"error", info(failure.error).counter}, {"reason", failure.text}});
    flush_log();
    return kNotReady;
  }
  const auto port = open_port(settings, ready->provider.address);
  if (!port.ok()) return complain(port.text());

  catch_signals();
  Aircraft aircraft(settings.aircraft, *settings.aircraft_signer);
  aircraft.set_endorsement(ready->aircraft_endorsement);
  settings.policy.speed = options.speed;
  settings.policy.loop = options.loop;
  Speaker speaker{settings.gateway, settings.gateway_signer.get(), cwt::KidForm::tagged_in_bstr, settings.lifetime_s};
  const auto on_event = [&](std::string_view name, std::initializer_list<LogField> fields) { report.event(name, fields); };
  Gateway gateway(settings.timers, settings.policy, settings.carriage, speaker, *flight, ready->provider, {aircraft, **port, random, on_event});
  const int status = run(gateway, **port, report, clock);
  if (status == kStartFailed) report.event("dispatch", {{"action", to_word(settings.on_start_failure)}});
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
