// Who may say what over MAVLink, and what the live source makes of it.
#include "nrid/mavlink_link.h"

#include "rid/mavlink_odid.h"
#include "tests/nrid/both_ends.h"

namespace nrid::testing {
namespace {

namespace mav = rid::mavlink;

class Link : public ::testing::Test {
 protected:
  explicit Link(MavlinkPolicy policy = {}, LivePolicy live = {true, EndOn::inactive, seconds(5), true})
      : aircraft({Party(2).det, 2, "", "CHEtest", "", {}, {}}, signer), source("mavlink", aircraft, live), link(port, source, std::move(policy)) {}

  Buffer frame(mav::Message message, uint8_t system = 7, uint8_t component = 1) {
    message.system = system;
    message.component = component;
    std::array<uint8_t, mav::kFrameMax> space{};
    const auto octets = mav::encode(message, space);
    EXPECT_TRUE(octets.ok());
    return Buffer(octets->begin(), octets->end());
  }
  void hear(const Buffer& datagram, uint8_t host = 77) {
    port.inbox.emplace_back(address_of(host, 14'550), datagram);
    link.step(clock.now(), word);
  }
  void hear(const mav::Message& message, uint8_t system = 7, uint8_t component = 1) { hear(frame(message, system, component)); }

  static mav::Message heartbeat(uint8_t state = 4, uint8_t type = 2, uint8_t autopilot = 3) {
    mav::Message out(mav::id::heartbeat);
    out.set("type", type);
    out.set("autopilot", autopilot);
    out.set("system_status", state);
    return out;
  }
  static mav::Message station() { return heartbeat(4, 6, 8); }
  mav::Message location(int32_t latitude = 473'900'000, uint8_t status = 2) const {
    mav::Message out(mav::id::location);
    out.set("latitude", latitude);
    out.set("longitude", 85'400'000);
    out.set("status", status);
    out.set("speed_horizontal", 500);
    out.set("direction", 36'100);
    out.set("speed_vertical", 6300);
    for (const char* field : {"altitude_barometric", "altitude_geodetic", "height"}) out.set_real(field, -1000);
    out.set_real("timestamp", static_cast<float>(clock.now().wall.us / 100'000 % 36'000) / 10);
    return out;
  }
  static mav::Message system_message(int32_t latitude) {
    mav::Message out(mav::id::system);
    out.set("operator_latitude", latitude);
    out.set("operator_longitude", 85'400'000);
    out.set("area_count", 1);
    for (const char* field : {"area_ceiling", "area_floor", "operator_altitude_geo"}) out.set_real(field, -1000);
    out.set("timestamp", clock_second());
    return out;
  }
  static int64_t clock_second() { return kNow - kEpoch2019; }

  // The messages of the next pack, by type.
  std::map<rid::MessageType, rid::MessageOctets> next_pack() {
    std::map<rid::MessageType, rid::MessageOctets> out;
    const auto said = source.next(clock.now());
    EXPECT_TRUE(said && said->ok());
    if (!said || !said->ok()) return out;
    const auto pack = rid::decode_pack((*said)->pack);
    for (size_t i = 0; i < pack->count; ++i) std::copy(pack->message(i).begin(), pack->message(i).end(), out[rid::type_of(pack->message(i))].begin());
    return out;
  }

  ManualClock clock{at_second(kNow)};
  SeedSigner signer{Party::seed_of(2)};
  Aircraft aircraft;
  LiveSource source;
  QueuePort port{14'551};
  MavlinkLink link;
  ArmWord word{false, "not yet"};
};

TEST_F(Link, TheControllersAddressIsLearnedAndAnswered) {
  hear(location());
  EXPECT_EQ(link.refused(Error::foreign_source), 1U) << "nobody has introduced itself";
  EXPECT_TRUE(port.sent.empty());
  hear(heartbeat());
  ASSERT_EQ(port.sent.size(), 2U);
  EXPECT_EQ(port.sent[0].first, address_of(77, 14'550));
  hear(frame(heartbeat()), 78);             // it moved
  clock.advance(seconds(1));
  link.step(clock.now(), {true, ""});
  ASSERT_EQ(port.sent.size(), 4U);
  EXPECT_EQ(port.sent[3].first, address_of(78, 14'550));
  mav::FrameReader reader(port.sent[3].second);
  const auto arm = reader.next();
  ASSERT_TRUE(arm && arm->ok());
  EXPECT_EQ((*arm)->id(), mav::id::arm_status);
  EXPECT_EQ((*arm)->integer("status"), 0);
  EXPECT_EQ((*arm)->system, 7);
  EXPECT_EQ((*arm)->component, 236);
}

TEST_F(Link, TheReasonIsAtMostFiftyOctets) {
  word.reason = std::string(80, 'x');
  hear(heartbeat());
  mav::FrameReader reader(port.sent.at(1).second);
  const auto arm = reader.next();
  EXPECT_EQ((*arm)->text("error"), std::string(50, 'x'));
  EXPECT_EQ((*arm)->integer("status"), 1);
  GatewayStatus status;
  for (const Phase phase : {Phase::starting, Phase::flying, Phase::ending, Phase::done}) {
    for (const bool lost : {false, true}) {
      status.phase = phase;
      status.sp_lost = lost;
      const ArmWord word_of = arm_word(status);
      EXPECT_EQ(word_of.good, phase == Phase::flying && !lost);
      EXPECT_EQ(word_of.good, word_of.reason.empty());
      EXPECT_LE(word_of.reason.size(), 50U);
    }
  }
}

TEST_F(Link, OnlyTheVehicleSaysWhereItIs) {
  hear(heartbeat());
  hear(station(), 255, 190);
  hear(location(), 255, 190);               // the ground station may not
  hear(location(), 9);                      // another vehicle may not
  hear(heartbeat(), 9);
  EXPECT_EQ(link.refused(Error::foreign_source), 3U);
  EXPECT_FALSE(source.ready(clock.now()));
  hear(system_message(473'000'000), 255, 190);
  hear(location());
  EXPECT_EQ(link.refused(Error::foreign_source), 3U);
  ASSERT_TRUE(source.ready(clock.now()));
  EXPECT_TRUE(source.start_pack(clock.now()).ok());
  clock.advance(seconds(1));
  hear(system_message(473'000'100), 255, 190);
  hear(location(473'900'100));
  const auto pack = next_pack();
  EXPECT_EQ(rid::decode_location(pack.at(rid::MessageType::location))->latitude_e7, 473'900'100);
  EXPECT_EQ(rid::decode_system(pack.at(rid::MessageType::system))->operator_latitude_e7, 473'000'100) << "a change goes out with the next pack";
  clock.advance(seconds(1));
  hear(system_message(473'000'100), 255, 190);
  hear(location(473'900'200));
  EXPECT_FALSE(next_pack().contains(rid::MessageType::system)) << "no change, no message";
}

TEST_F(Link, SystemUpdateMovesTheOperator) {
  mav::Message update(mav::id::system_update);
  update.set("operator_latitude", 473'000'500);
  update.set("operator_longitude", 85'400'500);
  update.set_real("operator_altitude_geo", 500);
  update.set("timestamp", clock_second());
  hear(heartbeat());
  hear(update);
  EXPECT_EQ(link.refused(Error::rid_type), 1U) << "there is no System that it could update";
  hear(system_message(473'000'000));
  hear(location());
  EXPECT_TRUE(source.start_pack(clock.now()).ok());
  clock.advance(seconds(1));
  hear(update);
  hear(location());
  const auto system = rid::decode_system(next_pack().at(rid::MessageType::system));
  EXPECT_EQ(system->operator_latitude_e7, 473'000'500);
  EXPECT_EQ(system->operator_altitude_dm, 5000);
}

TEST_F(Link, AnEchoOfATransmitterIsIgnored) {
  hear(heartbeat());
  hear(location(), 7, 236);
  mav::Message received = location();
  received.set_octets("id_or_mac", Bytes(std::array<uint8_t, 6>{1, 2, 3, 4, 5, 6}));
  hear(received, 7, 237);                   // received traffic, which nobody asked for
  EXPECT_EQ(link.refused(Error::foreign_source), 2U);
  EXPECT_FALSE(source.ready(clock.now()));
}

class Receiver : public Link {
 protected:
  Receiver() : Link({0, "010203040506"}, {true, EndOn::signal, seconds(5), false}) {}
};

TEST_F(Receiver, ReceivedTrafficOfTheNamedTransmitterIsTheFlights) {
  mav::Message received = location();
  received.set_octets("id_or_mac", Bytes(std::array<uint8_t, 6>{1, 2, 3, 4, 5, 7}));
  hear(received, 7, 237);
  EXPECT_EQ(link.refused(Error::foreign_source), 1U);
  received.set_octets("id_or_mac", Bytes(std::array<uint8_t, 6>{1, 2, 3, 4, 5, 6}));
  hear(received, 7, 237);
  EXPECT_TRUE(source.ready(clock.now()));
}

TEST_F(Link, GlobalPositionServesAnAutopilotWithoutOpenDroneId) {
  mav::Message position(mav::id::global_position_int);
  position.set("lat", 473'900'000);
  position.set("lon", 85'400'000);
  position.set("relative_alt", 12'300);
  position.set("time_boot_ms", 10'000);
  mav::Message time(mav::id::system_time);
  time.set("time_unix_usec", (kNow - 1) * 1'000'000);
  time.set("time_boot_ms", 9'500);
  hear(heartbeat());
  hear(time);
  hear(position);
  ASSERT_TRUE(source.ready(clock.now()));
  auto start = source.start_pack(clock.now());
  ASSERT_TRUE(start.ok());
  EXPECT_EQ(start->sampled, at_second(kNow - 1) + milliseconds(500)) << "the vehicle's own time";
  EXPECT_EQ(start->location->height_dm, 123);
  clock.advance(seconds(1));
  hear(heartbeat());
  hear(location(473'911'111));              // its OPEN_DRONE_ID wins while it is current
  position.set("lat", 473'922'222);
  hear(position);
  EXPECT_EQ(rid::decode_location(next_pack().at(rid::MessageType::location))->latitude_e7, 473'911'111);
  for (int i = 0; i < 4; ++i) {             // and is followed by the fallback when it falls silent
    clock.advance(seconds(1));
    hear(heartbeat());
    hear(position);
  }
  const auto fallback = rid::decode_location(next_pack().at(rid::MessageType::location));
  EXPECT_EQ(fallback->latitude_e7, 473'922'222);
  EXPECT_EQ(fallback->status, 0);
}

TEST_F(Link, AnOldPositionKeepsItsTimeAndTurnsIntoAFailure) {
  hear(heartbeat());
  hear(location());
  const auto start = source.start_pack(clock.now());
  ASSERT_TRUE(start.ok());
  std::vector<uint8_t> statuses;
  for (int i = 0; i < 60; ++i) {
    clock.advance(milliseconds(100));
    if (i % 10 == 9) hear(heartbeat());
    const auto again = source.next(clock.now());
    if (!again) continue;
    ASSERT_TRUE(again->ok());
    EXPECT_EQ((*again)->sampled, start->sampled);
    EXPECT_EQ((*again)->location->timestamp_ds, start->location->timestamp_ds);
    statuses.push_back((*again)->location->status);
  }
  EXPECT_EQ(statuses, (std::vector<uint8_t>{2, 2, 4, 4, 4}));  // at least once a second
}

TEST_F(Link, TwoPositionsASecondAtMostButAChangeOfStatusAtOnce) {
  hear(heartbeat());
  hear(location());
  ASSERT_TRUE(source.start_pack(clock.now()).ok());
  int said = 0;
  for (int i = 0; i < 100; ++i) {           // ten a second
    clock.advance(milliseconds(100));
    hear(heartbeat());
    hear(location(473'900'000 + i));
    said += source.next(clock.now()) ? 1 : 0;
  }
  EXPECT_EQ(said, 20);
  clock.advance(milliseconds(200));
  hear(location(473'901'000, 3));
  EXPECT_EQ(rid::decode_location(next_pack().at(rid::MessageType::location))->status, 3);
}

TEST_F(Link, InactiveForFiveSecondsIsTheEnd) {
  hear(heartbeat(3));
  hear(location());
  ASSERT_TRUE(source.start_pack(clock.now()).ok());
  clock.advance(seconds(20));
  hear(heartbeat(3));
  EXPECT_FALSE(source.over(clock.now())) << "standby before the flight ends nothing";
  hear(heartbeat(4));
  hear(heartbeat(3));
  clock.advance(seconds(4));
  EXPECT_FALSE(source.over(clock.now()));
  hear(heartbeat(4));                       // it was a moment only
  clock.advance(seconds(4));
  EXPECT_FALSE(source.over(clock.now()));
  hear(heartbeat(3));
  clock.advance(seconds(5));
  EXPECT_EQ(source.over(clock.now()), "the flight controller is no longer active");
}

class Lander : public Link {
 protected:
  Lander() : Link({}, {true, EndOn::landed, seconds(5), true}) {}
};

TEST_F(Lander, LandedForFiveSecondsIsTheEnd) {
  hear(heartbeat());
  hear(location(473'900'000, 1));
  clock.advance(seconds(30));
  EXPECT_FALSE(source.over(clock.now())) << "it has not flown";
  hear(location(473'900'000, 2));
  EXPECT_FALSE(source.over(clock.now()));
  hear(location(473'900'000, 1));
  EXPECT_FALSE(source.over(clock.now()));
  clock.advance(seconds(5));
  EXPECT_EQ(source.over(clock.now()), "the aircraft has landed");
}

TEST_F(Link, BrokenFramesAreCountedAndGoodOnesTaken) {
  Buffer bad = frame(location());
  bad[20] ^= 1;
  hear(heartbeat());
  hear(bad);
  hear(Buffer{1, 2, 3});
  Buffer both = frame(heartbeat());
  const Buffer second = frame(location());
  both.insert(both.end(), second.begin(), second.end());
  hear(both);
  EXPECT_GE(link.refused(Error::mavlink_crc), 1U);
  EXPECT_GE(link.refused(Error::mavlink_frame), 1U);
  EXPECT_TRUE(source.ready(clock.now()));
}

}  // namespace
}  // namespace nrid::testing
