// Echo (RFC 9175) as R-029 uses it: who gets a value, what it proves, what it does not; and message ids per peer.
#include <algorithm>
#include <map>

#include "nrid/echo.h"
#include "nrid/reply.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

// The Echo option of what we sent, as plain CoAP has it.
std::optional<Buffer> echo_of(Bytes datagram) {
  const auto message = coap::decode(datagram);
  EXPECT_TRUE(message.ok());
  const coap::Option* const option = message.ok() ? message->find(coap::option::echo) : nullptr;
  if (option == nullptr) return std::nullopt;
  return Buffer(option->value.begin(), option->value.end());
}

Buffer with_echo(World& w, Type type, Bytes cwt, Bytes echo, Transport transport = Transport::plain) {
  static uint16_t id = 0x6000;
  const uint8_t token[] = {1, 2, 3, 4};
  std::array<uint8_t, 1280> space;
  const Carriage carriage{transport == Transport::schc ? w.rules : schc::RuleSet(), schc::Direction::up};
  const auto octets = make_post(carriage, type, ++id, Token::of(token), cwt, space, echo);
  EXPECT_TRUE(octets.ok());
  return Buffer(octets->begin(), octets->end());
}

// The type of the next timed Heartbeat: CON until the address is proven.
Type next_heartbeat(World& w, Transport transport = Transport::plain) {
  w.pass(seconds(5));
  for (const Heard& h : w.heard(transport)) {
    if (h.post()) return h.type;
  }
  ADD_FAILURE() << "no Heartbeat";
  return Type::rst;
}

TEST(Echo, RFC9175_a_value_holds_for_its_address_its_det_and_its_time) {
  SeededRandom random(3);
  const EchoValues echoes(random);
  const Det det = Party(2).det, other = Party(3).det;
  const Tick now{1'000'000'000};
  const auto value = echoes.make(address_of(1), det, now);
  EXPECT_TRUE(echoes.holds(value, address_of(1), det, now));
  EXPECT_TRUE(echoes.holds(value, address_of(1), det, now + EchoValues::kWindow));
  EXPECT_FALSE(echoes.holds(value, address_of(1), det, now + EchoValues::kWindow * 2));
  EXPECT_FALSE(echoes.holds(value, address_of(1), det, now + EchoValues::kWindow * 256));  // the number comes round, the MAC does not
  EXPECT_FALSE(echoes.holds(value, address_of(2), det, now));
  EXPECT_FALSE(echoes.holds(value, address_of(1, 40'001), det, now));
  EXPECT_FALSE(echoes.holds(value, address_of(1), other, now));
  EXPECT_FALSE(echoes.holds(Bytes(value).first(8), address_of(1), det, now));
  EXPECT_FALSE(echoes.holds({}, address_of(1), det, now));
  for (size_t bit = 0; bit < value.size() * 8; ++bit) {
    auto forged = value;
    forged[bit / 8] = static_cast<uint8_t>(forged[bit / 8] ^ 1u << bit % 8);
    EXPECT_FALSE(echoes.holds(forged, address_of(1), det, now)) << bit;
  }
  const EchoValues after_restart(random);
  EXPECT_FALSE(after_restart.holds(value, address_of(1), det, now));
}

TEST(Echo, R029_the_answer_to_an_unproven_address_has_one_and_it_proves_the_address) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  const auto echo = echo_of(answers[0].datagram);
  ASSERT_TRUE(echo.has_value());
  EXPECT_EQ(echo->size(), EchoValues::kSize);
  // RFC 9175 section 2.2.1: option 252, after Content-Format 12: delta 240 = 13 + 227, length 9.
  const Buffer head = {0xd9, 227};
  EXPECT_NE(std::search(answers[0].datagram.begin(), answers[0].datagram.end(), head.begin(), head.end()), answers[0].datagram.end());
  w.pass(seconds(1));
  w.inject(with_echo(w, Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)), *echo));
  w.run();
  EXPECT_FALSE(echo_of(w.heard().at(0).datagram).has_value());  // nothing left to ask
  EXPECT_EQ(next_heartbeat(w), Type::non);
}

TEST(Echo, R029_what_is_no_value_of_ours_proves_nothing_and_is_no_fault) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), address_of(1));
  const Buffer echo = *echo_of(w.heard().at(0).datagram);
  Buffer forged = echo;
  forged.back() ^= 1;
  const struct { Buffer value; Address from; } cases[] = {{forged, address_of(1)}, {Buffer(40, 7), address_of(1)}, {echo, address_of(2)}};
  for (const auto& one : cases) {
    w.pass(seconds(1));
    w.inject(with_echo(w, Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)), one.value), one.from);
    w.run();
    for (const Heard& h : w.heard()) EXPECT_NE(h.type, Type::non);
  }
  EXPECT_EQ(w.count(Counter::accepted), 4u);
  EXPECT_EQ(next_heartbeat(w), Type::con);
  w.pass(EchoValues::kWindow * 2);  // and the good one is too old
  w.inject(with_echo(w, Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)), echo), address_of(1));
  w.run();
  EXPECT_EQ(next_heartbeat(w), Type::con);
}

TEST(Echo, R029_refusals_that_may_be_tried_again_carry_one_and_others_nothing) {
  World w;
  w.keys.answer(w.stranger.det, Error::unknown_key);
  w.send(Type::con, w.uas_cwt(w.stranger, w.start_pack(w.stranger)));  // 4.01
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, 0x81);
  ASSERT_TRUE(echo_of(answers[0].datagram).has_value());
  EXPECT_TRUE(answers[0].payload.empty());
  EXPECT_LE(answers[0].datagram.size(), 24u);
  w.send(Type::con, w.uas_cwt(w.ua, Buffer{0xf2, 25, 0}));               // 4.00
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, 0x80);
  EXPECT_FALSE(echo_of(answers[0].datagram).has_value());
}

TEST(Echo, R027_over_schc_it_travels_in_rules_4_and_5_and_never_beside_a_heartbeat) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)), address_of(1), Transport::schc);
  ASSERT_FALSE(w.schc_port.sent.empty());
  EXPECT_EQ(w.schc_port.sent.back().second[0], 2);  // the rule of the 2.04 with a Heartbeat, not the one without compression
  w.heard(Transport::schc);
  w.keys.answer(w.stranger.det, Error::unknown_key);
  w.send(Type::con, w.uas_cwt(w.stranger, w.start_pack(w.stranger)), address_of(1), Transport::schc);
  ASSERT_FALSE(w.schc_port.sent.empty());
  EXPECT_EQ(w.schc_port.sent.back().second[0], 4);
  const auto answers = w.heard(Transport::schc);
  EXPECT_EQ(answers.at(0).code, 0x81);
  // Its value is one of the stranger's DET; the aircraft's own is made here by the same hand.
  const Buffer datagram = with_echo(w, Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)), Buffer(9, 1), Transport::schc);
  EXPECT_EQ(datagram[0], 5);
  w.inject(datagram, address_of(1), Transport::schc);
  w.run();
  EXPECT_EQ(w.count(Counter::accepted), 2u);
}

// T36: the 16 bits of a Message-ID come round; what belongs together is told by address, octets and token.
TEST(Echo, RFC7252_T36_seventy_thousand_exchanges_with_one_peer_are_not_mixed_up) {
  Options o;
  o.policy.rate_per_s = o.policy.rate_burst = 1e9;
  o.limits.duplicates_max = 1 << 17;
  World w(o);
  w.fly_start(w.ua);
  const Buffer refused = w.uas_cwt(w.stranger, w.start_pack(w.stranger));
  size_t wrong = 0;
  // Junk to a path that is not ours is answered before any signature: 70,000 exchanges in reasonable time. Every hundredth is a
  // report, whose answer must be its own.
  for (uint32_t i = 0; i < 70'000; ++i) {
    const uint16_t id = static_cast<uint16_t>(i);
    const std::array<uint8_t, 4> token{static_cast<uint8_t>(i >> 24), static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)};
    std::array<uint8_t, 1280> space;
    const bool report = i % 100 == 0;
    if (report) w.clock.advance(seconds(1));
    const Buffer cwt = report ? w.uas_cwt(w.ua, w.flight_pack(w.ua, static_cast<int32_t>(i))) : Buffer{0xff};
    if (!report) w.clock.advance(milliseconds(5));  // the bucket of answers to strangers gives 200 a second
    w.inject(*make_post({schc::RuleSet(), schc::Direction::up}, Type::con, id, Token::of(token), cwt, space));
    w.server->step(w.clock.now());
    size_t answers = 0;
    for (const Heard& h : w.heard()) {
      if (h.post()) continue;
      ++answers;
      wrong += h.id != id || h.token != Buffer(token.begin(), token.end()) || h.code != (report ? coap::kChanged : 0x80) ? 1 : 0;
    }
    wrong += answers == 1 ? 0 : 1;
  }
  EXPECT_EQ(wrong, 0u);
  EXPECT_EQ(w.count(Counter::duplicate), 0u);
  EXPECT_EQ(w.count(Counter::accepted), 701u);
}

TEST(Echo, RFC7252_44_no_message_id_comes_again_to_one_peer_while_others_are_served) {
  SeededRandom random(9);
  MessageIds ids(random);
  std::map<uint8_t, std::vector<bool>> used;
  for (int round = 0; round < 2000; ++round) {
    for (uint8_t peer = 0; peer < 200; ++peer) {
      std::vector<bool>& mine = used[peer];
      mine.resize(65'536);
      const uint16_t id = ids.next(address_of(peer));
      EXPECT_FALSE(mine[id]);
      mine[id] = true;
    }
  }
}

}  // namespace
}  // namespace nrid::testing
