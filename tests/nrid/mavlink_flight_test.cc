// Ten minutes of node-mavlink's octets (tests/data/mavlink/flight) through link, gateway and server, in simulated time: every
// position arrives once a second with the values that were put into MAVLink, and the flight controller hears whether it may arm.
#include <cstring>
#include <fstream>
#include <map>

#include "nrid/mavlink_link.h"
#include "tests/nrid/both_ends.h"

namespace nrid::testing {
namespace {

constexpr int64_t kT0 = 1'780'318'500;     // as tests/mavlink/peer.mjs has it: ten minutes pass a full hour
constexpr int kLength = 600;

struct Recorded {
  int64_t ms = 0;
  Buffer datagram;
};

std::vector<Recorded> recorded() {
  std::ifstream file(NRID_VECTORS "/../data/mavlink/flight", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::vector<Recorded> out;
  Reader in(as_bytes(text));
  while (in.left() > 0) {
    const uint32_t ms = in.u32_le();
    const Bytes octets = in.bytes(in.u16_le());
    EXPECT_TRUE(in.ok());
    if (!in.ok()) break;
    out.push_back({ms, Buffer(octets.begin(), octets.end())});
  }
  return out;
}

// tests/mavlink/controller.mjs, place()
struct Place {
  explicit Place(int i)
      : latitude_e7(473'900'000 + i * 90), longitude_e7(85'400'000 + i * 70 - i % 7 * 3), altitude_dm((911 + i % 120) * 5),
        height_dm(i % 120 * 5), speed_cmps(static_cast<uint32_t>(1000 + i % 20 * 25)), track_deg(static_cast<uint16_t>(i * 13 % 360)),
        climb_cmps(50 * (i % 5)), airborne(i >= 5 && i <= kLength - 5) {}
  int32_t latitude_e7, longitude_e7, altitude_dm, height_dm;
  uint32_t speed_cmps;
  uint16_t track_deg;
  int32_t climb_cmps;
  bool airborne;
};

// What the flight controller gets, by the last ARM_STATUS among it.
struct ArmSeen {
  std::optional<int64_t> status;
  std::string error;
  size_t count = 0;
  size_t heartbeats = 0;
};
void read_words(QueuePort& port, ArmSeen& seen) {
  for (const auto& [to, datagram] : port.sent) {
    EXPECT_EQ(to, address_of(77, 14'550));
    rid::mavlink::FrameReader reader(datagram);
    while (const auto one = reader.next()) {
      ASSERT_TRUE(one->ok());
      EXPECT_EQ((*one)->system, 7);
      EXPECT_EQ((*one)->component, 236);
      if ((*one)->id() == rid::mavlink::id::heartbeat) ++seen.heartbeats;
      if ((*one)->id() != rid::mavlink::id::arm_status) continue;
      seen.status = (*one)->integer("status");
      seen.error = (*one)->text("error");
      ++seen.count;
    }
  }
  port.sent.clear();
}

class MavlinkFlight : public ::testing::Test {
 protected:
  MavlinkFlight() : world(with_gateway()), side(world, world.gcs), aircraft(side.identity(), world.ua.signer),
                    source("mavlink", aircraft, {true, EndOn::inactive, seconds(5), true}), link(controller, source, {}) {
    world.clock.advance(milliseconds((kT0 - kNow) * 1000 + 400));  // a position is 0.1 s old when it comes
    began = world.clock.now().tick;
    GatewayPolicy policy;
    policy.on_lost_sp = LostAction::continue_;
    gateway = std::make_unique<Gateway>(GatewayTimers(), policy, Side::carriage(), side.speaker, source, side.provider(), side.parts(aircraft));
  }

  // One tenth of a second of everybody.
  void step() {
    while (next < record.size() && record[next].ms <= (world.clock.now().tick - began).ms()) {
      controller.inbox.emplace_back(address_of(77, 14'550), record[next++].datagram);
    }
    link.step(world.clock.now(), started ? arm_word(gateway->status(world.clock.now())) : ArmWord{false, "Net-RID: no position yet"});
    if (!started && source.ready(world.clock.now())) {
      started = true;
      gateway->start(world.clock.now());
    }
    world.run();
    gateway->step(world.clock.now());
    read_words(controller, arm);
    world.clock.advance(milliseconds(100));
    world.run();
  }
  void run(Duration length) {
    const Tick end = world.clock.now().tick + length;
    while (world.clock.now().tick < end && !gateway->done()) step();
  }

  World world;
  Side side;
  Aircraft aircraft;
  LiveSource source;
  QueuePort controller{14'551};
  MavlinkLink link;
  std::unique_ptr<Gateway> gateway;
  std::vector<Recorded> record = recorded();
  size_t next = 0;
  bool started = false;
  Tick began;
  ArmSeen arm;
};

TEST_F(MavlinkFlight, TenMinutesAtOneHertzArriveAsTheyWereSaid) {
  ASSERT_GT(record.size(), 700U);
  step();
  EXPECT_TRUE(started);
  EXPECT_EQ(arm.status, 1) << "not before the provider said so";
  run(seconds(2));
  EXPECT_EQ(arm.status, 0);
  EXPECT_EQ(arm.error, "");
  run(seconds(kLength - 1));
  EXPECT_EQ(arm.status, 0);
  EXPECT_NEAR(static_cast<double>(arm.count), kLength, 5);
  EXPECT_EQ(arm.heartbeats, arm.count);

  std::map<int64_t, int> seen;              // second of the flight -> track points
  for (const Sighting& sighting : world.recorder->sightings) {
    ASSERT_TRUE(sighting.location);
    EXPECT_FALSE(sighting.late);
    EXPECT_FALSE(sighting.anomaly);
    EXPECT_EQ(sighting.ua, world.ua.det);
    EXPECT_EQ(sighting.verdict, Verdict::verified);
    EXPECT_EQ((sighting.sampled.us / 100'000) % 10, 3);  // MAVLink's own time, not that of the journey
    const int64_t second = sighting.sampled.seconds() - kT0;
    ++seen[second];
    const Place place(static_cast<int>(second));
    const rid::Location& at = *sighting.location;
    EXPECT_EQ(at.latitude_e7, place.latitude_e7);
    EXPECT_EQ(at.longitude_e7, place.longitude_e7);
    EXPECT_EQ(at.geodetic_altitude_dm, place.altitude_dm);
    EXPECT_EQ(at.pressure_altitude_dm, place.altitude_dm - 10);
    EXPECT_EQ(at.height_dm, place.height_dm);
    EXPECT_EQ(at.speed_cmps, place.speed_cmps);
    EXPECT_EQ(at.track_deg, place.track_deg);
    EXPECT_EQ(at.vertical_speed_cmps, place.climb_cmps);
    EXPECT_EQ(at.status, place.airborne ? 2 : 1);
    EXPECT_EQ(at.horizontal_accuracy, 11);
    EXPECT_EQ(at.timestamp_accuracy_ds, 2);
  }
  for (int second = 0; second < kLength; ++second) EXPECT_EQ(seen[second], 1) << second;
  EXPECT_EQ(world.recorder->count(FlightEventKind::lost), 0U);
  EXPECT_EQ(world.recorder->count(FlightEventKind::started), 1U);
  EXPECT_EQ(link.refused_sum(), 0U);
  EXPECT_EQ(world.counters->total().refused_sum(), 0U);
}

TEST_F(MavlinkFlight, WhatTheGroundStationSaysArrivesToo) {
  run(seconds(78));
  std::string serial, self, owner;
  std::optional<int32_t> operator_latitude;
  for (const Sighting& sighting : world.recorder->sightings) {
    if (sighting.basic_id && sighting.basic_id->id_type == rid::IdType::serial) serial = rid::text_of(sighting.basic_id->uas_id);
    if (sighting.self_id) self = rid::text_of(sighting.self_id->description);
    if (sighting.operator_id) owner = rid::text_of(sighting.operator_id->id);
    if (sighting.system && sighting.system->operator_latitude_e7) operator_latitude = sighting.system->operator_latitude_e7;
  }
  EXPECT_EQ(serial, "1596F3NODE");
  EXPECT_EQ(self, "Survey of roofs");
  EXPECT_EQ(owner, "CHE87astrdge12k8");
  EXPECT_EQ(operator_latitude, 473'899'075);  // the operator walks, and System follows
  EXPECT_GE(world.recorder->count(FlightEventKind::static_changed), 3U);
}

TEST_F(MavlinkFlight, ArmStatusFollowsTheLink) {
  run(seconds(10));
  EXPECT_EQ(arm.status, 0);
  side.port.mute = side.port.deaf = true;
  run(seconds(12 + 4 * 2 + 4));
  EXPECT_EQ(gateway->status(world.clock.now()).sp_lost, true);
  EXPECT_EQ(arm.status, 1);
  EXPECT_EQ(arm.error, "Net-RID: service provider lost");
  side.port.mute = side.port.deaf = false;
  run(seconds(10));
  EXPECT_EQ(arm.status, 0);
}

TEST_F(MavlinkFlight, SilenceOfTheVehicleIsARemoteIdFailureWithThePositionsOwnTime) {
  run(seconds(20));
  record.resize(next);                      // nothing more comes
  const Instant last = at_second(kT0 + 19) + milliseconds(300);
  run(seconds(10));
  size_t stale = 0;
  EXPECT_EQ(gateway->status(world.clock.now()).flown.sample.status, static_cast<uint8_t>(rid::Status::rid_failure));
  for (const Sighting& sighting : world.recorder->sightings) {
    if (sighting.sampled > last) ++stale;
  }
  EXPECT_EQ(stale, 0U) << "an old position never gets a new time";
  EXPECT_EQ(world.recorder->count(FlightEventKind::lost), 0U) << "the link lives";
}

TEST_F(MavlinkFlight, StandbyEndsTheOperation) {
  run(seconds(30));
  record.resize(next);
  rid::mavlink::Message standby(rid::mavlink::id::heartbeat);
  standby.system = 7;
  standby.component = 1;
  standby.set("type", 2);
  standby.set("autopilot", 3);
  standby.set("system_status", 3);
  std::array<uint8_t, rid::mavlink::kFrameMax> space{};
  const auto frame = *rid::mavlink::encode(standby, space);
  for (int i = 0; i < 10 && !gateway->done(); ++i) {
    controller.inbox.emplace_back(address_of(77, 14'550), Buffer(frame.begin(), frame.end()));
    run(seconds(1));
  }
  EXPECT_TRUE(gateway->done());
  EXPECT_EQ(gateway->status(world.clock.now()).outcome, Outcome::ended);
  EXPECT_EQ(world.recorder->count(FlightEventKind::ended), 1U);
}

}  // namespace
}  // namespace nrid::testing
