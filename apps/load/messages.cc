#include "apps/load/messages.h"

#include <algorithm>
#include <cstring>

#include "apps/load/forger.h"
#include "base/random.h"
#include "det/det.h"
#include "nrid/aircraft.h"

namespace nrid::load {
namespace {

constexpr int32_t kHomeLatitude_e7 = 473'900'000, kHomeLongitude_e7 = 85'400'000;
constexpr int32_t kApart_e7 = 1000, kRow = 1000;       // 11 m between neighbours, a thousand in a row
constexpr int32_t kStep_e7_per_s = 900;                // 10 m/s north
constexpr int64_t kLifetime_s = 60;                    // R-043's limit: a ring that was signed early stays good

}  // namespace

rid::Location Maker::place(size_t flier, Instant at) const {
  FlightSample sample;
  const auto number = static_cast<int32_t>(flier);
  sample.latitude_e7 = kHomeLatitude_e7 + number / kRow * kApart_e7 + static_cast<int32_t>(at.us / 1000 % 3'600'000 * kStep_e7_per_s / 1000);
  sample.longitude_e7 = kHomeLongitude_e7 + number % kRow * kApart_e7;
  sample.altitude_dm = 4550;
  sample.height_dm = 500;
  sample.speed_cmps = 1000;
  sample.track_deg = 0;
  sample.vertical_speed_cmps = 0;
  sample.status = static_cast<uint8_t>(rid::Status::airborne);
  return to_location(sample, at);
}

Bytes Maker::post(const Speaker& speaker, const Result<Buffer>& pack, Envelope envelope, Instant at, std::span<uint8_t> out) const {
  if (!pack.ok()) return {};
  std::array<uint8_t, profile::kPayloadMax> space;
  const auto cwt = make_uas_cwt(speaker, fleet_.sp, *pack, at.seconds(), space);
  if (!cwt.ok()) return {};
  const std::array<uint8_t, 4> token{static_cast<uint8_t>(envelope.id >> 8), static_cast<uint8_t>(envelope.id), 0x6c, 0x64};
  const auto datagram = make_post(carriage_, envelope.type, envelope.id, Token::of(token), *cwt, out, envelope.echo);
  return datagram.ok() ? *datagram : Bytes{};
}

Bytes Maker::link(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const {
  const Flier& from = fleet_.fliers[flier];
  const auto session = rid::encode(rid::BasicId::of_session(from.det, 2));
  const auto location = rid::encode(place(flier, at));
  if (!session.ok() || !location.ok()) return {};
  const rid::MessageOctets beside[] = {*session, *location};
  std::array<uint8_t, rid::kPackSizeMax> space{};
  const auto pack = rid::build_link_pack(beside, from.endorsement, at, space);
  if (!pack.ok()) return {};
  return post({from.det, from.signer.get(), cwt::KidForm::tagged_in_bstr, kLifetime_s}, Buffer(pack->begin(), pack->end()), envelope, at, out);
}

Bytes Maker::start(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const {
  const Flier& from = fleet_.fliers[flier];
  AircraftIdentity identity;
  identity.det = from.det;
  identity.operator_id = "LOAD" + std::to_string(flier);
  nrid::Aircraft aircraft(std::move(identity), *from.signer);
  return post({from.det, from.signer.get(), cwt::KidForm::tagged_in_bstr, kLifetime_s}, aircraft.start_pack(place(flier, at), at), envelope, at, out);
}

Bytes Maker::report(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const {
  const Flier& from = fleet_.fliers[flier];
  const auto location = rid::encode(place(flier, at));
  if (!location.ok()) return {};
  std::array<uint8_t, rid::kPackSizeMax> space{};
  const auto pack = rid::build_wrapper_pack({&*location, 1}, rid::WrapperForm::extended, from.det, *from.signer, at, space);
  if (!pack.ok()) return {};
  return post({from.det, from.signer.get(), cwt::KidForm::tagged_in_bstr, kLifetime_s}, Buffer(pack->begin(), pack->end()), envelope, at, out);
}

Bytes Maker::end(size_t flier, Envelope envelope, Instant at, std::span<uint8_t> out) const {
  const Flier& from = fleet_.fliers[flier];
  cwt::EooBody body;
  body.peer = fleet_.sp;
  body.code = profile::kEooRequest;
  std::array<uint8_t, profile::kPayloadMax> space;
  const auto cwt = make_eoo_cwt({from.det, from.signer.get()}, body, at.seconds(), space);
  if (!cwt.ok()) return {};
  const std::array<uint8_t, 4> token{static_cast<uint8_t>(envelope.id >> 8), static_cast<uint8_t>(envelope.id), 0x6c, 0x64};
  const auto datagram = make_post(carriage_, envelope.type, envelope.id, Token::of(token), *cwt, out, envelope.echo);
  return datagram.ok() ? *datagram : Bytes{};
}

Bytes Maker::forged_as(const Det& det, Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const {
  const Forger forger(random);
  const auto location = rid::encode(place(random.below(kAircraftMax), at));
  if (!location.ok()) return {};
  std::array<uint8_t, rid::kPackSizeMax> space{};
  const auto pack = rid::build_wrapper_pack({&*location, 1}, rid::WrapperForm::extended, det, forger, at, space);
  if (!pack.ok()) return {};
  return post({det, &forger, cwt::KidForm::tagged_in_bstr, kLifetime_s}, Buffer(pack->begin(), pack->end()), envelope, at, out);
}

Bytes Maker::forged(size_t flier, Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const {
  return forged_as(fleet_.fliers[flier].det, envelope, at, random, out);
}

Bytes Maker::forged_unknown(Envelope envelope, Instant at, Random& random, std::span<uint8_t> out) const {
  PublicKey nobody;
  random.fill(nobody);
  const Det& hda = fleet_.registry[1].det;
  return forged_as(det::derive(hda.raa(), hda.hda(), nobody), envelope, at, random, out);
}

Bytes Maker::junk(Random& random, std::span<uint8_t> out) const {
  const size_t size = std::min<size_t>(out.size(), 1 + random.below(400));
  random.fill(out.first(size));
  return out.first(size);
}

}  // namespace nrid::load
