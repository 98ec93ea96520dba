// Positions leave as the decimal digits that came in, and whatever an aircraft says stays a JSON string.
#include "modules/fleet/geojson.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "tests/modules/sightings.h"

namespace nrid::fleet {
namespace {

using nlohmann::json;

LiveFlight flight_at(Instant sampled, int32_t latitude_e7, int32_t longitude_e7) {
  const Sighting s = test::sighting_at(1, sampled, latitude_e7, longitude_e7);
  LiveFlight flight;
  flight.ua = s.ua;
  flight.gateway = s.gateway;
  flight.operation = std::numeric_limits<uint64_t>::max();
  flight.state = FlightState::active;
  flight.sampled = flight.signed_at = flight.received = flight.state_since = sampled;
  flight.location = s.location;
  flight.evidence = *s.evidence;
  flight.track = {{sampled - seconds(61), 1, 2, 3, false}, {sampled, latitude_e7, longitude_e7, std::nullopt, false}};
  return flight;
}

TEST(Decimal, PrintsIntegersWithoutFloatingPoint) {
  EXPECT_EQ(decimal(485370001, 7), "48.5370001");
  EXPECT_EQ(decimal(-771234567, 7), "-77.1234567");
  EXPECT_EQ(decimal(1, 7), "0.0000001");
  EXPECT_EQ(decimal(-1, 7), "-0.0000001");
  EXPECT_EQ(decimal(0, 7), "0.0000000");
  EXPECT_EQ(decimal(-5, 1), "-0.5");
  EXPECT_EQ(decimal(273, 0), "273");
  EXPECT_EQ(decimal(std::numeric_limits<int64_t>::min(), 0), "-9223372036854775808");
}

TEST(Feature, KeepsEveryDigitOfEveryPosition) {
  const Instant now = at_second(1'800'000'000);
  for (const int32_t e7 : {-899'999'999, -1, 0, 1, 485'370'001, 899'999'999}) {
    const std::string text = feature_json(flight_at(now, e7, -2 * e7), now, WithTrack::yes);
    EXPECT_NE(text.find("[" + decimal(-2LL * e7, 7) + "," + decimal(e7, 7) + ",120.5]"), std::string::npos) << text;
    const json feature = json::parse(text);
    EXPECT_EQ(std::llround(feature["geometry"]["coordinates"][1].get<double>() * 1e7), e7);
  }
}

TEST(Feature, HasEveryMember) {
  const Instant now = at_second(1'800'000'000);
  LiveFlight flight = flight_at(now, 485'370'001, 90'512'002);
  flight.self_id = test::self_id_of("Survey");
  flight.operator_id = test::operator_id_of("FIN87astrdge12k8");
  flight.basic_ids = {rid::BasicId::of_session(flight.ua, 2)};
  const json p = json::parse(feature_json(flight, now, WithTrack::yes))["properties"];
  EXPECT_EQ(p["det"], "2001:3f:fe00:a05:7d9d:8c5e:da00:df01");
  EXPECT_EQ(p["gateway"], to_text(flight.gateway));
  EXPECT_EQ(p["operation"], "18446744073709551615");
  EXPECT_EQ(p["state"], "active");
  EXPECT_EQ(p["trust"], "verified");
  EXPECT_EQ(p["trust_why"], flight.evidence);
  EXPECT_EQ(p["speed_mps"], 12.25);
  EXPECT_EQ(p["track_deg"], 273);
  EXPECT_EQ(p["vertical_speed_mps"], -0.5);
  EXPECT_EQ(p["altitude_geodetic_m"], 120.5);
  EXPECT_TRUE(p["altitude_pressure_m"].is_null());
  EXPECT_EQ(p["height_m"], 80.5);
  EXPECT_EQ(p["status"], "airborne");
  EXPECT_EQ(p["operator_id"], "FIN87astrdge12k8");
  EXPECT_EQ(p["self_id"], "Survey");
  ASSERT_EQ(p["basic_ids"].size(), 1u);
  EXPECT_EQ(p["basic_ids"][0]["id"], p["det"]);
  ASSERT_EQ(p["track"].size(), 1u) << "the point of 61 s ago is history";
  EXPECT_TRUE(p["track"][0][2].is_null());
  EXPECT_EQ(p["track"][0][3], rfc3339(now, 3));
}

TEST(Feature, WithholdsPositionsOver60Seconds) {
  const Instant now = at_second(1'800'000'000);
  const LiveFlight flight = flight_at(now - seconds(60), 485'370'001, 90'512'002);
  EXPECT_FALSE(json::parse(feature_json(flight, now, WithTrack::yes))["geometry"].is_null());
  const json late = json::parse(feature_json(flight, now + milliseconds(1), WithTrack::yes));
  EXPECT_TRUE(late["geometry"].is_null());
  EXPECT_EQ(late["properties"]["current"], false);
  EXPECT_TRUE(late["properties"]["speed_mps"].is_null());
  EXPECT_TRUE(late["properties"]["track"].empty());
  EXPECT_EQ(late["properties"]["sampled"], rfc3339(flight.sampled, 3)) << "the last position's own time stays";
  EXPECT_EQ(late["properties"]["trust"], "verified");
}

TEST(Feature, HostileTextStaysAString) {
  const Instant now = at_second(1'800'000'000);
  LiveFlight flight = flight_at(now, 1, 2);
  for (const char* text : {"\"},{\"x\":\"", "</script><b>", "\\\\\\", "\x01\x1f\x7f", "\xff\xfe\xc3"}) {
    flight.self_id = test::self_id_of(text);
    flight.operator_id = test::operator_id_of(text);
    flight.evidence = flight.detail = text;
    const json parsed = json::parse(feature_json(flight, now, WithTrack::yes));
    EXPECT_EQ(parsed["properties"]["trust"], "verified");
    EXPECT_TRUE(json::accept(state_json(flight, true, text)));
  }
}

TEST(Collection, IsValidEmptyAndFull) {
  FlightsSnapshot snapshot;
  EXPECT_EQ(json::parse(collection_json(snapshot, at_second(1), WithTrack::yes))["features"].size(), 0u);
  snapshot.flights.assign(3, std::make_shared<LiveFlight>(flight_at(at_second(1), 1, 2)));
  const json full = json::parse(collection_json(snapshot, at_second(1), WithTrack::no));
  EXPECT_EQ(full["type"], "FeatureCollection");
  EXPECT_EQ(full["features"].size(), 3u);
  EXPECT_FALSE(full["features"][0]["properties"].contains("track"));
}

}  // namespace
}  // namespace nrid::fleet
