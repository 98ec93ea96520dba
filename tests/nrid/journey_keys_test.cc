// Where keys come from while a datagram waits: nrid.md.
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

TEST(JourneyKeys, R009_ten_thousand_packets_of_one_unknown_det_are_one_query) {
  World w;
  for (int i = 0; i < 200; ++i) {
    for (int j = 0; j < 50; ++j) w.inject(w.post(Type::con, w.uas_cwt(w.stranger, w.start_pack(w.ua))));
    w.run();
    w.plain_port.sent.clear();
  }
  EXPECT_EQ(w.server->parked(), 64u);
  EXPECT_EQ(w.count(Error::parking_full), 9936u);
  EXPECT_EQ(std::set<Det>(w.keys.asked.begin(), w.keys.asked.end()).size(), 1u);
}

TEST(JourneyKeys, R009_parked_until_the_key_comes) {
  World w;
  w.send(Type::con, w.uas_cwt(w.stranger, w.wrapped({w.basic(w.stranger.det), w.location(w.clock.now().wall), w.system(), w.operator_id()}, w.stranger)));
  EXPECT_EQ(w.server->parked(), 1u);
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);  // the empty ACK, at once
  EXPECT_EQ(answers[0].type, Type::ack);
  EXPECT_EQ(answers[0].code, coap::kEmpty);
  w.pass(seconds(1));
  w.keys.answer(w.stranger);
  w.run();
  EXPECT_EQ(w.server->parked(), 0u);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);  // then a separate response
  EXPECT_EQ(answers[0].type, Type::non);
  EXPECT_EQ(w.heartbeat(answers[0], w.stranger.det).expected.types, 0u);
}

TEST(JourneyKeys, R009_no_key_and_no_resolver) {
  World w;
  w.send(Type::con, w.uas_cwt(w.stranger, w.start_pack(w.stranger)));
  w.heard();
  w.keys.answer(w.stranger.det, Error::unknown_key);
  w.run();
  EXPECT_EQ(w.count(Error::unknown_key), 1u);
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, kCode(4, 1));

  const Party silent(9);
  w.send(Type::con, w.uas_cwt(silent, w.start_pack(silent)));
  w.heard();
  w.pass(milliseconds(3100));
  EXPECT_EQ(w.count(Error::key_unavailable), 1u);
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, kCode(5, 3));
}

TEST(JourneyKeys, R009_R054_a_link_in_the_packet_replaces_the_query) {
  World w;
  const auto endorsement = det::make_endorsement(w.stranger.det, w.stranger.signer.public_key(), w.keys.hda.det, w.keys.hda.signer,
                                                 at_second(kNow - 100), at_second(kNow + 86'400));
  ASSERT_TRUE(endorsement.ok());
  std::array<uint8_t, rid::kPackSizeMax> out;
  const auto pack = rid::build_link_pack({}, *endorsement, w.clock.now().wall, out);
  ASSERT_TRUE(pack.ok());
  w.send(Type::con, w.uas_cwt(w.stranger, *pack));
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Counter::link_learned), 1u);
  EXPECT_TRUE(w.keys.asked.empty());
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(answers[0], w.stranger.det).expected.pages, profile::kPagesWrapper);
  EXPECT_EQ(w.server->operations(), 0u);
}

TEST(JourneyKeys, R061_an_unknown_wrapper_key_asks_for_the_link) {
  Options o;
  World probe;
  o.policy.gateways = {{probe.gcs.det, probe.stranger.det}};
  World w(o);
  w.send(Type::con, w.uas_cwt(w.gcs, w.start_pack(w.stranger)));
  EXPECT_EQ(w.server->parked(), 1u);
  w.heard();
  w.keys.answer(w.stranger.det, Error::unknown_key);
  w.run();
  EXPECT_EQ(w.count(Error::unknown_key), 1u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  const Heartbeat heartbeat = w.heartbeat(answers[0], w.stranger.det);
  EXPECT_EQ(heartbeat.expected.types, 4u);
  EXPECT_EQ(heartbeat.expected.pages, profile::kPagesLink);
}

TEST(JourneyKeys, R010_a_revoked_det_is_refused_at_once) {
  World w;
  w.fly_start(w.ua);
  w.keys.revoke(w.ua.det);
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  EXPECT_EQ(w.count(Error::det_revoked), 1u);
}

}  // namespace
}  // namespace nrid::testing
