#include "apps/gateway/input.h"

#include "base/text.h"

namespace nrid::gateway {
namespace {

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

// Loose messages need a key here: the aircraft's, or the ground station's own in case c.
bool wraps(const GatewaySettings& settings) {
  return settings.aircraft_signer != nullptr || settings.origin == Origin::c2 || settings.origin == Origin::c2_plain;
}

}  // namespace

StatusOr<std::unique_ptr<Input>> Input::open(const FlyOptions& options, GatewaySettings& settings) {
  auto out = std::make_unique<Input>();
  if (!options.flight.empty()) {
    if (!wraps(settings)) return Status::failed(options.config + ": aircraft.key_file: a flight on file is signed here, so the aircraft's key must be here");
    TRY(flight, load_flight(options));
    complete_identity(settings, flight);
    out->flight_ = std::move(flight);
    return out;
  }
  TRY(port, UdpPort::open(options.mavlink ? settings.live.mavlink : settings.live.packs));
  out->port_ = std::move(port);
  return out;
}

void Input::make_source(Aircraft& aircraft, const FlyOptions& options, const GatewaySettings& settings, std::function<void()> on_lap) {
  if (flight_) {
    file_ = std::make_unique<FileSource>(std::move(*flight_), FilePace{options.speed, options.loop}, aircraft, std::move(on_lap));
    return;
  }
  LivePolicy policy;
  policy.wraps = wraps(settings);
  policy.end_on = settings.live.end_on;
  policy.end_after = settings.live.end_after;
  policy.expect_heartbeat = options.mavlink && settings.live.controller.received_from.empty();
  if (!options.mavlink && policy.end_on == EndOn::inactive) policy.end_on = EndOn::signal;  // Broadcast Remote ID has no such state
  live_ = std::make_unique<LiveSource>(options.mavlink ? "mavlink" : "packs", aircraft, policy);
  if (options.mavlink) mavlink_ = std::make_unique<MavlinkLink>(*port_, *live_, settings.live.controller);
  else packs_ = std::make_unique<PackLink>(*port_, *live_);
}

void Input::step(Now now, const ArmWord& word) {
  if (mavlink_) mavlink_->step(now, word);
  if (packs_) packs_->step(now);
}

void Input::describe(InputStatus& out) const {
  out.kind = mavlink_ ? "mavlink" : packs_ ? "packs" : "file";
  if (mavlink_) {
    out.peer = mavlink_->peer();
    out.received = mavlink_->frames();
    out.refused = mavlink_->refused_sum();
  }
  if (packs_) {
    out.received = packs_->datagrams();
    out.refused = packs_->refused_sum();
  }
  if (live_) out.dropped = live_->packs_dropped();
}

std::string Input::waits_for() const {
  if (!port_) return {};
  const std::string where = to_text(port_->local());
  if (packs_) return packs_->datagrams() == 0 ? "nothing heard on " + where + " yet: is the receiver sending there? (live.packs)"
                                              : "no pack that can be relayed yet";
  if (!mavlink_ || !mavlink_->heard()) {
    return "no autopilot heard on " + where + " yet: is MAVLink sent there? (live.mavlink, live.vehicle)";
  }
  return "the flight controller does not know its position yet";
}

}  // namespace nrid::gateway
