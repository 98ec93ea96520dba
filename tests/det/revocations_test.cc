// How far a revocation reaches, and what lifts it: nrid.md R-010.
#include "det/endorsement.h"
#include "tests/det/key_world.h"

namespace nrid::det {
namespace {

using World = KeyWorld;

TEST(KeySource, revoking_an_hda_revokes_what_hangs_below) {
  World world;
  const Now now = world.clock.now();
  const SeedSigner newcomer(Seed{9});
  const Det new_det = derive(16376, 10, newcomer.public_key());
  const auto new_be = make_endorsement(new_det, newcomer.public_key(), world.det("hda"), world.registry.signer("hda"), kNow - seconds(1), kNow + seconds(900));
  ASSERT_TRUE(new_be.ok());
  world.keys->request(world.det("ua"));
  ASSERT_TRUE(world.keys->learn(world.registry["hda"].endorsement, now).ok());
  ASSERT_TRUE(world.keys->learn(world.registry["ua2"].endorsement, now).ok());

  world.keys->revoke_listed(std::vector{world.det("hda")});
  for (const char* name : {"hda", "ua", "ua2"}) EXPECT_EQ(world.find(world.det(name)), Error::det_revoked) << name;
  EXPECT_EQ(world.keys->learn(*new_be, now).error(), Error::untrusted_chain);
  EXPECT_EQ(world.find(new_det), Error::key_unavailable);  // nothing proves yet that it hangs there
  world.keys->request(world.det("sp"));                    // a walk proves it
  EXPECT_EQ(world.answers.back().error, Error::det_revoked);
  EXPECT_EQ(world.answers.back().key, nullptr);
  EXPECT_EQ(world.find(world.det("sp")), Error::det_revoked);
  world.keys->request(world.det("hda11"));                 // beside it
  EXPECT_NE(world.answers.back().key, nullptr);
  EXPECT_EQ(world.keys->stats().revoked, 1u);

  world.fail_dns();                                        // who is lifted is there at once
  world.keys->revoke_listed({});
  for (const char* name : {"hda", "ua", "ua2", "sp"}) EXPECT_EQ(world.find(world.det(name)), Error::none) << name;
  EXPECT_TRUE(world.keys->learn(*new_be, now).ok());
  EXPECT_EQ(world.keys->stats().revoked, 0u);
}

TEST(KeySource, revoking_the_anchor_revokes_all_and_even_what_a_link_would_bring) {
  World world;
  ASSERT_TRUE(world.keys->learn(world.registry["hda"].endorsement, world.clock.now()).ok());
  ASSERT_TRUE(world.keys->learn(world.registry["ua"].endorsement, world.clock.now()).ok());
  world.keys->revoke_listed(std::vector{world.det("raa")});
  for (const char* name : {"raa", "hda", "ua"}) EXPECT_EQ(world.find(world.det(name)), Error::det_revoked) << name;
  for (const char* name : {"ua2", "hda11"}) EXPECT_EQ(world.keys->learn(world.registry[name].endorsement, world.clock.now()).error(), Error::untrusted_chain);
}

TEST(KeySource, below_a_revoked_authority_the_chain_is_asked_for_again_when_its_time_is_over) {
  World world;
  const Det& ua = world.det("ua");
  world.keys->request(ua);
  world.keys->revoke_listed(std::vector{world.det("hda")});
  const size_t asked = world.dns.asked;
  world.keys->request(ua);
  EXPECT_EQ(world.dns.asked, asked);
  world.clock.advance(seconds(61));
  EXPECT_EQ(world.find(ua), Error::key_unavailable);
  world.fail_dns();
  world.keys->request(ua);                                 // what is revoked never serves on
  EXPECT_EQ(world.answers.back().error, Error::key_unavailable);
  EXPECT_EQ(world.answers.back().key, nullptr);
  world.dns.broken.reset();
  world.clock.advance(seconds(2));
  world.keys->request(ua);
  EXPECT_EQ(world.answers.back().error, Error::det_revoked);
  world.keys->revoke_listed(std::vector{ua});              // itself: no question changes that
  world.clock.advance(seconds(61));
  EXPECT_EQ(world.find(ua), Error::det_revoked);
}

TEST(KeySource, an_authority_that_is_revoked_while_a_walk_is_under_way) {
  World world;
  world.dns.held = true;
  world.keys->request(world.det("ua"));
  world.keys->revoke_listed(std::vector{world.det("hda")});
  world.dns.release();
  ASSERT_EQ(world.answers.size(), 1u);
  EXPECT_EQ(world.answers[0].error, Error::det_revoked);
}

TEST(KeySource, the_operators_list_and_modules_lift_only_their_own) {
  World world;
  const RegistryEntry& ua = world.registry["ua"];
  world.keys->request(ua.det);
  world.keys->revoke(ua.det);
  world.keys->revoke_listed(std::vector{ua.det, ua.det});
  EXPECT_EQ(world.keys->stats().revoked, 1u);
  world.keys->revoke_listed({});
  EXPECT_EQ(world.find(ua.det), Error::det_revoked);       // by a module
  world.keys->revoke_listed(std::vector{ua.det});
  ASSERT_TRUE(world.keys->add_local(ua.det, ua.key, kNow + seconds(90)).ok());
  EXPECT_EQ(world.find(ua.det), Error::det_revoked);       // by the operator
  world.keys->revoke_listed({});
  EXPECT_EQ(world.find(ua.det), Error::none);
  world.keys->revoke_listed(std::vector{world.det("hda")});
  EXPECT_EQ(world.find(ua.det), Error::none);              // registered here: it hangs below nobody
}

}  // namespace
}  // namespace nrid::det
