// F3411 messages: the values that opendroneid-core-c's encoders produced, octet for octet both ways; what real
// transmitters put on the air; and the edges of every range.
#include "rid/messages.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "rid/pack.h"

namespace nrid::rid {
namespace {

using nlohmann::json;

json vectors() {
  std::ifstream file(NRID_VECTORS "/drip/f3411_messages.json");
  return json::parse(file);
}

MessageOctets octets_of(const std::string& hex) {
  const auto octets = from_hex(hex);
  EXPECT_TRUE(octets && octets->size() == kMessageSize) << hex;
  MessageOctets out{};
  if (octets && octets->size() == kMessageSize) std::memcpy(out.data(), octets->data(), kMessageSize);
  return out;
}

struct Vector { MessageOctets octets{}; json fields; };

Vector vector_of(const std::string& name) {
  const json all = vectors();
  for (const auto& v : all["messages"]) {
    if (v["name"] == name) return {octets_of(v["hex"]), v["fields"]};
  }
  ADD_FAILURE() << "no vector " << name;
  return {};
}

template <class Value>
std::string hex_of(const Value& value) {
  const auto encoded = encode(value);
  return encoded.ok() ? to_hex(*encoded) : std::string(info(encoded.error()).counter);
}

int32_t e7(double degrees) { return static_cast<int32_t>(std::lround(degrees * 1e7)); }
int32_t dm(double metres) { return static_cast<int32_t>(std::lround(metres * 10)); }

// Every vector: its decoder takes it, all others refuse it, and encoding the values gives the same octets.
TEST(Messages, EveryVectorComesBackOctetForOctet) {
  const std::map<std::string, std::string> different = {
      // 63.75 m/s has two encodings; the shorter multiplier is the one that is sent.
      {"loc_speed_64_00", "1226b3ff7c3b07d0eb1bb5205a9808000070086b539f8c0200"}};
  size_t count = 0;
  const json all = vectors();
  for (const auto& v : all["messages"]) {
    const std::string name = v["name"];
    const MessageOctets raw = octets_of(v["hex"]);
    std::map<MessageType, std::string> again;
    if (const auto m = decode_basic_id(raw)) again[MessageType::basic_id] = hex_of(*m);
    if (const auto m = decode_location(raw)) again[MessageType::location] = hex_of(*m);
    if (const auto m = decode_auth_page(raw)) again[MessageType::authentication] = hex_of(*m);
    if (const auto m = decode_self_id(raw)) again[MessageType::self_id] = hex_of(*m);
    if (const auto m = decode_system(raw)) again[MessageType::system] = hex_of(*m);
    if (const auto m = decode_operator_id(raw)) again[MessageType::operator_id] = hex_of(*m);
    ASSERT_EQ(again.size(), 1u) << name;
    EXPECT_EQ(again.begin()->first, type_of(raw)) << name;
    const auto other = different.find(name);
    EXPECT_EQ(again.begin()->second, other == different.end() ? v["hex"].get<std::string>() : other->second) << name;
    ++count;
  }
  EXPECT_EQ(count, 17u);
}

TEST(Messages, BasicIdValues) {
  for (const char* name : {"basic_caa", "basic_serial", "basic_det"}) {
    const auto v = vector_of(name);
    const auto m = decode_basic_id(v.octets);
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(static_cast<int>(m->id_type), v.fields["id_type"].get<int>());
    EXPECT_EQ(m->ua_type, v.fields["ua_type"].get<int>());
    if (v.fields.contains("uas_id")) {
      EXPECT_EQ(text_of(m->uas_id), v.fields["uas_id"].get<std::string>());
    }
    EXPECT_EQ(m->session_det().has_value(), v.fields.contains("det"));
    if (!v.fields.contains("det")) continue;
    EXPECT_EQ(to_hex(*m->session_det()), v.fields["det"].get<std::string>());
    EXPECT_EQ(hex_of(BasicId::of_session(*m->session_det(), 2)), to_hex(v.octets));
  }
}

TEST(Messages, LocationValues) {
  const auto m = decode_location(vector_of("loc_upstream_test").octets);
  ASSERT_TRUE(m.ok());
  EXPECT_EQ(m->status, static_cast<uint8_t>(Status::airborne));
  EXPECT_EQ(m->track_deg, 216);
  EXPECT_EQ(m->speed_cmps, 550u);
  EXPECT_EQ(m->vertical_speed_cmps, 500);
  EXPECT_EQ(m->latitude_e7, e7(45.539309));
  EXPECT_EQ(m->longitude_e7, e7(-122.966389));
  EXPECT_EQ(m->pressure_altitude_dm, dm(100));
  EXPECT_EQ(m->geodetic_altitude_dm, dm(110));
  EXPECT_EQ(m->height_dm, dm(80));
  EXPECT_EQ(m->height_type, HeightType::above_ground);
  EXPECT_EQ(m->horizontal_accuracy, 11);
  EXPECT_EQ(m->vertical_accuracy, 6);
  EXPECT_EQ(m->baro_accuracy, 5);
  EXPECT_EQ(m->speed_accuracy, 3);
  EXPECT_EQ(m->timestamp_ds, 3605);
  EXPECT_EQ(m->timestamp_accuracy_ds, 2);

  // The values that went into the encoder, before its rounding, give the same octets.
  Location in = *m;
  in.speed_cmps = 540;
  in.vertical_speed_cmps = 525;
  EXPECT_EQ(hex_of(in), to_hex(vector_of("loc_upstream_test").octets));
}

TEST(Messages, LocationUnknowns) {
  const auto m = decode_location(vector_of("loc_all_invalid").octets);
  ASSERT_TRUE(m.ok());
  EXPECT_FALSE(m->track_deg || m->speed_cmps || m->vertical_speed_cmps || m->latitude_e7 || m->longitude_e7);
  EXPECT_FALSE(m->pressure_altitude_dm || m->geodetic_altitude_dm || m->height_dm || m->timestamp_ds);
  EXPECT_EQ(hex_of(Location{}), to_hex(vector_of("loc_all_invalid").octets));
}

TEST(Messages, LocationSpeeds) {
  const struct { const char* name; uint32_t in; uint32_t out; } cases[] = {
      {"loc_fast_south", 10000, 9975}, {"loc_max_speed", 25425, 25425}, {"loc_speed_63_75", 6375, 6375},
      {"loc_speed_64_00", 6400, 6375}};
  for (const auto& c : cases) {
    const auto v = vector_of(c.name);
    auto m = decode_location(v.octets);
    ASSERT_TRUE(m.ok());
    EXPECT_EQ(m->speed_cmps, c.out) << c.name;
    m->speed_cmps = c.in;
    EXPECT_EQ(hex_of(*m), to_hex(v.octets)) << c.name;
  }
  const auto south = decode_location(vector_of("loc_fast_south").octets);
  EXPECT_EQ(south->vertical_speed_cmps, -1250);
  EXPECT_EQ(south->latitude_e7, e7(-33.8688197));
  EXPECT_EQ(south->longitude_e7, e7(151.2092955));
  EXPECT_EQ(south->geodetic_altitude_dm, std::nullopt);
  EXPECT_EQ(south->timestamp_ds, 35999);
  EXPECT_EQ(decode_location(vector_of("loc_max_speed").octets)->vertical_speed_cmps, 6200);
}

// Every value that the wire can carry survives a second trip.
TEST(Messages, EveryTrackSpeedAndClimbIsStable) {
  MessageOctets raw = vector_of("loc_upstream_test").octets;
  for (int flags = 0; flags < 4; ++flags) {
    for (int octet = 0; octet < 256; ++octet) {
      raw[1] = static_cast<uint8_t>(0x20 | flags);
      raw[2] = raw[3] = raw[4] = static_cast<uint8_t>(octet);
      const auto first = decode_location(raw);
      ASSERT_TRUE(first.ok());
      const auto again = encode(*first);
      ASSERT_TRUE(again.ok()) << flags << " " << octet;
      const auto second = decode_location(*again);
      EXPECT_EQ(second->track_deg, first->track_deg);
      EXPECT_EQ(second->speed_cmps, first->speed_cmps);
      EXPECT_EQ(second->vertical_speed_cmps, first->vertical_speed_cmps);
    }
  }
}

TEST(Messages, LocationRanges) {
  const auto refused = [](auto change) {
    auto m = *decode_location(vector_of("loc_upstream_test").octets);
    change(m);
    const auto encoded = encode(m);
    return !encoded.ok() && encoded.error() == Error::value_range;
  };
  EXPECT_TRUE(refused([](Location& m) { m.track_deg = 360; }));
  EXPECT_TRUE(refused([](Location& m) { m.speed_cmps = 25426; }));
  EXPECT_TRUE(refused([](Location& m) { m.vertical_speed_cmps = 6201; }));
  EXPECT_TRUE(refused([](Location& m) { m.latitude_e7 = 900'000'001; }));
  EXPECT_TRUE(refused([](Location& m) { m.longitude_e7 = -1'800'000'001; }));
  EXPECT_TRUE(refused([](Location& m) { m.longitude_e7.reset(); }));
  EXPECT_TRUE(refused([](Location& m) { m.latitude_e7 = m.longitude_e7 = 0; }));
  EXPECT_TRUE(refused([](Location& m) { m.height_dm = -10'000; }));
  EXPECT_TRUE(refused([](Location& m) { m.height_dm = 317'680; }));
  EXPECT_TRUE(refused([](Location& m) { m.timestamp_ds = 36'001; }));
  EXPECT_TRUE(refused([](Location& m) { m.status = 16; }));
  EXPECT_TRUE(refused([](Location& m) { m.baro_accuracy = 16; }));
  EXPECT_FALSE(refused([](Location& m) { m.height_dm = 317'675; }));
  EXPECT_FALSE(refused([](Location& m) { m.timestamp_ds = 36'000; }));

  auto raw = vector_of("loc_upstream_test").octets;
  raw[8] = 0x7f;  // latitude over 90 degrees
  EXPECT_EQ(decode_location(raw).error(), Error::value_range);
  raw = vector_of("loc_upstream_test").octets;
  raw[21] = 0xa1, raw[22] = 0x8c;  // 36001
  EXPECT_EQ(decode_location(raw).error(), Error::value_range);
}

TEST(Messages, SystemSelfIdOperatorIdValues) {
  const auto system = decode_system(vector_of("system_upstream_test").octets);
  ASSERT_TRUE(system.ok());
  EXPECT_EQ(system->operator_location_type, 0);
  EXPECT_EQ(system->classification_type, 1);
  EXPECT_EQ(system->operator_latitude_e7, e7(45.539319));
  EXPECT_EQ(system->operator_longitude_e7, e7(-122.966379));
  EXPECT_EQ(system->area_count, 35);
  EXPECT_EQ(system->area_radius_m, 70);
  EXPECT_EQ(system->area_ceiling_dm, dm(176.5));
  EXPECT_EQ(system->area_floor_dm, dm(41.5));
  EXPECT_EQ(system->category, 2);
  EXPECT_EQ(system->class_value, 4);
  EXPECT_EQ(system->operator_altitude_dm, dm(20.5));
  EXPECT_EQ(system->timestamp_2019, 28'000'000u);
  System in = *system;  // before rounding
  in.area_radius_m = 75;
  in.area_ceiling_dm = dm(176.9);
  in.area_floor_dm = dm(41.7);
  EXPECT_EQ(hex_of(in), to_hex(vector_of("system_upstream_test").octets));
  EXPECT_EQ(hex_of(System{}), to_hex(vector_of("system_default").octets));

  EXPECT_EQ(text_of(decode_self_id(vector_of("selfid").octets)->description), "DronesRUS: Real Estate");
  EXPECT_FALSE(decode_self_id(vector_of("selfid").octets)->is_null());
  EXPECT_TRUE(decode_self_id(vector_of("selfid_null").octets)->is_null());
  EXPECT_EQ(text_of(decode_operator_id(vector_of("operatorid_fin").octets)->id), "FIN87astrdge12k8");
  EXPECT_EQ(text_of(Buffer{'a', 0x1b, 0xff, 'b', 0, 'c'}), "a??b");

  System bad;
  bad.area_radius_m = 2551;
  EXPECT_EQ(hex_of(bad), "value_range");
  bad = System{};
  bad.timestamp_2019 = 0;  // the wire's word for unknown
  EXPECT_EQ(hex_of(bad), "value_range");
}

TEST(Messages, AuthPages) {
  const auto first = decode_auth_page(vector_of("auth_page0").octets);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->auth_type, 1);
  EXPECT_EQ(first->last_page, 1);
  EXPECT_EQ(first->length, 40);
  EXPECT_EQ(first->timestamp_2019, 28'000'000u);
  const auto octets = vector_of("auth_page0").octets;
  const auto page = decode_auth_page(octets);
  EXPECT_EQ(text_of(page->data), "12345678901234567");
  auto bad = octets;
  bad[2] = 16;
  EXPECT_EQ(decode_auth_page(bad).error(), Error::value_range);
  AuthPage too_long;
  const Buffer data(18, 1);
  too_long.data = data;
  EXPECT_EQ(hex_of(too_long), "value_range");
}

TEST(Messages, WhatRealTransmittersSendDecodes) {
  size_t located = 0;
  const json all = vectors();
  for (const auto& v : all["captured_packs"]) {
    const Buffer octets = *from_hex(v["pack"].get<std::string>());
    const auto pack = decode_pack(octets);
    ASSERT_TRUE(pack.ok()) << v["pack"];
    for (size_t i = 0; i < pack->count; ++i) {
      switch (type_of(pack->message(i))) {
        case MessageType::basic_id: EXPECT_TRUE(decode_basic_id(pack->message(i)).ok()); break;
        case MessageType::location: {
          const auto m = decode_location(pack->message(i));
          ASSERT_TRUE(m.ok()) << v["pack"];
          if (m->latitude_e7) ++located;
          break;
        }
        case MessageType::self_id: EXPECT_TRUE(decode_self_id(pack->message(i)).ok()); break;
        case MessageType::system: EXPECT_TRUE(decode_system(pack->message(i)).ok()); break;
        case MessageType::operator_id: EXPECT_TRUE(decode_operator_id(pack->message(i)).ok()); break;
        default: ADD_FAILURE() << "unexpected type in " << v["pack"];
      }
    }
  }
  EXPECT_EQ(located, 3u);
}

// the hour comes from the reference, the tenths from the aircraft.
TEST(Messages, AbsoluteTimeRollsOverTheHour) {
  const auto at = [](uint16_t tenths, int64_t reference) {
    Location m;
    m.timestamp_ds = tenths;
    return absolute_time(m, at_second(reference))->us / 100'000;
  };
  constexpr int64_t kNoon = 1'780'315'200;
  EXPECT_EQ(at(0, kNoon), kNoon * 10);
  EXPECT_EQ(at(35'999, kNoon), kNoon * 10 - 1);
  EXPECT_EQ(at(36'000, kNoon - 1), kNoon * 10);
  EXPECT_EQ(at(0, kNoon - 1), kNoon * 10);
  EXPECT_EQ(at(5, kNoon + 3599), (kNoon + 3600) * 10 + 5);
  EXPECT_EQ(at(17'999, kNoon), kNoon * 10 + 17'999);
  EXPECT_EQ(at(18'001, kNoon), (kNoon - 3600) * 10 + 18'001);
  EXPECT_EQ(at(10, -5), 10);  // before 1970 the floor still holds
  EXPECT_FALSE(absolute_time(Location{}, at_second(kNoon)));
}

}  // namespace
}  // namespace nrid::rid
