// The end of an operation as a gateway walks through it.
#include "tests/nrid/gateway_support.h"

namespace nrid::testing::gateway {
namespace {

TEST(GatewayEnd, AcknowledgedEnd) {
  World world(straight_flight(3));
  world.take_off();
  world.run(seconds(20), [&](const SentReport& report) {
    if (!report.is_end()) return;
    EXPECT_EQ(report.frame.type, coap::Type::con);
    EXPECT_EQ(report.end().peer, world.sp.det);
    EXPECT_EQ(report.end().code, profile::kEooRequest);
    EXPECT_EQ(report.end().ua, world.ua.det);  // kid is the gateway
    world.answer(report, world.end_word(1, static_cast<uint64_t>(report.iat)));
  });
  EXPECT_EQ(world.status().outcome, Outcome::ended);
  EXPECT_EQ(world.events.back(), "finished outcome=ended reason=acknowledged");
}

TEST(GatewayEnd, AcknowledgementOfAnotherEndDoesNotCount) {
  World world(straight_flight(3));
  world.take_off();
  world.run(seconds(15), [&](const SentReport& report) {
    if (report.is_end()) world.answer(report, world.end_word(1, static_cast<uint64_t>(report.iat) - 100));
  });
  EXPECT_EQ(world.status().phase, Phase::ending);
  EXPECT_GT(world.gateway->refused(Error::stale_word), 0U);
}

TEST(GatewayEnd, MuteProviderGetsFourTriesThenOneEveryThirtySecondsForTenMinutes) {
  World world(straight_flight(3));
  world.take_off();
  std::vector<double> at;
  Tick began{};
  world.run(seconds(800), [&](const SentReport& report) {
    if (!report.is_end()) return;
    if (at.empty()) began = world.clock.now().tick;
    at.push_back(static_cast<double>((world.clock.now().tick - began).us) / 1e6);
  });
  EXPECT_EQ(world.status().outcome, Outcome::end_unacknowledged);
  ASSERT_GE(at.size(), 22U);
  EXPECT_LE(at.size(), 25U);
  EXPECT_NEAR(at[3], 6, 1.3);
  EXPECT_NEAR(at[6] - at[5], 30, 0.1);
  EXPECT_LT(at.back(), 605);
}

TEST(GatewayEnd, TheProviderMayEndTheOperation) {
  World world;
  world.take_off();
  world.run(seconds(2));
  world.post(world.end_word(profile::kEooBySp, static_cast<uint64_t>(world.clock.now().wall.seconds())));
  world.run(milliseconds(10));
  EXPECT_EQ(world.status().outcome, Outcome::ended_by_sp);
}

TEST(GatewayEnd, InterruptionEndsTheOperation) {
  World world;
  world.take_off();
  world.run(seconds(2));
  world.gateway->end(world.clock.now(), "interrupted");
  world.run(seconds(5), [&](const SentReport& report) {
    if (report.is_end()) world.answer(report, world.end_word(1, static_cast<uint64_t>(report.iat)));
  });
  EXPECT_EQ(world.status().outcome, Outcome::ended);
}

// Found by the simulation: nothing was due while a flight that was over waited for its stored positions, and who steps a gateway at
// its own wish never came again.
TEST(GatewayEnd, AFlightThatIsOverWhileItsProviderIsLostAsksToBeCalled) {
  GatewayPolicy policy;
  policy.on_lost_sp = LostAction::continue_;
  World world(straight_flight(40), {}, policy);
  world.take_off();
  world.run(seconds(130));                 // 40 s of flight, a minute for what is stored, four tries of the end
  EXPECT_EQ(world.count("sp_lost"), 1U);
  EXPECT_TRUE(world.gateway->done());
  EXPECT_EQ(world.status().outcome, Outcome::sp_lost);
}

}  // namespace
}  // namespace nrid::testing::gateway
