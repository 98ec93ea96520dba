// Several uplinks: failover by error and by silence, duplicates that the server counts once.
#include "nrid/uplinks.h"

#include "tests/nrid/both_ends.h"

namespace nrid::testing {
namespace {

// A second way to the same gateway world, with an address of its own.
struct TwoWays {
  TwoWays(World& world, UplinkMode mode) {
    for (const uint8_t host : {1, 2}) {
      auto port = std::make_unique<WirePort>(world, address_of(host), address_of(9, 5683));
      ports.push_back(port.get());
      links.push_back({host == 1 ? "wwan0" : "eth1", std::move(port)});
    }
    uplinks = std::make_unique<Uplinks>(std::move(links), mode, world.clock);
  }
  std::vector<Uplink> links;
  std::vector<WirePort*> ports;
  std::unique_ptr<Uplinks> uplinks;
};

class UplinkFlight : public ::testing::Test {
 protected:
  void start(UplinkMode mode) {
    ways = std::make_unique<TwoWays>(world, mode);
    gateway = std::make_unique<Gateway>(GatewayTimers(), GatewayPolicy(), Side::carriage(), side.speaker, straight(60), side.provider(),
                                        side.parts(aircraft, ways->uplinks.get()));
    gateway->start(world.clock.now());
  }
  void run(Duration length) {
    uint64_t heard = 0;
    fly(world, *gateway, length, [&] {
      const uint64_t heartbeats = gateway->status(world.clock.now()).heartbeats;
      if (heartbeats != heard) ways->uplinks->confirm();
      heard = heartbeats;
    });
  }
  World world{with_gateway()};
  Side side{world, world.gcs};
  Aircraft aircraft{side.identity(), world.ua.signer};
  std::unique_ptr<TwoWays> ways;
  std::unique_ptr<Gateway> gateway;
};

TEST_F(UplinkFlight, FailoverOnAnErrorLosesNotOneDatagram) {
  start(UplinkMode::failover);
  run(seconds(10));
  EXPECT_EQ(ways->ports[1]->sent, 0U);
  ways->ports[0]->unplugged = true;
  run(seconds(10));
  EXPECT_GE(ways->ports[1]->sent, 9U);
  EXPECT_EQ(gateway->status(world.clock.now()).send_failed, 0U);
  const auto status = ways->uplinks->status();
  EXPECT_EQ(status[0].name, "wwan0");
  EXPECT_FALSE(status[0].active);
  EXPECT_EQ(status[0].failed, 1U);
  EXPECT_TRUE(status[1].active);
  EXPECT_GE(status[1].sent, 9U);
  EXPECT_EQ(ways->uplinks->failovers(), 1U);
  run(seconds(60));
  EXPECT_EQ(gateway->status(world.clock.now()).outcome, Outcome::ended);
}

TEST_F(UplinkFlight, FailoverOnSilenceComesBeforeTheAlarm) {
  start(UplinkMode::failover);
  run(seconds(10));
  ways->ports[0]->mute = ways->ports[0]->deaf = true;  // it leaves, and is never heard of again
  run(seconds(25));
  EXPECT_EQ(ways->uplinks->failovers(), 1U);
  EXPECT_TRUE(ways->uplinks->status()[1].active);
  EXPECT_FALSE(gateway->status(world.clock.now()).sp_lost);
  EXPECT_EQ(world.recorder->count(FlightEventKind::lost), 0U);
}

TEST_F(UplinkFlight, DuplicatesAreCountedOnceByTheServer) {
  start(UplinkMode::duplicate);
  run(seconds(30));
  EXPECT_EQ(ways->ports[0]->sent, ways->ports[1]->sent);
  EXPECT_GE(world.count(Counter::duplicate), 25U);
  std::map<int32_t, int> seen;
  for (const Sighting& sighting : world.recorder->sightings) {
    if (sighting.location) ++seen[*sighting.location->latitude_e7];
  }
  for (const auto& [latitude, count] : seen) EXPECT_LE(count, latitude == 473'900'000 ? 2 : 1);  // the start says the first one too
  EXPECT_GE(seen.size(), 26U);
  // One of the two dies: nothing is lost and nobody has to notice.
  ways->ports[0]->unplugged = true;
  run(seconds(10));
  EXPECT_EQ(gateway->status(world.clock.now()).send_failed, 0U);
  EXPECT_FALSE(gateway->status(world.clock.now()).sp_lost);
}

TEST_F(UplinkFlight, AllDownIsAFailedSend) {
  for (const UplinkMode mode : {UplinkMode::failover, UplinkMode::duplicate}) {
    TwoWays both(world, mode);
    both.ports[0]->unplugged = both.ports[1]->unplugged = true;
    const Buffer datagram{0x40, 0, 0, 0};
    const Outgoing one{address_of(9, 5683), datagram};
    EXPECT_EQ(both.uplinks->send({&one, 1}), 0U);
    EXPECT_EQ(both.uplinks->status()[0].failed, 1U);
    EXPECT_EQ(both.uplinks->status()[1].failed, 1U);
  }
}

}  // namespace
}  // namespace nrid::testing
