// The live picture from hand-made sightings: order, the 60-second rule, states, bounds, and what pages are told.
#include "modules/fleet/fleet.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "base/text.h"
#include "modules/fleet/geojson.h"
#include "tests/modules/sightings.h"
#include "tests/modules/test_host.h"

namespace nrid::fleet {
namespace {

using nlohmann::json;
using test::event_of;
using test::sighting_at;

class FleetTest : public testing::Test {
 protected:
  FleetTest() : clock(at_second(1'800'000'000)), host(clock), fleet(clock) {}
  void start(const std::string& toml = "") {
    auto parsed = Settings::parse(toml, "test.toml", Fleet::settings_rows());
    ASSERT_TRUE(parsed.ok()) << parsed.text();
    settings = std::make_unique<Settings>(*parsed);
    host.file = settings.get();
    ASSERT_TRUE(fleet.start(host).ok());
  }
  Instant now() const { return clock.now().wall; }
  void see(const Sighting& sighting) { fleet.on_sightings({&sighting, 1}); }
  void pass(int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      clock.advance(seconds(1));
      fleet.on_tick(now());
    }
  }
  json flights() { return json::parse(host.get("/api/flights").body); }
  size_t told(std::string_view name) const {
    return static_cast<size_t>(std::count_if(host.stream.seen.begin(), host.stream.seen.end(), [&](const auto& e) { return e.name == name; }));
  }

  ManualClock clock;
  test::TestHost host;
  Fleet fleet;
  std::unique_ptr<Settings> settings;
};

TEST_F(FleetTest, ShowsTheLatestPositionAndAStrictlyIncreasingTrack) {
  start();
  see(sighting_at(1, now(), 10, 20));
  pass(1);
  see(sighting_at(1, now(), 11, 21));
  see(sighting_at(1, now() - milliseconds(500), 99, 99));  // older than what is shown: contact
  see(sighting_at(1, now(), 98, 98));                      // the same pack again: contact
  const auto flight = fleet.snapshot()->find(test::det_of(1));
  ASSERT_TRUE(flight);
  EXPECT_EQ(flight->location->latitude_e7, 11);
  ASSERT_EQ(flight->track.size(), 2u);
  EXPECT_LT(flight->track[0].sampled, flight->track[1].sampled);
  EXPECT_EQ(host.counter("fleet_positions"), 2u);
  EXPECT_EQ(host.counter("fleet_contacts"), 2u);
}

TEST_F(FleetTest, LateSightingsStayOffTheLivePicture) {
  start();
  Sighting late = sighting_at(1, now() - seconds(70), 10, 20);
  late.late = true;
  see(late);
  EXPECT_TRUE(fleet.snapshot()->flights.empty());
  EXPECT_EQ(host.counter("fleet_late"), 1u);
}

TEST_F(FleetTest, ASampleFromTheFutureDoesNotHoldBackWhatFollows) {
  start();
  see(sighting_at(1, now(), 10, 20));
  Sighting wild = sighting_at(1, now() + seconds(1800), 50, 60);
  wild.received = now();
  see(wild);
  pass(1);
  see(sighting_at(1, now(), 11, 21));
  EXPECT_EQ(fleet.snapshot()->find(test::det_of(1))->location->latitude_e7, 11);
  EXPECT_EQ(host.counter("fleet_future"), 1u);
}

TEST_F(FleetTest, PositionsExpireAfter60SecondsAndTheFlightStays) {
  start();
  see(sighting_at(1, now(), 10, 20));
  fleet.on_event(event_of(FlightEventKind::active, 1, now()));
  pass(60);
  EXPECT_FALSE(flights()["features"][0]["geometry"].is_null());
  fleet.on_event(event_of(FlightEventKind::lost, 1, now(), 1, "silent for 60 s"));
  pass(1);
  const json features = flights()["features"];
  ASSERT_EQ(features.size(), 1u) << "a lost aircraft is still in operation";
  EXPECT_TRUE(features[0]["geometry"].is_null());
  EXPECT_EQ(features[0]["properties"]["state"], "lost");
  EXPECT_EQ(features[0]["properties"]["detail"], "lost: silent for 60 s");
}

TEST_F(FleetTest, FollowsTheStatesOfAFlightAndKeepsItsEnd60Seconds) {
  start();
  const auto state = [&] { return fleet.snapshot()->find(test::det_of(1))->state; };
  fleet.on_event(event_of(FlightEventKind::started, 1, now()));
  EXPECT_EQ(state(), FlightState::starting);
  see(sighting_at(1, now(), 10, 20));
  fleet.on_event(event_of(FlightEventKind::active, 1, now()));
  EXPECT_EQ(state(), FlightState::active);
  fleet.on_event(event_of(FlightEventKind::lost, 1, now()));
  EXPECT_EQ(state(), FlightState::lost);
  fleet.on_event(event_of(FlightEventKind::recovered, 1, now()));
  EXPECT_EQ(state(), FlightState::active);
  fleet.on_event(event_of(FlightEventKind::redirected, 1, now(), 1, "to another provider"));
  EXPECT_EQ(state(), FlightState::active) << "it still speaks to us";
  fleet.on_event(event_of(FlightEventKind::moved, 1, now(), 1, "to another provider"));
  EXPECT_EQ(state(), FlightState::ended);
  fleet.on_event(event_of(FlightEventKind::active, 1, now(), 1, "back"));
  EXPECT_EQ(state(), FlightState::active);
  fleet.on_event(event_of(FlightEventKind::ended, 1, now()));
  EXPECT_EQ(state(), FlightState::ended);
  see(sighting_at(1, now() + seconds(1), 11, 21));
  EXPECT_EQ(host.counter("fleet_after_end"), 1u);
  pass(60);
  EXPECT_EQ(fleet.snapshot()->flights.size(), 1u);
  pass(1);
  EXPECT_TRUE(fleet.snapshot()->flights.empty());
  EXPECT_TRUE(json::parse(host.stream.seen.back().json)["removed"].get<bool>());
}

TEST_F(FleetTest, EventsOfOthersAndOfOlderOperationsChangeNothing) {
  start();
  fleet.on_event(event_of(FlightEventKind::eoo_unknown, 9, now()));
  fleet.on_event(event_of(FlightEventKind::not_owner, 9, now()));
  fleet.on_event(event_of(FlightEventKind::revoked, 9, now()));
  fleet.on_event(event_of(FlightEventKind::lost, 9, now()));
  fleet.on_event(event_of(FlightEventKind::ended, 9, now()));
  EXPECT_TRUE(fleet.snapshot()->flights.empty());
  Sighting second = sighting_at(1, now(), 10, 20);
  second.operation = 2;
  see(second);
  fleet.on_event(event_of(FlightEventKind::ended, 1, now(), 1));
  EXPECT_EQ(fleet.snapshot()->find(test::det_of(1))->state, FlightState::starting);
}

TEST_F(FleetTest, ANewOperationStartsClean) {
  start();
  Sighting first = sighting_at(1, now(), 10, 20);
  first.self_id = test::self_id_of("first flight");
  see(first);
  fleet.on_event(event_of(FlightEventKind::ended, 1, now()));
  pass(1);
  Sighting next = sighting_at(1, now(), 30, 40);
  next.operation = 2;
  see(next);
  const auto flight = fleet.snapshot()->find(test::det_of(1));
  EXPECT_EQ(flight->operation, 2u);
  EXPECT_EQ(flight->state, FlightState::starting);
  EXPECT_FALSE(flight->self_id);
  EXPECT_EQ(flight->track.size(), 1u);
}

TEST_F(FleetTest, AGatewayAloneNeverReplacesACurrentVerifiedPosition) {
  start();
  see(sighting_at(1, now(), 10, 20));
  clock.advance(seconds(1));
  Sighting alone = sighting_at(1, now(), 50, 60);
  alone.verdict = Verdict::c2;
  alone.self_id = test::self_id_of("forged");
  see(alone);
  auto flight = fleet.snapshot()->find(test::det_of(1));
  EXPECT_EQ(flight->verdict, Verdict::verified);
  EXPECT_EQ(flight->location->latitude_e7, 10);
  EXPECT_FALSE(flight->self_id);
  EXPECT_EQ(host.counter("fleet_c2_held_back"), 1u);
  clock.advance(seconds(61));
  alone.sampled = alone.received = now();
  see(alone);
  flight = fleet.snapshot()->find(test::det_of(1));
  EXPECT_EQ(flight->verdict, Verdict::c2);
  EXPECT_EQ(flight->location->latitude_e7, 50);
}

TEST_F(FleetTest, WhatContradictsAFlightStaysWithItUntilItEnds) {
  start();
  see(sighting_at(1, now(), 10, 20));
  EXPECT_EQ(flights()["features"][0]["properties"]["trust_state"], "trusted");
  FlightEvent event = event_of(FlightEventKind::contradicted, 1, now());
  event.detail = "its Wrapper does not verify";
  fleet.on_event(event);
  json p = flights()["features"][0]["properties"];
  EXPECT_EQ(p["trust_state"], "conflicting");
  EXPECT_EQ(p["trust"], "verified") << "of the position that is shown";
  EXPECT_EQ(p["detail"], "contradicted: its Wrapper does not verify");
  clock.advance(seconds(1));
  Sighting next = sighting_at(1, now(), 11, 20);
  next.trust = TrustState::conflicting;  // as the server then says of each
  see(next);
  EXPECT_EQ(flights()["features"][0]["properties"]["trust_state"], "conflicting");
}

TEST_F(FleetTest, TextsOfAGatewayAloneDoNotStayUnderTheAircraftsSignature) {
  start();
  Sighting alone = sighting_at(1, now(), 50, 60);
  alone.verdict = Verdict::c2;
  alone.self_id = test::self_id_of("forged");
  see(alone);
  EXPECT_TRUE(fleet.snapshot()->find(test::det_of(1))->self_id);
  clock.advance(seconds(1));
  see(sighting_at(1, now(), 10, 20));
  EXPECT_EQ(fleet.snapshot()->find(test::det_of(1))->verdict, Verdict::verified);
  EXPECT_FALSE(fleet.snapshot()->find(test::det_of(1))->self_id);

  clock.advance(seconds(61));  // the position is no longer current, and the gateway has no newer one
  alone.location.reset();
  alone.received = now();
  see(alone);
  EXPECT_EQ(fleet.snapshot()->find(test::det_of(1))->verdict, Verdict::verified);
  EXPECT_FALSE(fleet.snapshot()->find(test::det_of(1))->self_id);
}

TEST_F(FleetTest, ContactsWithoutPositionKeepItAndTellAnEmergency) {
  start();
  see(sighting_at(1, now(), 10, 20));
  clock.advance(seconds(1));
  Sighting mayday = sighting_at(1, now(), 0, 0);
  mayday.location->latitude_e7.reset();
  mayday.location->longitude_e7.reset();
  mayday.location->status = static_cast<uint8_t>(rid::Status::emergency);
  see(mayday);
  const json p = flights()["features"][0]["properties"];
  EXPECT_EQ(p["status"], "emergency");
  EXPECT_EQ(p["received"], rfc3339(now(), 3));
  EXPECT_EQ(flights()["features"][0]["geometry"]["coordinates"][1], 1e-6);
}

TEST_F(FleetTest, IsBoundedInAircraftAndGivesUpTheLeastRecentlyHeard) {
  start("[fleet]\naircraft_max = 3\n");
  for (uint8_t i = 1; i <= 3; ++i) see(sighting_at(i, now(), i, i));
  clock.advance(seconds(1));
  see(sighting_at(1, now(), 1, 1));
  see(sighting_at(4, now(), 4, 4));
  EXPECT_EQ(fleet.snapshot()->flights.size(), 3u);
  EXPECT_FALSE(fleet.snapshot()->find(test::det_of(2)));
  EXPECT_TRUE(fleet.snapshot()->find(test::det_of(1)));
  EXPECT_EQ(host.counter("fleet_evicted"), 1u);
}

TEST_F(FleetTest, TracksAreBoundedInTimeAndPoints) {
  start("[fleet]\ntrack_points_max = 5\n");
  for (int i = 0; i < 20; ++i) {
    clock.advance(milliseconds(100));
    see(sighting_at(1, now(), i, i));
  }
  auto flight = fleet.snapshot()->find(test::det_of(1));
  EXPECT_EQ(flight->track.size(), 5u);
  EXPECT_EQ(flight->track.back().latitude_e7, 19);
  clock.advance(seconds(61));
  see(sighting_at(1, now(), 42, 42));
  EXPECT_EQ(fleet.snapshot()->find(test::det_of(1))->track.size(), 1u);
}

TEST_F(FleetTest, TellsPagesAtMostTwiceASecondAndTheLastPositionIsNotLost) {
  start();
  for (int i = 0; i < 10; ++i) {
    see(sighting_at(1, now(), i, i));
    clock.advance(milliseconds(40));
  }
  EXPECT_EQ(told("position"), 1u);
  pass(1);
  EXPECT_EQ(told("position"), 2u);
  EXPECT_EQ(json::parse(host.stream.seen.back().json)["geometry"]["coordinates"][1], 9e-7);
}

TEST_F(FleetTest, OneFlightByItsDetInEitherForm) {
  start();
  see(sighting_at(1, now(), 10, 20));
  HttpRequest request;
  for (const std::string& det : {to_text(test::det_of(1)), to_hex(test::det_of(1))}) {
    request.parameters["det"] = det;
    const HttpResponse found = host.get("/api/flights/{det}", request);
    EXPECT_EQ(found.status, 200);
    EXPECT_EQ(found.content_type, "application/geo+json");
    EXPECT_EQ(json::parse(found.body)["id"], to_text(test::det_of(1)));
  }
  request.parameters["det"] = to_text(test::det_of(2));
  EXPECT_EQ(host.get("/api/flights/{det}", request).status, 404);
  request.parameters["det"] = "no det";
  const HttpResponse bad = host.get("/api/flights/{det}", request);
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(json::parse(bad.body)["error"], "bad_det");
}

TEST_F(FleetTest, WebThreadsReadWhileTheRecordThreadWrites) {
  start();
  std::atomic<bool> stop{false};
  std::thread reader([&] {
    while (!stop) {
      const auto snapshot = fleet.snapshot();
      for (size_t i = 1; i < snapshot->flights.size(); ++i) EXPECT_LT(snapshot->flights[i - 1]->ua, snapshot->flights[i]->ua);
    }
  });
  for (int round = 0; round < 200; ++round) {
    clock.advance(seconds(1));
    std::vector<Sighting> batch;
    for (uint8_t i = 0; i < 20; ++i) batch.push_back(sighting_at(static_cast<uint8_t>(i * 7), now(), round, i));
    fleet.on_sightings(batch);
    fleet.on_tick(now());
  }
  stop = true;
  reader.join();
  EXPECT_EQ(fleet.snapshot()->flights.size(), 20u);
}

}  // namespace
}  // namespace nrid::fleet
