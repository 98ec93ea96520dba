#include "nrid/aircraft.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

constexpr size_t kWrappedMax = 4;        // messages under one extended Wrapper: 9 in a pack, 5 of them pages
constexpr int32_t kHeightMin_dm = -9995, kHeightMax_dm = 317'675;  // what F3411 holds, in steps of 0.5 m from -1000
constexpr uint8_t kHorizontalBelow10m = 10, kVerticalBelow10m = 4, kSpeedBelow1mps = 3;  // F3411 accuracy classes we claim

bool fits(std::string_view text, size_t max) {
  return text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

template <size_t N>
void fill(std::array<uint8_t, N>& field, std::string_view text) {
  std::memcpy(field.data(), text.data(), std::min(text.size(), N));
}

constexpr uint32_t bit(rid::MessageType type) { return 1U << static_cast<uint32_t>(type); }

constexpr uint32_t kKnownTypes = bit(rid::MessageType::basic_id) | bit(rid::MessageType::self_id) | bit(rid::MessageType::system) | bit(rid::MessageType::operator_id);

std::optional<int32_t> held(const std::optional<int32_t>& height_dm) {
  return height_dm && *height_dm >= kHeightMin_dm && *height_dm <= kHeightMax_dm ? height_dm : std::nullopt;
}

// Equal but for the time of a System message, which is no change (docs/decisions.md).
bool same(const rid::MessageOctets& a, const rid::MessageOctets& b) {
  const size_t end = rid::type_of(a) == rid::MessageType::system ? 20 : a.size();
  return std::equal(a.begin(), a.begin() + static_cast<ptrdiff_t>(end), b.begin());
}

Result<Buffer> with_link(std::span<const rid::MessageOctets> beside, const LinkEndorsement& endorsement, Instant now) {
  std::array<uint8_t, rid::kPackSizeMax> space{};
  TRY(pack, rid::build_link_pack(beside, endorsement, now, space));
  return Buffer(pack.begin(), pack.end());
}

}  // namespace

Status check_identity(const AircraftIdentity& identity) {
  if (!identity.det.has_prefix()) return Status::failed("aircraft DET " + to_text(identity.det) + " is not in 2001:30::/28");
  if (identity.ua_type > 15) return Status::failed("ua_type " + std::to_string(identity.ua_type) + ": 0 to 15");
  if (!fits(identity.serial, 20)) return Status::failed("serial \"" + identity.serial + "\": up to 20 printable ASCII characters");
  if (!fits(identity.operator_id, 20)) return Status::failed("operator_id \"" + identity.operator_id + "\": up to 20 printable ASCII characters");
  if (!fits(identity.self_id, 23)) return Status::failed("self_id \"" + identity.self_id + "\": up to 23 printable ASCII characters");
  return {};
}

rid::Location to_location(const FlightSample& sample, Instant now) {
  rid::Location out;
  out.status = sample.status.value_or(static_cast<uint8_t>(rid::Status::undeclared));
  out.track_deg = sample.track_deg;
  out.speed_cmps = sample.speed_cmps;
  out.vertical_speed_cmps = sample.vertical_speed_cmps;
  if (sample.latitude_e7 != 0 || sample.longitude_e7 != 0) {  // F3411-22a: 0/0 is its word for an unknown position
    out.latitude_e7 = sample.latitude_e7;
    out.longitude_e7 = sample.longitude_e7;
  }
  out.geodetic_altitude_dm = held(sample.altitude_dm);
  out.height_dm = held(sample.height_dm);
  out.horizontal_accuracy = kHorizontalBelow10m;
  out.vertical_accuracy = kVerticalBelow10m;
  out.speed_accuracy = kSpeedBelow1mps;
  const int64_t second = now.seconds() % 3600;
  const int64_t tenth = (now.us - now.seconds() * 1'000'000) / 100'000;
  out.timestamp_ds = static_cast<uint16_t>(second * 10 + tenth);
  out.timestamp_accuracy_ds = 1;
  return out;
}

void Aircraft::set_endorsement(Bytes endorsement136) {
  if (endorsement136.size() != rid::kEndorsementSize) return;
  LinkEndorsement copy{};
  std::memcpy(copy.data(), endorsement136.data(), copy.size());
  identity_.endorsement = copy;
}

FlightSample to_sample(const rid::Location& location) {
  FlightSample out;
  out.latitude_e7 = location.latitude_e7.value_or(0);
  out.longitude_e7 = location.longitude_e7.value_or(0);
  out.altitude_dm = location.geodetic_altitude_dm;
  out.height_dm = location.height_dm;
  out.speed_cmps = location.speed_cmps;
  out.track_deg = location.track_deg;
  out.vertical_speed_cmps = location.vertical_speed_cmps;
  out.status = location.status;
  return out;
}

bool Aircraft::says(const rid::MessageOctets& message) {
  std::optional<rid::MessageOctets>* place = nullptr;
  switch (rid::type_of(message)) {
    case rid::MessageType::basic_id: {
      const auto id = rid::decode_basic_id(message);
      if (id.ok() && id->id_type == rid::IdType::serial) place = &said_serial_;
      if (id.ok() && id->id_type == rid::IdType::caa_registration) place = &said_registration_;
      break;
    }
    case rid::MessageType::self_id: place = &said_self_; break;
    case rid::MessageType::system: place = &said_system_; break;
    case rid::MessageType::operator_id: place = &said_operator_; break;
    default: break;
  }
  if (place == nullptr) return false;
  const bool changed = !*place || !same(**place, message);
  *place = message;
  if (changed) changed_ |= bit(rid::type_of(message));
  return changed;
}

Result<rid::MessageOctets> Aircraft::serial_id() const {
  if (said_serial_) return *said_serial_;
  rid::BasicId id;
  id.id_type = rid::IdType::serial;
  id.ua_type = identity_.ua_type;
  fill(id.uas_id, identity_.serial);
  return rid::encode(id);
}

Result<rid::MessageOctets> Aircraft::self_id() const {
  if (said_self_) return *said_self_;
  rid::SelfId self;  // all zero when there is none: the null Self-ID that R-059 wants
  fill(self.description, identity_.self_id);
  return rid::encode(self);
}

Result<rid::MessageOctets> Aircraft::operator_id() const {
  if (said_operator_) return *said_operator_;
  rid::OperatorId id;
  fill(id.id, identity_.operator_id);
  return rid::encode(id);
}

Result<rid::MessageOctets> Aircraft::system(Instant now) const {
  rid::System system;
  if (said_system_) {
    TRY(said, rid::decode_system(*said_system_));
    system = said;
  } else if (identity_.operator_position) {
    system.operator_location_type = 2;  // fixed: the flight file says where the operator stands
    system.operator_latitude_e7 = identity_.operator_position->latitude_e7;
    system.operator_longitude_e7 = identity_.operator_position->longitude_e7;
    system.operator_altitude_dm = identity_.operator_position->altitude_dm;
  }
  if (!said_system_ || !system.timestamp_2019) system.timestamp_2019 = static_cast<uint32_t>(now.seconds() - kEpoch2019);
  return rid::encode(system);
}

Result<Buffer> Aircraft::pack_of(uint32_t& types, bool session, const rid::Location& where, Instant now) const {
  std::vector<rid::MessageOctets> messages;
  const size_t room = form_ == PackForm::plain ? rid::kPackMessagesMax : kWrappedMax;
  TRY(location, rid::encode(where));
  messages.push_back(location);
  uint32_t left = 0;
  const auto add = [&](rid::MessageType type, const Result<rid::MessageOctets>& message) {
    if (!message.ok()) return;
    if (messages.size() < room) messages.push_back(*message);
    else left |= bit(type);
  };
  const auto wanted = [&](rid::MessageType type) { return (types & bit(type)) != 0; };
  // In the order of what a provider misses most. Without the aircraft's signature its name has to stand there.
  const bool named = form_ != PackForm::aircraft;
  if (named || (session && wanted(rid::MessageType::basic_id))) {
    add(rid::MessageType::basic_id, rid::encode(rid::BasicId::of_session(identity_.det, identity_.ua_type)));
  }
  if (wanted(rid::MessageType::system)) add(rid::MessageType::system, system(now));
  if (wanted(rid::MessageType::operator_id)) add(rid::MessageType::operator_id, operator_id());
  if (wanted(rid::MessageType::self_id)) add(rid::MessageType::self_id, self_id());
  if (wanted(rid::MessageType::basic_id)) {
    if (said_serial_ || !identity_.serial.empty()) add(rid::MessageType::basic_id, serial_id());
    if (said_registration_) add(rid::MessageType::basic_id, *said_registration_);
  }
  types = left;
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) { return rid::type_of(a) < rid::type_of(b); });

  std::array<uint8_t, rid::kPackSizeMax> space{};
  if (form_ == PackForm::plain) {
    TRY(pack, rid::encode_pack(messages, space));
    return Buffer(pack.begin(), pack.end());
  }
  TRY(pack, rid::build_wrapper_pack(messages, rid::WrapperForm::extended, wrapped_by_, signer_, now, space));
  return Buffer(pack.begin(), pack.end());
}

Result<Buffer> Aircraft::location_pack(const rid::Location& where, Instant now) const {
  uint32_t types = 0;
  return pack_of(types, false, where, now);
}

Result<Buffer> Aircraft::start_pack(const rid::Location& where, Instant now) {
  uint32_t types = bit(rid::MessageType::basic_id) | bit(rid::MessageType::system) | bit(rid::MessageType::operator_id);
  changed_ &= ~types;
  auto pack = pack_of(types, true, where, now);
  changed_ |= types;                        // with the next packs
  return pack;
}

Result<Buffer> Aircraft::flight_pack(const rid::Location& where, Instant now) {
  if (packs_++ % kStaticPeriod == kStaticPeriod - 1) {
    if (!identity_.serial.empty() || said_serial_) changed_ |= bit(rid::MessageType::basic_id);
    if (!identity_.self_id.empty() || said_self_) changed_ |= bit(rid::MessageType::self_id);
  }
  return pack_of(changed_, false, where, now);
}

Result<Buffer> Aircraft::answer_pack(const cwt::MessageSet& expected, const rid::Location& where, Instant now) {
  if (expected.pages && *expected.pages >> 5 != 0 && identity_.endorsement) {
    TRY(location, rid::encode(where));
    TRY(session, rid::encode(rid::BasicId::of_session(identity_.det, identity_.ua_type)));
    const rid::MessageOctets beside[] = {session, location};
    return with_link(beside, *identity_.endorsement, now);
  }
  uint32_t types = expected.types & kKnownTypes;
  auto pack = pack_of(types, true, where, now);
  changed_ |= types;
  return pack;
}

Result<Buffer> Aircraft::link_pack(const LinkEndorsement& endorsement, Instant now) const {
  TRY(session, rid::encode(rid::BasicId::of_session(identity_.det, identity_.ua_type)));
  return with_link({&session, 1}, endorsement, now);
}

}  // namespace nrid
