// The simulation's own parts, and a few short runs for the sanitizers. The seeds of ./check are tests/sim/seeds_test.py.
#include <gtest/gtest.h>

#include "tests/sim/hashed_signatures.h"
#include "tests/sim/world.h"

namespace nrid::sim {
namespace {

Seed seed_of(uint8_t fill) {
  Seed seed;
  seed.fill(fill);
  return seed;
}

TEST(SimSignatures, hashed_ones_have_the_form_of_ed25519_and_bind_key_and_message) {
  for (const bool real : {false, true}) {
    use_real_signatures(real);
    const SeedSigner one(seed_of(1)), two(seed_of(2));
    Buffer message = {1, 2, 3, 4};
    for (int i = 0; i < 200; ++i) {
      message.push_back(static_cast<uint8_t>(i));
      const auto signature = one.sign(message);
      ASSERT_TRUE(signature.ok());
      ASSERT_TRUE(signature_form_ok(*signature));
      ASSERT_TRUE(verify_one(one.public_key(), message, *signature));
      ASSERT_FALSE(verify_one(two.public_key(), message, *signature));
      Signature other = *signature;
      other[static_cast<size_t>(i) % 64] ^= 1;
      ASSERT_FALSE(verify_one(one.public_key(), message, other));
      message[static_cast<size_t>(i) % message.size()] ^= 0x40;
      ASSERT_FALSE(verify_one(one.public_key(), message, *signature));
    }
  }
  use_real_signatures(false);
}

TEST(SimTimeline, what_is_due_at_one_moment_happens_in_the_order_in_which_it_was_asked_for) {
  Timeline timeline;
  std::vector<int> order;
  timeline.at(seconds(2), [&] { order.push_back(3); });
  timeline.at(seconds(1), [&] { order.push_back(1); });
  timeline.at(seconds(1), [&] {
    order.push_back(2);
    timeline.after({0}, [&] { order.push_back(9); });
  });
  timeline.run_until(seconds(1), [] { return true; });
  EXPECT_EQ(order, (std::vector<int>{1, 2, 9}));
  timeline.run_until(seconds(5), [] { return true; });
  EXPECT_EQ(order.back(), 3);
  EXPECT_EQ(timeline.now(), seconds(5));
}

TEST(SimTimeline, a_drifting_clock_is_asked_when_it_will_be) {
  Timeline timeline;
  for (const int64_t ppm : {-200, 0, 1, 200}) {
    PartyClock clock(timeline, at_second(1'780'315'200));
    clock.set_drift(ppm);
    for (const int64_t us : {1, 999'999, 600'000'000}) {
      const Tick wanted = clock.now().tick + Duration{us};
      const Time when = clock.when(wanted);
      Timeline then;
      PartyClock same(then, at_second(1'780'315'200));
      same.set_drift(ppm);
      then.run_until(when, [] { return true; });
      EXPECT_GE(same.now().tick, wanted);
      EXPECT_LE((same.now().tick - wanted).us, 2);
    }
  }
}

TEST(SimFaults, each_row_is_drawn_by_some_seeds_and_stays_in_its_range) {
  for (const FaultRow& row : fault_rows()) {
    int drawn = 0;
    for (uint64_t seed = 0; seed < 400; ++seed) {
      const double value = draw_faults(seed).*row.value;
      if (value == 0) continue;
      ++drawn;
      EXPECT_TRUE(value >= row.low && value <= row.high) << row.name;
    }
    EXPECT_NEAR(drawn / 400.0, row.share, 0.12) << row.name;
  }
}

TEST(SimLaws, four_octets_for_one_to_an_unproven_address_break_the_law) {
  std::string broken;
  Verdicts verdicts = [&](std::string law, std::string) { broken = law; };
  ByteLaw law(verdicts);
  const Address peer = v4(203, 0, 0, 1, 4000);
  Opened request;
  request.code = coap::kPost;
  request.id = 7;
  law.took(peer, 100, request);
  Opened answer;
  answer.type = coap::Type::ack;
  answer.code = coap::kChanged;
  answer.id = 7;
  for (int i = 0; i < 3; ++i) law.sent(peer, 100, answer);
  EXPECT_EQ(broken, "");
  law.sent(peer, 1, answer);
  EXPECT_EQ(broken, "R-029");
}

TEST(SimWorld, equal_seeds_are_equal_runs) {
  const auto run = [](uint64_t seed) {
    Plan plan = draw_plan(seed);
    plan.length = seconds(90);
    plan.heal = seconds(80);
    World world(plan);
    world.run_for(plan.length);
    EXPECT_FALSE(world.violation()) << world.violation()->law << ": " << world.violation()->what;
    return world.summary().fingerprint;
  };
  EXPECT_EQ(run(5), run(5));
  EXPECT_NE(run(5), run(6));
}

// What a fuzz target does: take true datagrams, change them, give them back.
TEST(SimWorld, a_harness_may_change_what_was_sent_and_no_law_breaks) {
  Plan plan = quiet_plan(1, 2, 3);
  plan.catch_datagrams = true;
  World world(plan);
  world.run_for(seconds(230));
  ASSERT_FALSE(world.violation()) << world.violation()->what;
  const auto caught = world.caught();
  ASSERT_GT(caught.size(), 100u);
  Dice dice(1);
  for (int i = 0; i < 500; ++i) {
    Datagram one = caught[dice.below(caught.size())];
    if (!one.octets.empty() && dice.chance(0.5)) one.octets[dice.below(one.octets.size())] ^= static_cast<uint8_t>(1u << dice.below(8));
    if (dice.chance(0.5)) one.octets.resize(dice.below(one.octets.size() + 1));
    world.inject(dice.chance(0.5) ? one.from : v4(192, 0, 2, 9, 9), one.to, one.octets);
    if (dice.chance(0.2)) world.run_for(milliseconds(200));
  }
  world.run_for(seconds(10));
  EXPECT_FALSE(world.violation()) << world.violation()->law << ": " << world.violation()->what;
  EXPECT_GT(world.summary().accepted, 100u);
}

}  // namespace
}  // namespace nrid::sim
