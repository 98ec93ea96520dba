#include "nrid/live_source.h"

#include <algorithm>

namespace nrid {
namespace {

constexpr Duration kGap = milliseconds(500);        // between two positions: twice a second
constexpr Duration kUrgentGap = milliseconds(200);  // a status that changed, and packs to relay
constexpr Duration kRepeat = milliseconds(1300);    // nothing new for so long: once a second, with room for a source's jitter
constexpr Duration kRepeatAgain = seconds(1);
constexpr Duration kWindowRest = seconds(1);        // a Wrapper is not sent in its last second

bool airborne(uint8_t status) {
  return status == static_cast<uint8_t>(rid::Status::airborne) || status == static_cast<uint8_t>(rid::Status::emergency);
}

std::optional<rid::Location> location_in(const rid::Evidence& evidence) {
  for (size_t i = 0; i < evidence.message_count; ++i) {
    if (rid::type_of(evidence.message(i)) != rid::MessageType::location) continue;
    if (const auto location = rid::decode_location(evidence.message(i))) return *location;
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_word(EndOn end) {
  constexpr std::string_view words[] = {"inactive", "landed", "signal"};
  return words[static_cast<size_t>(end)];
}

LiveSource::LiveSource(std::string name, Aircraft& aircraft, LivePolicy policy) : name_(std::move(name)), aircraft_(aircraft), policy_(policy) {}

Error LiveSource::hear(const rid::MessageOctets& message, Now now) {
  now_ = now.tick;
  switch (rid::type_of(message)) {
    case rid::MessageType::location: return hear_location(message, now);
    case rid::MessageType::authentication: return hear_page(message, now);
    case rid::MessageType::pack: return Error::bad_pack;
    case rid::MessageType::basic_id: {
      const auto id = rid::decode_basic_id(message);
      if (!id.ok()) return id.error();
      if (const auto session = id->session_det(); session && *session != ua()) return Error::wrong_ua;
      break;
    }
    case rid::MessageType::system: {
      const auto system = rid::decode_system(message);
      if (!system.ok()) return system.error();
      system_ = *system;
      break;
    }
    case rid::MessageType::self_id:
    case rid::MessageType::operator_id: break;
    default: return Error::rid_type;
  }
  if (!policy_.wraps) return Error::c2_origin;
  if (aircraft_.says(message)) changed_ = true;
  return Error::none;
}

Error LiveSource::hear_location(const rid::MessageOctets& message, Now now) {
  const auto decoded = rid::decode_location(message);
  if (!decoded.ok()) return decoded.error();
  if (!policy_.wraps) return Error::c2_origin;
  Position position{*decoded, rid::absolute_time(*decoded, now.wall).value_or(now.wall), now.tick};
  // R-025 dates a Location without a time by the message that carries it, which a resend would falsify.
  if (!position.location.timestamp_ds) position.location.timestamp_ds = static_cast<uint16_t>(now.wall.us / 100'000 % 36'000);
  urgent_ = urgent_ || position.location.status != status_said_;
  fresh_ = true;
  was_airborne_ = was_airborne_ || airborne(position.location.status);
  said_ = position;
  return Error::none;
}

void LiveSource::hear_fallback(rid::Location location, Instant sampled, Now now) {
  now_ = now.tick;
  if (!policy_.wraps) return;
  location.timestamp_ds = static_cast<uint16_t>(sampled.us / 100'000 % 36'000);
  fallback_ = Position{location, sampled, now.tick};
  if (newest(now) == &*fallback_) fresh_ = true;
}

Error LiveSource::hear_system_update(const std::function<Error(rid::System&)>& change) {
  if (!system_) return Error::rid_type;  // nothing there that it could update
  rid::System system = *system_;
  if (const Error error = change(system); error != Error::none) return error;
  const auto octets = rid::encode(system);
  if (!octets.ok()) return octets.error();
  system_ = system;
  if (!policy_.wraps) return Error::c2_origin;
  if (aircraft_.says(*octets)) changed_ = true;
  return Error::none;
}

void LiveSource::hear_heartbeat(bool active, Now now) {
  now_ = now.tick;
  heartbeat_ = now.tick;
  was_active_ = was_active_ || active;
  if (policy_.end_on != EndOn::inactive) return;
  if (active || !was_active_) quiet_since_.reset();
  else if (!quiet_since_) quiet_since_ = now.tick;
}

// Pages of one authentication message, one by one. Only evidence that stands inside the pages can be put together again:
// what an extended Wrapper covered is not to be told from loose messages.
Error LiveSource::hear_page(const rid::MessageOctets& message, Now now) {
  const auto page = rid::decode_auth_page(message);
  if (!page.ok()) return page.error();
  if (page->page == 0) pages_.fill(std::nullopt);
  if (page->page != 0 && !pages_[0]) return Error::none;  // came in the middle: wait for the next page 0
  pages_[page->page] = message;
  const size_t last = rid::decode_auth_page(*pages_[0])->last_page;
  std::vector<rid::MessageOctets> whole;
  for (size_t i = 0; i <= last; ++i) {
    if (!pages_[i]) return Error::none;
    whole.push_back(*pages_[i]);
  }
  pages_.fill(std::nullopt);
  std::array<uint8_t, rid::kPackSizeMax> space{};
  const auto pack = rid::encode_pack(whole, space);
  return pack.ok() ? hear_pack(*pack, now) : pack.error();
}

Error LiveSource::hear_pack(Bytes octets, Now now) {
  now_ = now.tick;
  const auto pack = rid::decode_pack(octets);
  if (!pack.ok()) return pack.error();
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok()) return auth.error();
  if (auth->wrapper) return relay(octets, *auth->wrapper, now);
  Error first = Error::none;
  for (size_t i = 0; i < pack->count; ++i) {
    if (rid::type_of(pack->message(i)) == rid::MessageType::authentication) continue;
    rid::MessageOctets message;
    std::copy(pack->message(i).begin(), pack->message(i).end(), message.begin());
    const Error error = hear(message, now);
    if (first == Error::none) first = error;
  }
  return first;
}

Error LiveSource::relay(Bytes octets, const rid::Evidence& evidence, Now now) {
  if (evidence.ua != ua()) return Error::wrong_ua;
  if (evidence.not_after <= now.wall + kWindowRest) return Error::wrapper_expired;
  Relayed one;
  one.pack.pack.assign(octets.begin(), octets.end());
  one.pack.good_until = evidence.not_after - kWindowRest;
  one.pack.sampled = now.wall;
  for (size_t i = 0; i < evidence.message_count; ++i) one.types |= 1U << static_cast<uint32_t>(rid::type_of(evidence.message(i)));
  if (const auto location = location_in(evidence)) {
    one.pack.sampled = rid::absolute_time(*location, now.wall).value_or(now.wall);
    progress_.sample = to_sample(*location);
    was_airborne_ = was_airborne_ || airborne(location->status);
  }
  if (relayed_.size() == kPacksMax) {
    if (!relayed_.front().said) ++packs_dropped_;
    relayed_.pop_front();
  }
  relayed_.push_back(std::move(one));
  return Error::none;
}

// The aircraft's own word while it is current, else the autopilot's, else the newest there is.
const LiveSource::Position* LiveSource::newest(Now now) const {
  const auto current = [&](const std::optional<Position>& one) { return one && now.tick - one->heard < kFailsAfter; };
  if (current(said_)) return &*said_;
  if (current(fallback_)) return &*fallback_;
  if (said_ && fallback_) return said_->heard >= fallback_->heard ? &*said_ : &*fallback_;
  return said_ ? &*said_ : fallback_ ? &*fallback_ : nullptr;
}

rid::Location LiveSource::current(const Position& position, Now now) const {
  rid::Location out = position.location;
  const bool vehicle_silent = policy_.expect_heartbeat && (!heartbeat_ || now.tick - *heartbeat_ > kFailsAfter);
  if (now.tick - position.heard > kFailsAfter || vehicle_silent) out.status = static_cast<uint8_t>(rid::Status::rid_failure);
  return out;
}

const LiveSource::Relayed* LiveSource::best_relayed(uint32_t wanted, Now now) const {
  const Relayed* best = nullptr;
  int most = -1;
  for (const Relayed& one : relayed_) {  // of equal worth the newest
    if (one.pack.good_until && *one.pack.good_until <= now.wall) continue;
    const int worth = __builtin_popcount(one.types & wanted);
    if (worth >= most) {
      best = &one;
      most = worth;
    }
  }
  return best;
}

bool LiveSource::ready(Now now) const {
  if (best_relayed(0, now) != nullptr) return true;
  const Position* position = newest(now);
  return position != nullptr && position->location.latitude_e7 && now.tick - position->heard < kFailsAfter;
}

Result<SourcePack> LiveSource::say(Result<Buffer> pack, const rid::Location& where, Instant sampled) {
  if (!pack.ok()) return pack.error();
  status_said_ = where.status;
  progress_.sample = to_sample(where);
  ++progress_.number;
  return SourcePack{std::move(*pack), sampled, where, std::nullopt};
}

Result<SourcePack> LiveSource::start_pack(Now now) {
  now_ = last_said_ = now.tick;
  if (!policy_.wraps || newest(now) == nullptr) {
    const Relayed* best = best_relayed(~0U, now);
    if (best == nullptr) return Error::bad_pack;
    return best->pack;
  }
  const Position& position = *newest(now);
  const rid::Location where = current(position, now);
  fresh_ = changed_ = urgent_ = false;
  return say(aircraft_.start_pack(where, now.wall), where, position.sampled);
}

void LiveSource::begin(Now now) { now_ = now.tick; }

std::optional<Result<SourcePack>> LiveSource::next(Now now) {
  now_ = now.tick;
  if (now.tick < last_said_ + kUrgentGap) return std::nullopt;
  for (Relayed& one : relayed_) {
    if (one.said) continue;
    one.said = true;
    if (one.pack.good_until && *one.pack.good_until <= now.wall) continue;
    last_said_ = now.tick;
    ++progress_.number;
    return Result<SourcePack>(one.pack);
  }
  if (!policy_.wraps || now.tick < due()) return std::nullopt;
  const Position* position = newest(now);
  if (position == nullptr) return std::nullopt;
  const rid::Location where = current(*position, now);
  fresh_ = changed_ = urgent_ = false;
  last_said_ = now.tick;
  return say(aircraft_.flight_pack(where, now.wall), where, position->sampled);
}

Tick LiveSource::due() const {
  const bool relays = std::any_of(relayed_.begin(), relayed_.end(), [](const Relayed& one) { return !one.said; });
  if (relays || urgent_) return last_said_ + kUrgentGap;
  if (fresh_ || changed_) return last_said_ + kGap;
  if (!policy_.wraps || (!said_ && !fallback_)) return quiet_since_ ? *quiet_since_ + policy_.end_after : kNever;
  const bool silent = (!said_ || now_ - said_->heard > kRepeat) && (!fallback_ || now_ - fallback_->heard > kRepeat);
  const Tick repeat = last_said_ + (silent ? kRepeatAgain : kRepeat);
  return quiet_since_ ? std::min(repeat, *quiet_since_ + policy_.end_after) : repeat;
}

std::optional<std::string> LiveSource::over(Now now) {
  if (policy_.end_on == EndOn::landed) {
    const Position* position = newest(now);
    const bool grounded = position != nullptr && position->location.status == static_cast<uint8_t>(rid::Status::ground);
    if (!was_airborne_ || !grounded) quiet_since_.reset();
    else if (!quiet_since_) quiet_since_ = now.tick;
  }
  if (!quiet_since_ || now.tick < *quiet_since_ + policy_.end_after) return std::nullopt;
  return policy_.end_on == EndOn::landed ? "the aircraft has landed" : "the flight controller is no longer active";
}

Result<SourcePack> LiveSource::answer_pack(const cwt::MessageSet& expected, Now now) {
  const bool link = expected.pages && *expected.pages >> 5 != 0 && aircraft_.identity().endorsement;
  if (const Position* position = newest(now); position != nullptr && (policy_.wraps || link)) {
    const rid::Location where = current(*position, now);
    return say(aircraft_.answer_pack(expected, where, now.wall), where, position->sampled);
  }
  if (const Relayed* best = best_relayed(expected.types, now)) return best->pack;
  return Error::wrapper_expired;
}

Result<Buffer> LiveSource::late_pack(const rid::Location& location, Now now) {
  if (!policy_.wraps) return Error::bad_wrapper;
  return aircraft_.location_pack(location, now.wall);
}

}  // namespace nrid
