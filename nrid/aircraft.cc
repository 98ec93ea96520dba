#include "nrid/aircraft.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

constexpr size_t kWrappedMax = 4;        // messages under one extended Wrapper: 9 in a pack, 5 of them pages
constexpr uint8_t kHorizontalBelow10m = 10, kVerticalBelow10m = 4, kSpeedBelow1mps = 3;  // F3411 accuracy classes we claim

bool fits(std::string_view text, size_t max) {
  return text.size() <= max && std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

template <size_t N>
void fill(std::array<uint8_t, N>& field, std::string_view text) {
  std::memcpy(field.data(), text.data(), std::min(text.size(), N));
}

constexpr uint32_t bit(rid::MessageType type) { return 1U << static_cast<uint32_t>(type); }

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
  out.latitude_e7 = sample.latitude_e7;
  out.longitude_e7 = sample.longitude_e7;
  out.geodetic_altitude_dm = sample.altitude_dm;
  out.height_dm = sample.height_dm;
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
  std::array<uint8_t, rid::kEndorsementSize> copy{};
  std::memcpy(copy.data(), endorsement136.data(), copy.size());
  identity_.endorsement = copy;
}

Result<rid::MessageOctets> Aircraft::location(const FlightSample& sample, Instant now) const { return rid::encode(to_location(sample, now)); }

Result<rid::MessageOctets> Aircraft::session_id() const { return rid::encode(rid::BasicId::of_session(identity_.det, identity_.ua_type)); }

Result<rid::MessageOctets> Aircraft::serial_id() const {
  rid::BasicId id;
  id.id_type = rid::IdType::serial;
  id.ua_type = identity_.ua_type;
  fill(id.uas_id, identity_.serial);
  return rid::encode(id);
}

Result<rid::MessageOctets> Aircraft::self_id() const {
  rid::SelfId self;  // all zero when there is none: the null Self-ID that R-059 wants
  fill(self.description, identity_.self_id);
  return rid::encode(self);
}

Result<rid::MessageOctets> Aircraft::operator_id() const {
  rid::OperatorId id;
  fill(id.id, identity_.operator_id);
  return rid::encode(id);
}

Result<rid::MessageOctets> Aircraft::system(Instant now) const {
  rid::System system;
  if (identity_.operator_position) {
    system.operator_location_type = 2;  // fixed: the flight file says where the operator stands
    system.operator_latitude_e7 = identity_.operator_position->latitude_e7;
    system.operator_longitude_e7 = identity_.operator_position->longitude_e7;
    system.operator_altitude_dm = identity_.operator_position->altitude_dm;
  }
  system.timestamp_2019 = static_cast<uint32_t>(now.seconds() - kEpoch2019);
  return rid::encode(system);
}

Result<Buffer> Aircraft::wrap(std::span<const rid::MessageOctets> messages, Instant now) const {
  std::array<uint8_t, rid::kPackSizeMax> space{};
  TRY(pack, rid::build_wrapper_pack(messages, rid::WrapperForm::extended, identity_.det, signer_, now, space));
  return Buffer(pack.begin(), pack.end());
}

Result<Buffer> Aircraft::start_pack(const FlightSample& sample, Instant now) {
  TRY(session, session_id());
  TRY(where, location(sample, now));
  TRY(control, system(now));
  TRY(owner, operator_id());
  const rid::MessageOctets messages[] = {session, where, control, owner};
  return wrap(messages, now);
}

Result<Buffer> Aircraft::flight_pack(const FlightSample& sample, Instant now) {
  const bool with_static = packs_++ % kStaticPeriod == kStaticPeriod - 1;
  std::vector<rid::MessageOctets> messages;
  if (with_static && !identity_.serial.empty()) {
    TRY(serial, serial_id());
    messages.push_back(serial);
  }
  TRY(where, location(sample, now));
  messages.push_back(where);
  if (with_static && !identity_.self_id.empty()) {
    TRY(self, self_id());
    messages.push_back(self);
  }
  return wrap(messages, now);
}

Result<Buffer> Aircraft::answer_pack(const cwt::MessageSet& expected, const FlightSample& sample, Instant now) {
  TRY(where, location(sample, now));
  TRY(session, session_id());
  const uint32_t wanted = expected.types;
  if (expected.pages && *expected.pages >> 5 != 0 && identity_.endorsement) {
    const rid::MessageOctets beside[] = {session, where};
    std::array<uint8_t, rid::kPackSizeMax> space{};
    TRY(pack, rid::build_link_pack(beside, *identity_.endorsement, now, space));
    return Buffer(pack.begin(), pack.end());
  }
  std::vector<rid::MessageOctets> messages;
  if (wanted & bit(rid::MessageType::basic_id)) {
    messages.push_back(session);
    if (!identity_.serial.empty()) {
      TRY(serial, serial_id());
      messages.push_back(serial);
    }
  }
  messages.push_back(where);
  const auto room = [&] { return messages.size() < kWrappedMax; };
  if (wanted & bit(rid::MessageType::self_id) && room()) {
    TRY(self, self_id());
    messages.push_back(self);
  }
  if (wanted & bit(rid::MessageType::system) && room()) {
    TRY(control, system(now));
    messages.push_back(control);
  }
  if (wanted & bit(rid::MessageType::operator_id) && room()) {
    TRY(owner, operator_id());
    messages.push_back(owner);
  }
  return wrap(messages, now);
}

Result<Buffer> Aircraft::plain_pack(const FlightSample& sample, Instant now) {
  TRY(session, session_id());
  TRY(where, location(sample, now));
  TRY(control, system(now));
  TRY(owner, operator_id());
  const rid::MessageOctets messages[] = {session, where, control, owner};
  std::array<uint8_t, rid::kPackSizeMax> space{};
  TRY(pack, rid::encode_pack(messages, space));
  return Buffer(pack.begin(), pack.end());
}

}  // namespace nrid
