#include "det/det.h"
#include "det/endorsement.h"
#include "tests/det/key_world.h"

namespace nrid::det {
namespace {

using World = KeyWorld;

TEST(KeySource, unknown_then_asked_then_known) {
  World world;
  EXPECT_EQ(world.find(world.det("ua")), Error::key_unavailable);
  world.keys->request(world.det("ua"));
  ASSERT_EQ(world.answers.size(), 1u);
  ASSERT_NE(world.answers[0].key, nullptr);
  EXPECT_EQ(world.answers[0].error, Error::none);
  EXPECT_EQ(world.answers[0].key->key.octets(), world.registry["ua"].key);
  const auto found = world.keys->find(world.det("ua"), world.clock.now());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->trust, Trust::anchor);
  EXPECT_FALSE((*found)->stale);
}

TEST(KeySource, ten_thousand_requests_of_one_unknown_det_are_one_look_up) {
  World world;
  world.dns.held = true;
  Det unknown = world.det("ua");
  unknown.octets[15] ^= 1;
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(world.find(unknown), Error::key_unavailable);
    world.keys->request(unknown);
  }
  world.dns.release();
  EXPECT_EQ(world.dns.asked, 2u);  // one HHIT, one BRID
  ASSERT_EQ(world.answers.size(), 1u);
  EXPECT_EQ(world.answers[0].error, Error::unknown_key);
  EXPECT_EQ(world.find(unknown), Error::unknown_key);
  world.keys->request(unknown);    // within 30 s: the same answer without DNS
  world.dns.release();
  EXPECT_EQ(world.answers.size(), 2u);
  EXPECT_EQ(world.dns.asked, 2u);
  world.clock.advance(seconds(31));
  EXPECT_EQ(world.find(unknown), Error::key_unavailable);
}

TEST(KeySource, a_used_key_is_refreshed_before_it_runs_out) {
  World world;
  world.keys->request(world.det("ua"));
  const size_t before = world.dns.asked;
  for (int second = 0; second < 600; ++second) {
    world.clock.advance(seconds(1));
    EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok()) << second;
  }
  EXPECT_GT(world.dns.asked, before);
  EXPECT_LT(world.dns.asked, before + 60);
  EXPECT_EQ(world.answers.size(), 1u);  // nobody asked for the refreshes
}

TEST(KeySource, an_unused_key_runs_out_with_its_ttl) {
  World world;
  world.keys->request(world.det("ua"));
  world.clock.advance(seconds(61));
  EXPECT_EQ(world.find(world.det("ua")), Error::key_unavailable);
}

TEST(KeySource, serves_stale_while_the_resolver_is_down_and_never_past_the_endorsement) {
  World world;  // endorsements end 24 h after kNow
  world.keys->request(world.det("ua"));
  world.fail_dns();
  world.clock.advance(seconds(3600));
  EXPECT_EQ(world.find(world.det("ua")), Error::key_unavailable);  // TTL over, and nothing known yet of any trouble
  world.keys->request(world.det("ua"));
  ASSERT_EQ(world.answers.size(), 2u);
  ASSERT_NE(world.answers[1].key, nullptr);
  EXPECT_TRUE(world.answers[1].key->stale);
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  world.clock.advance(seconds(20 * 3600));
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  world.clock.advance(seconds(4 * 3600));
  EXPECT_FALSE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  EXPECT_GT(world.keys->stats().stale_served, 0u);
}

TEST(KeySource, stale_service_ends_after_its_limit) {
  KeySourceLimits limits;
  limits.stale_max = seconds(100);
  World world(limits);
  world.keys->request(world.det("ua"));
  world.fail_dns();
  world.clock.advance(seconds(70));
  world.keys->request(world.det("ua"));
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  world.clock.advance(seconds(91));
  EXPECT_EQ(world.find(world.det("ua")), Error::key_unavailable);
}

TEST(KeySource, trouble_is_not_no) {
  World world;
  world.fail_dns();
  world.keys->request(world.det("ua"));
  ASSERT_EQ(world.answers.size(), 1u);
  EXPECT_EQ(world.answers[0].error, Error::key_unavailable);
  EXPECT_NE(world.answers[0].reason, "");
  world.dns.broken.reset();
  world.clock.advance(seconds(2));
  world.keys->request(world.det("ua"));
  EXPECT_NE(world.answers.back().key, nullptr);
}

TEST(KeySource, a_det_that_leaves_dns_is_unknown) {
  World world;
  world.keys->request(world.det("ua"));
  world.dns.table.clear();
  world.clock.advance(seconds(61));
  world.keys->request(world.det("ua"));
  EXPECT_EQ(world.find(world.det("ua")), Error::unknown_key);
}

// whoever can write an answer, but not sign it, takes no key away, neither by denying the aircraft nor its HDA.
TEST(KeySource, a_forged_nxdomain_takes_no_key_away) {
  for (const char* denied : {"ua", "hda"}) {
    SCOPED_TRACE(denied);
    World world({}, true);
    const std::string name = owner_name(world.det(denied));
    world.keys->request(world.det("ua"));
    const auto table = world.dns.table;
    for (const RrType type : {RrType::hhit, RrType::brid}) world.dns.table.erase({name, type});
    world.dns.insecure = {name};
    for (int second = 0; second < 120; ++second) {
      world.clock.advance(seconds(1));
      EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok()) << second;
    }
    const auto held = world.keys->find(world.det("ua"), world.clock.now());
    ASSERT_TRUE(held.ok());
    EXPECT_TRUE((*held)->stale);
    EXPECT_GT(world.keys->stats().failures, 0u);
    EXPECT_EQ(world.keys->stats().negatives, 0u);

    world.dns.table = table;                           // the resolver is itself again
    world.dns.insecure.clear();
    world.clock.advance(seconds(2));
    EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
    const auto fresh = world.keys->find(world.det("ua"), world.clock.now());
    ASSERT_TRUE(fresh.ok());
    EXPECT_FALSE((*fresh)->stale);

    for (const RrType type : {RrType::hhit, RrType::brid}) world.dns.table.erase({name, type});  // now the registry denies it
    for (int second = 0; second < 60; ++second) {
      world.clock.advance(seconds(1));
      static_cast<void>(world.find(world.det("ua")));
    }
    EXPECT_NE(world.find(world.det("ua")), Error::none);
  }
}

// A key that the fallback name gave outlasts trouble there; any other goes when its proper name does, though nobody can say anything of
// the fallback name, as in a network without a way to it.
TEST(KeySource, trouble_at_the_fallback_name_is_trouble_for_the_keys_from_there) {
  World world({}, true, true);
  const auto move = [&](const char* name) {
    for (const RrType type : {RrType::hhit, RrType::brid}) world.dns.table.erase({owner_name(world.det(name)), type});
  };
  move("ua");
  world.dns.publish(world.registry["ua"].records, fallback_name(world.det("ua")));
  for (const char* name : {"ua", "ua2"}) world.keys->request(world.det(name));
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  EXPECT_TRUE(world.keys->find(world.det("ua2"), world.clock.now()).ok());

  for (const char* name : {"ua", "ua2"}) world.dns.insecure.insert(fallback_name(world.det(name)));
  for (const RrType type : {RrType::hhit, RrType::brid}) world.dns.table.erase({fallback_name(world.det("ua")), type});
  move("ua2");
  bool withdrawn = false;
  for (int second = 0; second < 120; ++second) {
    world.clock.advance(seconds(1));
    EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok()) << second;
    withdrawn = withdrawn || world.find(world.det("ua2")) == Error::unknown_key;
  }
  EXPECT_TRUE(withdrawn);
  EXPECT_FALSE(world.keys->find(world.det("ua2"), world.clock.now()).ok());

  world.dns.insecure.clear();                          // both names deny it
  world.clock.advance(seconds(2));
  static_cast<void>(world.find(world.det("ua")));
  EXPECT_EQ(world.find(world.det("ua")), Error::unknown_key);
}

TEST(KeySource, local_keys_come_first_and_revoking_acts_at_once) {
  World world;
  const RegistryEntry& ua = world.registry["ua"];
  EXPECT_EQ(world.keys->add_local(ua.det, world.registry["sp"].key, kNow + seconds(9)).error(), Error::det_hi_mismatch);
  ASSERT_TRUE(world.keys->add_local(ua.det, ua.key, kNow + seconds(9)).ok());
  const auto found = world.keys->find(ua.det, world.clock.now());
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->trust, Trust::local);
  EXPECT_EQ(world.dns.asked, 0u);
  world.clock.advance(seconds(10));
  EXPECT_EQ(world.find(ua.det), Error::key_unavailable);  // the session is over: DNS decides

  world.keys->request(ua.det);
  EXPECT_TRUE(world.keys->find(ua.det, world.clock.now()).ok());
  world.keys->revoke(ua.det);
  EXPECT_EQ(world.find(ua.det), Error::det_revoked);
  world.keys->request(ua.det);
  EXPECT_EQ(world.answers.back().error, Error::det_revoked);
  EXPECT_EQ(world.keys->learn(ua.endorsement, world.clock.now()).error(), Error::det_revoked);
  ASSERT_TRUE(world.keys->add_local(ua.det, ua.key, kNow + seconds(90)).ok());
  EXPECT_TRUE(world.keys->find(ua.det, world.clock.now()).ok());
}

TEST(KeySource, revoked_while_its_look_up_is_under_way) {
  World world;
  world.dns.held = true;
  world.keys->request(world.det("ua"));
  world.keys->revoke(world.det("ua"));
  world.dns.release();
  ASSERT_EQ(world.answers.size(), 1u);
  EXPECT_EQ(world.answers[0].error, Error::det_revoked);
}

TEST(KeySource, learns_from_links_without_dns) {
  World world;
  world.fail_dns();
  const Now now = world.clock.now();
  EXPECT_EQ(world.keys->learn(world.registry["ua"].endorsement, now).error(), Error::untrusted_chain);  // its HDA is unknown
  ASSERT_TRUE(world.keys->learn(world.registry["hda"].endorsement, now).ok());                           // by the anchor
  const auto learned = world.keys->learn(world.registry["ua"].endorsement, now);
  ASSERT_TRUE(learned.ok());
  EXPECT_EQ((*learned)->key.octets(), world.registry["ua"].key);
  EXPECT_NE((*learned)->chain.find("(anchor)"), std::string::npos);
  EXPECT_TRUE(world.keys->find(world.det("ua"), now).ok());
  EXPECT_EQ(world.keys->stats().learned, 2u);
}

TEST(KeySource, an_aircraft_cannot_vouch_for_another) {
  World world;
  world.keys->request(world.det("ua"));
  const auto be = make_endorsement(world.det("ua2"), world.registry["ua2"].key, world.det("ua"), world.registry.signer("ua"),
                                   kNow - seconds(1), kNow + seconds(60));
  ASSERT_TRUE(be.ok());
  EXPECT_EQ(world.keys->learn(*be, world.clock.now()).error(), Error::untrusted_chain);
}

TEST(KeySource, links_that_do_not_hold) {
  World world;
  const Now now = world.clock.now();
  ASSERT_TRUE(world.keys->learn(world.registry["hda"].endorsement, now).ok());
  auto forged = world.registry["ua"].endorsement;
  forged[100] ^= 1;
  EXPECT_EQ(world.keys->learn(forged, now).error(), Error::bad_endorsement);
  world.clock.advance(seconds(2 * 86'400));
  EXPECT_NE(world.keys->learn(world.registry["ua"].endorsement, world.clock.now()).error(), Error::none);
  EXPECT_EQ(world.keys->learn(Bytes(forged).first(135), now).error(), Error::bad_endorsement);
}

TEST(KeySource, a_flood_of_invented_dets_evicts_no_key) {
  KeySourceLimits limits;
  limits.keys_max = 4;
  limits.negatives_max = 8;
  World world(limits);
  world.keys->request(world.det("ua"));
  SeededRandom random(3);
  for (int i = 0; i < 1000; ++i) {
    Det invented = world.det("ua");
    random.fill(std::span(invented.octets).subspan(8));
    world.keys->request(invented);
    world.clock.advance(milliseconds(20));  // slower than the token buckets
  }
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  EXPECT_EQ(world.keys->stats().negatives, 8u);
}

// T27 of the threat list: what a flood of invented DETs makes us ask of one HDA's zone, and of all zones together.
TEST(KeySource, questions_about_invented_dets_are_bounded_per_zone_and_in_all) {
  World world;
  SeededRandom random(3);
  const auto flood = [&](uint16_t zones) {  // 10,000 DETs in ten seconds
    for (int i = 0; i < 10'000; ++i) {
      Det invented = Det::with_hid(16376, static_cast<uint16_t>(10 + i % zones), kSuiteEddsaCshake128);
      random.fill(std::span(invented.octets).subspan(8));
      world.keys->request(invented);
      world.clock.advance(milliseconds(1));
    }
  };
  flood(1);
  EXPECT_LE(world.dns.asked, 200u * 11);  // ten seconds, and what the bucket held
  EXPECT_GE(world.dns.asked, 200u * 10);
  size_t refused = 0;
  for (const auto& answer : world.answers) refused += answer.error == Error::key_unavailable;
  EXPECT_EQ(world.answers.size(), 10'000u);       // each request has its Answer
  EXPECT_EQ(refused, 10'000u - world.dns.asked / 2);  // HHIT and BRID
  world.dns.asked = 0;
  flood(100);
  EXPECT_LE(world.dns.asked, 1000u * 11);
  EXPECT_GE(world.dns.asked, 1000u * 10);
}

// Waking the look-up's thread was a third of a worker's time under T19.
TEST(KeySource, what_needs_no_question_wakes_the_resolver_once) {
  World world;
  world.dns.held = true;
  SeededRandom random(3);
  for (int i = 0; i < 10'000; ++i) {
    Det invented = world.det("ua");
    random.fill(std::span(invented.octets).subspan(8));
    world.keys->request(invented);
  }
  EXPECT_EQ(world.dns.queue.size(), 100u + 1);         // the look-ups that the bucket admits, and all the others together
  world.dns.release();
  EXPECT_EQ(world.dns.asked, 200u);                    // HHIT and BRID
  EXPECT_EQ(world.answers.size(), 10'000u);
  Det next = world.det("ua");
  next.octets[15] ^= 1;
  world.keys->request(next);                           // which wakes it again
  EXPECT_EQ(world.dns.queue.size(), 1u);
  world.dns.release();
  EXPECT_EQ(world.answers.size(), 10'001u);
}

TEST(KeySource, a_flood_in_one_zone_costs_other_zones_and_known_keys_nothing) {
  World world;
  world.keys->request(world.det("ua"));
  SeededRandom random(3);
  const auto flood = [&] {
    for (int i = 0; i < 200; ++i) {
      Det invented = world.det("ua");
      random.fill(std::span(invented.octets).subspan(8));
      world.keys->request(invented);
    }
  };
  for (int second = 0; second < 120; ++second) {
    flood();
    world.clock.advance(seconds(1));
    EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok()) << second;  // refreshed all the time
  }
  world.clock.advance(seconds(61));   // run out
  flood();
  for (const char* name : {"ua", "hda11"}) {  // known before, and of another zone
    world.keys->request(world.det(name));
    EXPECT_NE(world.answers.back().key, nullptr) << name;
  }
}

TEST(KeySource, the_coldest_key_makes_room) {
  KeySourceLimits limits;
  limits.keys_max = 2;
  World world(limits);
  world.keys->request(world.det("ua"));
  world.keys->request(world.det("ua2"));
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  world.keys->request(world.det("sp"));
  EXPECT_TRUE(world.keys->find(world.det("ua"), world.clock.now()).ok());
  EXPECT_FALSE(world.keys->find(world.det("ua2"), world.clock.now()).ok());
  EXPECT_EQ(world.keys->stats().evicted, 1u);
}

TEST(KeySource, look_ups_under_way_are_limited) {
  KeySourceLimits limits;
  limits.in_flight_max = 2;
  World world(limits);
  world.dns.held = true;
  for (const char* name : {"ua", "ua2", "sp"}) world.keys->request(world.det(name));
  world.dns.release();
  ASSERT_EQ(world.answers.size(), 3u);
  size_t refused = 0;
  for (const auto& answer : world.answers) refused += answer.error == Error::key_unavailable;
  EXPECT_EQ(refused, 1u);
}

TEST(KeySource, no_answer_comes_after_its_end) {
  World world;
  world.dns.held = true;
  world.keys->request(world.det("ua"));
  world.keys.reset();
  world.dns.release();
  EXPECT_TRUE(world.answers.empty());
}

}  // namespace
}  // namespace nrid::det
