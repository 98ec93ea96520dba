// Evidence beside the Wrapper (Manifest, Frame), several Basic IDs, times of positions, protected payloads, what is spared under
// load.
#include <algorithm>

#include "base/cshake128.h"
#include "rid/manifest.h"
#include "tests/nrid/server_support.h"
#include "tests/nrid/shared_key.h"

namespace nrid::testing {
namespace {

using coap::Type;

// Pages of an authentication message: 17 octets on the first, 23 on the others, the rest zero (ASTM F3411, 5.4.5.14).
std::vector<rid::MessageOctets> pages_of(Bytes data, Instant at) {
  std::vector<rid::MessageOctets> pages;
  size_t taken = 0;
  const size_t last = data.size() <= 17 ? 0 : (data.size() - 17 + 22) / 23;
  for (size_t page = 0; page <= last; ++page) {
    rid::MessageOctets octets{};
    Writer out(octets);
    out.u8(0x22);
    out.u8(0x50 | page);
    if (page == 0) {
      out.u8(last);
      out.u8(data.size());
      out.u32_le(static_cast<uint64_t>(at.seconds() - kEpoch2019));
    }
    const size_t part = std::min<size_t>(page == 0 ? 17 : 23, data.size() - taken);
    out.bytes(data.subspan(taken, part));
    taken += part;
    pages.push_back(octets);
  }
  return pages;
}

// SAM 3 or 4 around this evidence, signed by the aircraft.
Buffer signed_pack(const World& w, const Party& by, rid::Sam sam, Bytes evidence) {
  const auto second = static_cast<uint64_t>(w.now_s() - kEpoch2019);
  Buffer octets(256);
  Writer out(octets);
  out.u32_le(second);
  out.u32_le(second + 120);
  out.bytes(evidence);
  out.bytes(by.det.octets);
  const auto signature = by.signer.sign(out.written());
  EXPECT_TRUE(signature.ok());
  Buffer data = {static_cast<uint8_t>(sam)};
  data.insert(data.end(), octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(out.size()));
  data.insert(data.end(), signature->begin(), signature->end());
  return w.plain(pages_of(data, w.clock.now().wall));
}

Buffer manifest_pack(const World& w, const Party& by, const std::vector<rid::Hash8>& hashes, bool good = true) {
  rid::Manifest manifest;
  manifest.link.fill(9);
  for (const rid::Hash8& hash : hashes) manifest.messages[manifest.count++] = hash;
  std::array<uint8_t, rid::kEvidenceMax> evidence{};
  const size_t size = rid::encode_manifest(manifest, evidence);
  if (!good) evidence[8] ^= 1;
  return signed_pack(w, by, rid::Sam::manifest, Bytes(evidence).first(size));
}

TEST(Evidence, R054_a_manifest_confirms_packs_and_messages_that_were_heard) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  const rid::MessageOctets place = w.location(w.clock.now().wall, 473'900'005);
  const Buffer pack = w.wrapped({place}, w.ua);
  w.send(Type::non, w.uas_cwt(w.ua, pack));
  w.pass(seconds(1));
  const rid::Hash8 never{1, 2, 3, 4, 5, 6, 7, 8};
  w.send(Type::non, w.uas_cwt(w.ua, manifest_pack(w, w.ua, {drip_message_hash(pack), drip_message_hash(place), never})));
  EXPECT_EQ(w.count(Counter::manifest_seen), 1u);
  EXPECT_EQ(w.count(Counter::manifest_confirmed), 2u);
  ASSERT_EQ(w.recorder->count(FlightEventKind::confirmed), 1u);
  EXPECT_EQ(w.recorder->events.back().detail, "2 of 3 hashes are of what was heard");
  const size_t before = w.recorder->sightings.size();
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 7)));
  w.pass(seconds(3));
  ASSERT_GT(w.recorder->sightings.size(), before);
  EXPECT_NE(w.recorder->sightings.back().evidence->find("Manifests confirm 2 hashes"), std::string::npos) << *w.recorder->sightings.back().evidence;
}

TEST(Evidence, R054_a_manifest_is_contact_but_no_position_and_no_flag) {
  World w;
  w.fly_start(w.ua);
  for (int i = 0; i < 30; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, manifest_pack(w, w.ua, {rid::Hash8{static_cast<uint8_t>(i), 1}})));
  }
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  EXPECT_EQ(std::count_if(w.recorder->sightings.begin(), w.recorder->sightings.end(), [](const Sighting& s) { return s.location.has_value(); }), 1);
  EXPECT_EQ(w.count(Counter::manifest_confirmed), 0u);
}

TEST(Evidence, R054_manifests_that_do_not_hold_confirm_nothing) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  const Buffer pack = w.flight_pack(w.ua, 5);
  w.send(Type::non, w.uas_cwt(w.ua, pack));
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, manifest_pack(w, w.ua, {drip_message_hash(pack)}, false)));
  EXPECT_EQ(w.count(Counter::manifest_odd), 1u);
  Buffer forged = manifest_pack(w, w.ua, {drip_message_hash(pack)});
  forged[3 + 25 + 10] ^= 1;  // within the signed octets
  w.send(Type::non, w.uas_cwt(w.ua, forged));
  EXPECT_EQ(w.count(Error::wrapper_signature), 1u);
  w.send(Type::non, w.uas_cwt(w.gcs, manifest_pack(w, w.gcs, {drip_message_hash(pack)})));  // another aircraft's word about this one
  EXPECT_EQ(w.count(Counter::manifest_confirmed), 0u);
}

TEST(Evidence, R054_a_frame_is_verified_and_feeds_nothing) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  const size_t before = w.recorder->sightings.size();
  Buffer evidence(112, 0xf0);
  Buffer pack = signed_pack(w, w.ua, rid::Sam::frame, evidence);
  w.send(Type::non, w.uas_cwt(w.ua, pack));
  EXPECT_EQ(w.count(Counter::manifest_seen), 1u);
  EXPECT_EQ(w.count(Counter::accepted), 2u);
  EXPECT_EQ(w.recorder->sightings.size(), before);
  pack[3 + 25 * 3 + 5] ^= 1;
  w.send(Type::non, w.uas_cwt(w.ua, pack));
  EXPECT_EQ(w.count(Error::wrapper_signature), 1u);
}

rid::MessageOctets id_of(uint8_t type, std::string_view text) {
  rid::BasicId id;
  id.id_type = static_cast<rid::IdType>(type);
  id.ua_type = 2;
  std::copy(text.begin(), text.end(), id.uas_id.begin());
  return *rid::encode(id);
}

Buffer with_hint(const World& w, cwt::MessageSet hint, Bytes pack) {
  const int64_t at = w.now_s();
  std::array<uint8_t, 1024> payload, out;
  const auto claims = cwt::encode_claims({at, at, at + 10, cwt::UasBody{w.sp.det, hint, pack}}, payload);
  EXPECT_TRUE(claims.ok());
  const auto token = cwt::sign1(*claims, w.ua.det, cwt::KidForm::tagged_in_bstr, w.ua.signer, out);
  EXPECT_TRUE(token.ok());
  return Buffer(token->begin(), token->end());
}

TEST(Evidence, R052_the_hint_counts_only_in_conformance_mode_and_bit_15_never) {
  const uint32_t location_and_auth = 1u << 1 | 1u << 2;
  for (const bool strict : {false, true}) {
    Options o;
    o.policy.conformance = strict;
    World w(o);
    w.fly_start(w.ua);
    const cwt::MessageSet hints[] = {{location_and_auth, 0x1f}, {location_and_auth, std::nullopt}, {location_and_auth | 1u << 15, 0x1f}, {1u << 1, 0x1f}, {location_and_auth, 0x0f}};
    for (const cwt::MessageSet& hint : hints) {
      w.pass(seconds(1));
      w.send(Type::non, with_hint(w, hint, w.flight_pack(w.ua)));
    }
    EXPECT_EQ(w.count(Counter::encoded_mismatch), strict ? 0u : 2u);
    EXPECT_EQ(w.count(Error::bad_pack), strict ? 2u : 0u);
    EXPECT_EQ(w.count(Counter::accepted), strict ? 4u : 6u);
  }
}

TEST(Evidence, R058_serial_number_and_registration_are_both_told_and_kept_apart) {
  World w;
  // JCAB: type 1 serial number and type 2 registration in one pack.
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({id_of(1, "1596F3JP0001"), id_of(2, "JU3000000001"), w.location(w.clock.now().wall), w.system()}, w.ua)));
  ASSERT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  w.pass(seconds(3));
  const auto with_ids = std::find_if(w.recorder->sightings.begin(), w.recorder->sightings.end(), [](const Sighting& s) { return s.basic_ids.size() == 2; });
  ASSERT_NE(with_ids, w.recorder->sightings.end());
  EXPECT_EQ(with_ids->basic_ids[0].id_type, rid::IdType{1});
  EXPECT_EQ(with_ids->basic_ids[1].id_type, rid::IdType{2});
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({id_of(1, "1596F3JP0001"), id_of(2, "JU3000000001"), w.location(w.clock.now().wall)}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 0u);
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({id_of(1, "1596F3JP0001"), id_of(2, "JU3000000002"), w.location(w.clock.now().wall)}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 1u);  // the registration alone
}

TEST(Evidence, R058_the_operator_moves_and_a_null_self_id_takes_a_text_back) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall), w.self_id("survey"), w.system(473'900'100)}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 1u);  // the operator; a first Self-ID changes nothing
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall), w.self_id("")}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 2u);
}

TEST(Evidence, R025_the_hour_rolls_over_while_packets_overtake_each_other) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    World w({}, seed);
    w.pass(seconds(3597));  // 12:59:57
    w.fly_start(w.ua);
    SeededRandom random(seed);
    std::vector<std::pair<int, Buffer>> under_way;
    size_t sent = 0;
    for (int tenth = 1; tenth <= 100; ++tenth) {
      w.pass(milliseconds(100));
      if (tenth % 5 == 0) {
        under_way.emplace_back(tenth + static_cast<int>(random.below(15)), w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, tenth))));
        ++sent;
      }
      for (size_t i = 0; i < under_way.size();) {
        if (under_way[i].first > tenth) { ++i; continue; }
        w.inject(under_way[i].second);
        under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(i));
      }
      w.run();
    }
    for (auto& [due, datagram] : under_way) w.inject(datagram);
    w.pass(seconds(4));
    Instant last{};
    size_t live = 0;
    for (const Sighting& s : w.recorder->sightings) {
      if (!s.location || s.late) continue;
      EXPECT_GT(s.sampled, last);
      EXPECT_FALSE(s.anomaly);
      last = s.sampled;
      ++live;
    }
    EXPECT_EQ(live, sent + 1);
    EXPECT_EQ(w.count(Counter::late_position), 0u);
  }
}

TEST(Evidence, R025_a_location_without_a_time_takes_the_iat) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(2));
  rid::Location place = *rid::decode_location(w.location(w.clock.now().wall, 473'900'010));
  place.timestamp_ds.reset();
  const rid::MessageOctets octets = *rid::encode(place);
  EXPECT_EQ(octets[21], 0xff);
  EXPECT_EQ(octets[22], 0xff);
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({octets}, w.ua)));
  w.pass(seconds(3));
  const Sighting& last = w.recorder->sightings.back();
  ASSERT_TRUE(last.location.has_value());
  EXPECT_EQ(last.sampled, last.signed_at);
  EXPECT_FALSE(last.late || last.anomaly);
}

TEST(Evidence, R086_what_the_times_and_places_say_of_each_other_is_flagged) {
  const struct { int64_t behind_s; bool anomaly, late; } cases[] = {{0, false, false}, {4, false, false}, {6, true, false}, {59, true, false}, {61, true, true}};
  for (const auto& one : cases) {
    World w;
    w.pass(seconds(300));
    const Instant sampled = w.clock.now().wall - seconds(one.behind_s);
    w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det), w.location(sampled), w.system(), w.operator_id()}, w.ua)));
    w.pass(seconds(3));
    ASSERT_EQ(w.recorder->sightings.size(), 1u) << one.behind_s;
    EXPECT_EQ(w.recorder->sightings[0].anomaly, one.anomaly) << one.behind_s;
    EXPECT_EQ(w.recorder->sightings[0].late, one.late) << one.behind_s;
  }
  World w;  // 50 m/s: 1e-7 degree of latitude are 11 mm
  w.fly_start(w.ua);
  w.pass(seconds(3));
  const int32_t per_metre = 90;
  const struct { int32_t metres; bool anomaly; } jumps[] = {{190, false}, {190 + 230, true}};  // four seconds apart
  for (const auto& jump : jumps) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, jump.metres * per_metre)));
    w.pass(seconds(3));
    EXPECT_EQ(w.recorder->sightings.back().anomaly, jump.anomaly) << jump.metres;
  }
}

TEST(Evidence, R087_every_position_reaches_the_modules_with_its_time_and_its_evidence) {
  World w;
  w.fly_start(w.ua);
  for (int i = 1; i <= 20; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
  }
  w.pass(seconds(3));
  std::vector<int32_t> north;
  for (const Sighting& s : w.recorder->sightings) {
    if (!s.location) continue;
    north.push_back(*s.location->latitude_e7 - 473'900'000);
    EXPECT_EQ(s.verdict, Verdict::verified);
    EXPECT_FALSE(s.evidence->empty());
    EXPECT_FALSE(s.raw->empty());
    EXPECT_NE(s.operation, 0u);
  }
  ASSERT_EQ(north.size(), 21u);
  for (int i = 0; i <= 20; ++i) EXPECT_EQ(north[static_cast<size_t>(i)], i);
}

TEST(Evidence, R030_payloads_are_opened_before_and_sealed_behind_everything_else) {
  const SharedKey shared(7), other(8);
  World w;
  w.protector = &shared;
  w.start();
  const auto sealed = [&](const PayloadProtector& by, Bytes cwt) {
    std::array<uint8_t, 1024> space;
    const auto out = by.seal({}, cwt, space);
    return Buffer(out->begin(), out->end());
  };
  const auto opened = [&](Heard heard) {
    std::array<uint8_t, 1024> space;
    const auto out = shared.open({}, heard.payload, space);
    EXPECT_TRUE(out.ok());
    heard.payload = out.ok() ? Buffer(out->begin(), out->end()) : Buffer();
    return heard;
  };
  const Buffer cwt = w.uas_cwt(w.ua, w.start_pack(w.ua));
  w.send(Type::con, sealed(shared, cwt));
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(opened(answers[0]), w.ua.det).expected.types, 0u);
  w.pass(seconds(5));
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);  // a timed one
  EXPECT_EQ(w.heartbeat(opened(answers[0]), w.ua.det).expected.types, 0u);
  w.send(Type::non, sealed(shared, cwt));  // sealed anew, and still the same token
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
  w.send(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)));                  // bare
  w.send(Type::con, sealed(other, w.uas_cwt(w.ua, w.flight_pack(w.ua))));  // under another key
  EXPECT_EQ(w.count(Error::malformed), 2u);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  for (const Heard& h : w.heard()) EXPECT_TRUE(h.payload.empty());
}

TEST(Evidence, R113_fresh_flights_are_spared_before_starts_ends_and_answers) {
  Options o;
  o.shards = 1;
  o.limits.report_ring = 16;
  o.limits.batch_max = 64;
  o.policy.rate_burst = o.policy.rate_per_s = 1000;
  World w(o);
  w.fly_start(w.ua);
  w.pass(milliseconds(500));
  w.keys.know(w.stranger);
  // One batch before the shard runs: many positions of a settled flight, then a start and an end.
  for (int i = 0; i < 20; ++i) w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
  w.inject(w.post(Type::con, w.uas_cwt(w.stranger, w.start_pack(w.stranger))), address_of(2));
  w.inject(w.post(Type::con, w.end_cwt(w.ua, w.ua.det)));
  w.run();
  EXPECT_EQ(w.count(Counter::position_shed), 6u);  // 14 of 16 places were for everybody
  EXPECT_EQ(w.count(Error::overload), 6u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 2u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::ended), 1u);
}

TEST(Evidence, R113_a_flight_without_a_fresh_position_is_not_spared) {
  Options o;
  o.shards = 1;
  o.limits.report_ring = 16;
  o.policy.rate_burst = o.policy.rate_per_s = 1000;
  World w(o);
  w.fly_start(w.ua);
  w.pass(seconds(3));
  for (int i = 0; i < 15; ++i) w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
  w.run();
  EXPECT_EQ(w.count(Counter::position_shed), 0u);
  EXPECT_EQ(w.count(Counter::accepted), 16u);
}

}  // namespace
}  // namespace nrid::testing
