#include "nrid/mavlink_link.h"

#include <algorithm>
#include <numeric>

#include "rid/mavlink_odid.h"

namespace nrid {
namespace {

namespace mav = rid::mavlink;

constexpr uint8_t kTypeGcs = 6, kTypeOdid = 34, kAutopilotInvalid = 8;
constexpr uint8_t kStateActive = 4, kStateCritical = 5, kStateEmergency = 6;
constexpr uint8_t kTransmitterFirst = 236, kTransmitterLast = 238;  // MAV_COMP_ID_ODID_TXRX_1..3; we are the first
constexpr uint8_t kMavlinkVersion = 3;
constexpr Duration kWordEvery = seconds(1);
constexpr Duration kGpsFresh = seconds(3);

bool is_transmitter(const mav::Message& message) { return message.component >= kTransmitterFirst && message.component <= kTransmitterLast; }
bool is_drone_id(uint32_t id) { return (id >= mav::id::basic_id && id <= mav::id::operator_id) || id == mav::id::message_pack; }
bool all_zero(Bytes octets) {
  return std::all_of(octets.begin(), octets.end(), [](uint8_t octet) { return octet == 0; });
}

}  // namespace

ArmWord arm_word(const GatewayStatus& status) {
  switch (status.phase) {
    case Phase::starting: return {false, status.errors != 0 ? "Net-RID: service provider refuses the start" : "Net-RID: start not acknowledged yet"};
    case Phase::flying:
      if (status.sp_lost) return {false, "Net-RID: service provider lost"};
      return {true, {}};
    case Phase::ending: return {false, "Net-RID: operation is ending"};
    case Phase::done: return {false, "Net-RID: operation is over"};
  }
  return {};
}

MavlinkLink::MavlinkLink(DatagramPort& port, LiveSource& source, MavlinkPolicy policy) : port_(port), source_(source), policy_(std::move(policy)) {
  if (policy_.vehicle != 0) vehicle_ = policy_.vehicle;
}

uint64_t MavlinkLink::refused_sum() const { return std::accumulate(refused_.begin(), refused_.end(), uint64_t{0}); }

Tick MavlinkLink::step(Now now, const ArmWord& word) {
  port_.take_some([&](const Received& received) { read(received, now); });
  if (!controller_ || now.tick < next_word_) return next_word_;
  next_word_ = now.tick + kWordEvery;
  mav::Message alive(mav::id::heartbeat);
  alive.set("type", kTypeOdid);
  alive.set("autopilot", kAutopilotInvalid);
  alive.set("system_status", kStateActive);
  alive.set("mavlink_version", kMavlinkVersion);
  say(alive);
  mav::Message arm(mav::id::arm_status);
  arm.set("status", word.good ? 0 : 1);
  arm.set_octets("error", as_bytes(word.reason));
  say(arm);
  return next_word_;
}

void MavlinkLink::say(mav::Message message) {
  message.sequence = sequence_++;
  message.system = vehicle_.value_or(1);     // a part of the vehicle
  message.component = kTransmitterFirst;
  std::array<uint8_t, mav::kFrameMax> space{};
  const auto frame = mav::encode(message, space);
  if (!frame.ok() || !controller_) return;
  const Outgoing out{*controller_, *frame};
  port_.send({&out, 1});
}

void MavlinkLink::read(const Received& datagram, Now now) {
  mav::FrameReader reader(datagram.octets);
  while (const auto one = reader.next()) {
    const Error error = one->ok() ? on_message(**one, datagram.peer, now) : one->error();
    if (one->ok()) ++frames_;
    if (error != Error::none) ++refused_[static_cast<size_t>(error)];
  }
  passed_over_ += reader.unknown();
}

Error MavlinkLink::on_message(const mav::Message& message, const Address& peer, Now now) {
  const uint32_t id = message.id();
  if (id == mav::id::heartbeat) return on_heartbeat(message, peer, now);
  if (const Error error = judge(message); error != Error::none) return error;
  if (is_drone_id(id)) return on_drone_id(message, now);
  if (id == mav::id::system_update) {
    return source_.hear_system_update([&](rid::System& system) { return mav::update(system, message).error(); });
  }
  if (id == mav::id::arm_status) return Error::none;  // another transmitter's, to the vehicle
  return on_position(message, now);
}

Error MavlinkLink::on_heartbeat(const mav::Message& message, const Address& peer, Now now) {
  if (message.integer("type") == kTypeGcs) {
    stations_[message.system] = true;
    return Error::none;
  }
  if (message.integer("autopilot") == kAutopilotInvalid) return Error::none;  // a camera, a gimbal, another transmitter
  if (!vehicle_) vehicle_ = message.system;
  if (message.system != *vehicle_) return Error::foreign_source;
  controller_ = peer;
  const int64_t state = message.integer("system_status");
  source_.hear_heartbeat(state == kStateActive || state == kStateCritical || state == kStateEmergency, now);
  return Error::none;
}

Error MavlinkLink::judge(const mav::Message& message) const {
  const uint32_t id = message.id();
  if (is_drone_id(id) && is_transmitter(message)) {
    const Bytes from = message.octets("id_or_mac");
    // Without a sender it is what the transmitter itself broadcasts, which it has from here or from the autopilot.
    const std::string hex = to_hex(from);
    const bool wanted = !all_zero(from) && !policy_.received_from.empty() && hex.compare(0, policy_.received_from.size(), policy_.received_from) == 0;
    return wanted ? Error::none : Error::foreign_source;
  }
  const bool station = stations_[message.system];
  const bool vehicle = vehicle_ && message.system == *vehicle_;
  const bool from_ground = id == mav::id::system || id == mav::id::system_update || id == mav::id::operator_id || id == mav::id::self_id;
  if (vehicle || (station && from_ground)) return Error::none;
  return Error::foreign_source;
}

Error MavlinkLink::on_drone_id(const mav::Message& message, Now now) {
  if (message.id() == mav::id::message_pack) {
    const auto pack = mav::to_pack(message);
    return pack.ok() ? source_.hear_pack(pack->bytes(), now) : pack.error();
  }
  const auto octets = mav::to_f3411(message);
  return octets.ok() ? source_.hear(*octets, now) : octets.error();
}

// For an autopilot that does not know OPEN_DRONE_ID.
Error MavlinkLink::on_position(const mav::Message& message, Now now) {
  if (message.id() == mav::id::gps_raw_int) {
    gps_ = message;
    gps_heard_ = now.tick;
    return Error::none;
  }
  if (message.id() == mav::id::system_time) {
    const int64_t unix_us = message.integer("time_unix_usec");
    if (unix_us > 0) boot_us_ = unix_us - message.integer("time_boot_ms") * 1000;  // 0 until it knows the time
    return Error::none;
  }
  const bool gps_fresh = gps_ && now.tick - gps_heard_ < kGpsFresh;
  auto position = mav::to_location(message, gps_fresh ? &*gps_ : nullptr);
  if (!position.ok()) return position.error();
  if (!position->location.latitude_e7) return Error::none;  // it does not know where it is
  const Instant sampled = boot_us_ ? Instant{*boot_us_ + int64_t{position->boot_ms} * 1000} : now.wall;
  source_.hear_fallback(position->location, sampled, now);
  return Error::none;
}

}  // namespace nrid
