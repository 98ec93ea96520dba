// R-009 at the gateway: what a 5.03 makes it send, and how often.
#include "tests/nrid/gateway_support.h"

namespace nrid::testing::gateway {
namespace {

constexpr uint8_t kUnavailable = 0xa3;  // 5.03

// A world whose parties know their endorsements, or do not.
struct LinkWorld : World {
  explicit LinkWorld(bool endorsed = true, GatewayPolicy policy = {}, bool alone = false) : World(straight_flight(60), {}, std::move(policy), endorsed, alone) {}
};

std::optional<det::Endorsement> link_of(const SentReport& report) {
  const auto pack = rid::decode_pack(report.pack);
  if (!pack.ok()) return std::nullopt;
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok() || !auth->link) return std::nullopt;
  const auto endorsement = det::decode_endorsement(*auth->link);
  return endorsement.ok() ? std::optional(*endorsement) : std::nullopt;
}

TEST(GatewayLink, R009_after_a_5_03_the_next_packet_is_the_link_within_a_second) {
  for (const bool alone : {true, false}) {  // origins a and b
    LinkWorld world(true, {}, alone);
    const Tick began = world.clock.now().tick;
    world.gateway->start(world.clock.now());
    std::optional<Tick> linked;
    int sent = 0;
    world.run(seconds(5), [&](const SentReport& report) {
      if (report.frame.type != coap::Type::con) return;
      if (++sent == 1) return world.answer(report, {}, kUnavailable);
      if (sent > 2) return world.answer(report, world.heartbeat());
      const auto link = link_of(report);
      ASSERT_TRUE(link.has_value());
      EXPECT_EQ(link->child, alone ? world.ua.det : world.gw.det) << "the key of the kid is what the provider looks for";
      EXPECT_EQ(report.kid, link->child);
      const auto pack = rid::decode_pack(report.pack);
      EXPECT_EQ(rid::decode_basic_id(pack->message(0))->session_det(), world.ua.det);
      linked = world.clock.now().tick;
      world.answer(report, world.heartbeat(1U << 1 | 1U << 4));
    });
    ASSERT_TRUE(linked.has_value());
    EXPECT_LT(*linked - began, seconds(1));
    EXPECT_EQ(world.status().phase, Phase::flying);
    EXPECT_EQ(world.count("link"), 1U);
  }
}

// a relayed aircraft's Link is asked for in a Heartbeat, and comes from the gateway too.
TEST(GatewayLink, R061_the_link_of_the_aircraft_comes_when_it_is_asked_for) {
  LinkWorld world;
  world.gateway->start(world.clock.now());
  std::vector<Det> children;
  world.run(seconds(5), [&](const SentReport& report) {
    if (report.frame.type != coap::Type::con) return;
    const auto link = link_of(report);
    if (link) children.push_back(link->child);
    if (children.empty()) return world.answer(report, {}, kUnavailable);
    if (children.size() > 1) return world.answer(report, world.heartbeat());
    cwt::UssBody body;
    body.ua = world.ua.det;
    body.expected = {1U << 2, link ? profile::kPagesWrapper : profile::kPagesLink};
    std::array<uint8_t, 1024> space{};
    const auto cwt = make_uss_cwt({world.sp.det, &world.sp.signer, cwt::KidForm::tagged_in_bstr, 10}, body, world.clock.now().wall.seconds(), space);
    world.answer(report, Buffer(cwt->begin(), cwt->end()));
  });
  EXPECT_EQ(children, (std::vector<Det>{world.gw.det, world.ua.det}));
  EXPECT_EQ(world.status().phase, Phase::flying);
}

TEST(GatewayLink, R071_a_provider_that_answers_nothing_but_5_03_gets_one_packet_more_than_the_tries) {
  LinkWorld world;
  world.gateway->start(world.clock.now());
  std::vector<bool> links;
  world.run(seconds(60), [&](const SentReport& report) {
    links.push_back(link_of(report).has_value());
    world.answer(report, {}, kUnavailable);
  });
  EXPECT_EQ(links, (std::vector<bool>{false, true, true, true, true}));  // four tries, one of them early again
  EXPECT_EQ(world.count("link"), 1U);
  EXPECT_EQ(world.events.back(), "finished outcome=start_failed reason=\"refused code=5.03\"");
}

TEST(GatewayLink, R071_without_an_endorsement_the_tries_are_all) {
  LinkWorld world(false);
  world.gateway->start(world.clock.now());
  world.run(seconds(60), [&](const SentReport& report) {
    EXPECT_FALSE(link_of(report).has_value());
    world.answer(report, {}, kUnavailable);
  });
  EXPECT_EQ(world.port.sent.size(), 4U);
}

TEST(GatewayLink, R009_in_flight_once_until_a_heartbeat_and_never_behind_the_end) {
  LinkWorld world;
  world.take_off();
  size_t links = 0;
  const auto unavailable = [&](const SentReport& report) {
    links += link_of(report).has_value() ? 1U : 0U;
    world.answer(report, {}, kUnavailable);
  };
  world.run(seconds(5), unavailable);
  EXPECT_EQ(links, 1U);
  EXPECT_EQ(world.status().phase, Phase::flying);
  world.post(world.heartbeat());
  world.run(seconds(3), unavailable);
  EXPECT_EQ(links, 2U) << "a new episode";
  EXPECT_GE(world.status().flown.number, 7U) << "positions go on beside it";
  world.post(world.heartbeat());
  world.gateway->step(world.clock.now());
  world.gateway->end(world.clock.now(), "test");
  world.run(seconds(10), unavailable);
  EXPECT_EQ(links, 2U);
}

TEST(GatewayLink, R009_where_dns_is_in_trouble_the_first_packet_is_the_link) {
  GatewayPolicy policy;
  policy.link_first = true;
  LinkWorld world(true, policy);
  world.gateway->start(world.clock.now());
  std::vector<bool> links;
  world.run(seconds(60), [&](const SentReport& report) {
    links.push_back(link_of(report).has_value());
    world.answer(report, {}, kUnavailable);
  });
  EXPECT_EQ(links, std::vector<bool>(4, true)) << "four tries, and none for the 5.03";

  LinkWorld answered(true, policy);     // then the aircraft's, unasked, and then what is missing
  answered.gateway->start(answered.clock.now());
  std::vector<Det> children;
  answered.run(seconds(5), [&](const SentReport& report) {
    if (report.frame.type != coap::Type::con) return;
    const auto link = link_of(report);
    if (link) children.push_back(link->child);
    answered.answer(report, answered.heartbeat(link ? 1U << 1 : 0));
  });
  EXPECT_EQ(children, (std::vector<Det>{answered.gw.det, answered.ua.det}));
  EXPECT_EQ(answered.status().phase, Phase::flying);

  LinkWorld without(false, policy);
  without.gateway->start(without.clock.now());
  ASSERT_EQ(without.port.sent.size(), 1U);
  EXPECT_FALSE(link_of(World::open(without.port.sent[0].octets)).has_value());
}

}  // namespace
}  // namespace nrid::testing::gateway
