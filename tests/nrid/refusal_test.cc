// What a refusal leaves behind: a token that was not taken is never acknowledged as taken, and may come again (nrid.md R-023,
// ); who may speak, and who may not; gates of modules.
#include <algorithm>

#include "nrid/duplicates.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

Options one_shard() {
  Options o;
  o.shards = 1;
  return o;
}

Options with_gateway_of(const Party& ua) {
  Options o;
  const Party gcs(3);
  o.policy.gateways = {{gcs.det, ua.det}};
  return o;
}

Buffer start_cwt(const World& w, const Party& by) { return w.uas_cwt(by, w.start_pack(by)); }

TEST(Refusal, R023_a_token_for_which_there_was_no_room_is_not_acknowledged) {
  Options o = one_shard();
  o.limits.aircraft_max = 1;
  World w(o);
  w.fly_start(w.ua);
  w.keys.know(w.stranger);
  const Buffer cwt = start_cwt(w, w.stranger);
  const Buffer datagram = w.post(Type::con, cwt);
  w.inject(datagram);
  w.run();
  const auto first = w.heard();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].code, kCode(5, 3));
  w.send(Type::con, cwt);  // under a new MID
  const auto second = w.heard();
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second[0].code, kCode(5, 3));
  EXPECT_EQ(w.count(Error::overload), 2u);
  w.inject(datagram);  // octet for octet
  w.run();
  const auto repeated = w.heard();
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].datagram, first[0].datagram);
  EXPECT_EQ(w.journal.memory.appended(), 1u);
}

TEST(Refusal, R113_answers_that_nobody_asked_for_leave_room_for_reports) {
  World w(one_shard());
  for (int i = 0; i < 600; ++i) {  // more than the ring of a shard holds
    Buffer ack = {0x68, 0x44, static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i), 1, 2, 3, 4, 5, 6, 7, 8};
    w.inject(ack);
  }
  w.inject(w.post(Type::con, start_cwt(w, w.ua)));
  w.run();
  EXPECT_EQ(w.count(Error::overload), 0u);
  EXPECT_EQ(w.count(Counter::control), 600u);
  ASSERT_EQ(w.heard().size(), 1u);
}

TEST(Refusal, R023_the_same_token_is_taken_when_there_is_room_again) {
  World w;
  const Buffer cwt = start_cwt(w, w.ua);
  w.journal.append_fails = true;
  w.send(Type::con, cwt);
  EXPECT_EQ(w.heard().at(0).code, kCode(5, 3));
  w.journal.append_fails = false;
  w.send(Type::con, cwt);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 0u);
  w.send(Type::con, cwt);
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
  const auto copy = w.heard();
  ASSERT_EQ(copy.size(), 1u);
  EXPECT_EQ(copy[0].code, coap::kChanged);
  EXPECT_TRUE(copy[0].payload.empty());
}

TEST(Refusal, R103_a_copy_of_a_late_token_is_late_too) {
  World w;
  w.fly_start(w.ua);
  const Buffer late = w.uas_cwt(w.ua, w.flight_pack(w.ua, 7));
  w.pass(seconds(1));
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  w.heard();
  for (int i = 0; i < 2; ++i) {
    w.send(Type::con, late);
    const auto answers = w.heard();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].code, kCode(4, 3));
  }
  EXPECT_EQ(w.count(Error::late_after_end), 2u);
}

TEST(Refusal, R028_a_full_ring_answers_and_stores_the_answer) {
  Options o = one_shard();
  o.limits.report_ring = 1;
  World w(o);
  w.keys.know(w.stranger);
  const Buffer cwt = start_cwt(w, w.stranger);
  const Buffer datagram = w.post(Type::con, cwt);
  w.inject(w.post(Type::con, start_cwt(w, w.ua)));
  w.inject(datagram);
  w.inject(w.post(Type::con, cwt));  // a copy in the same batch: nobody knows yet what becomes of the token
  w.run();
  EXPECT_EQ(w.count(Error::overload), 1u);
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 2u);
  const auto refused = std::find_if(answers.begin(), answers.end(), [](const Heard& h) { return h.code == kCode(5, 3); });
  ASSERT_NE(refused, answers.end());
  EXPECT_EQ(refused->id, datagram[2] << 8 | datagram[3]);
  w.inject(datagram);
  w.run();
  const auto repeated = w.heard();
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].datagram, refused->datagram);
  w.send(Type::con, cwt);
  EXPECT_EQ(w.count(Counter::accepted), 2u);
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.stranger.det).expected.types, 0u);
}

TEST(Refusal, R023_a_copy_is_not_acknowledged_while_the_journal_is_not_safe) {
  World w;
  w.journal.sync_fails = true;
  const Buffer cwt = start_cwt(w, w.ua);
  w.send(Type::con, cwt);
  w.send(Type::con, cwt, address_of(2));
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
  EXPECT_TRUE(w.heard().empty());
}

TEST(Refusal, R009_R028_a_parked_con_repeated_later_gets_its_empty_ack) {
  World w;
  const Buffer datagram = w.post(Type::con, start_cwt(w, w.stranger));
  w.inject(datagram);
  w.run();
  const auto first = w.heard();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].code, coap::kEmpty);
  w.keys.answer(w.stranger);
  w.run();
  EXPECT_EQ(w.heard().size(), 1u);  // the separate response
  w.inject(datagram);
  w.run();
  const auto again = w.heard();
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].datagram, first[0].datagram);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
}

TEST(Refusal, R045_a_token_that_expired_in_parking_is_taken_once) {
  World w;
  const Buffer cwt = w.uas_cwt(w.stranger, w.start_pack(w.stranger), w.now_s() - 14);  // one second is left
  w.send(Type::non, cwt, address_of(1));
  w.send(Type::non, cwt, address_of(2));
  EXPECT_EQ(w.server->parked(), 2u);
  w.pass(seconds(2));
  w.keys.answer(w.stranger);
  w.run();
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
}

TEST(Refusal, R045_what_is_forgotten_makes_room_and_is_remembered_anew) {
  SeededRandom random(7);
  Duplicates duplicates(64, random);  // two places a stripe
  const Instant now = at_second(kNow);
  const Digest16 a{0, 1}, b{0, 2}, c{0, 3};  // of one stripe
  EXPECT_EQ(duplicates.enter(a, now, now + seconds(10)), Duplicates::Entered::fresh);
  EXPECT_EQ(duplicates.enter(b, now, now + seconds(20)), Duplicates::Entered::fresh);
  EXPECT_EQ(duplicates.enter(c, now, now + seconds(10)), Duplicates::Entered::full);
  duplicates.accept(a);
  EXPECT_TRUE(duplicates.accepted(a));
  duplicates.forget(b);
  EXPECT_FALSE(duplicates.seen(b));
  EXPECT_EQ(duplicates.enter(b, now, now + seconds(20)), Duplicates::Entered::fresh);
  EXPECT_FALSE(duplicates.accepted(b));
  duplicates.forget(a);  // behind it stands b: its place is free when it reaches the head, which it has
  EXPECT_EQ(duplicates.enter(a, now, now + seconds(10)), Duplicates::Entered::fresh);
  EXPECT_TRUE(duplicates.seen(a));
  EXPECT_TRUE(duplicates.seen(b));
  EXPECT_EQ(duplicates.size(), 2u);
}

TEST(Refusal, R010_R114_a_revoked_aircraft_behind_a_gateway_is_refused_and_told) {
  World w(with_gateway_of(Party(2)));
  w.keys.revoke(w.ua.det);
  w.send(Type::con, w.uas_cwt(w.gcs, w.start_pack(w.ua)));
  EXPECT_EQ(w.count(Error::det_revoked), 1u);
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, kCode(4, 3));
  EXPECT_EQ(as_text(answers[0].payload), "det_revoked");
  ASSERT_EQ(w.recorder->count(FlightEventKind::revoked), 1u);
  EXPECT_EQ(w.recorder->events.back().ua, w.ua.det);
  EXPECT_EQ(w.recorder->events.back().gateway, w.gcs.det);
}

TEST(Refusal, R114_strangers_who_name_a_revoked_kid_tell_little) {
  Options o;
  o.limits.unverified_replies_burst = 5;
  World w(o);
  w.keys.revoke(w.ua.det);
  for (int i = 0; i < 20; ++i) w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
  w.run();
  EXPECT_EQ(w.count(Error::det_revoked), 20u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::revoked), 5u);
  EXPECT_EQ(w.recorder->events.at(0).ua, w.ua.det);
  EXPECT_TRUE(w.heard().empty());
}

TEST(Refusal, R055_R056_a_basic_id_that_no_wrapper_covers_decides_nothing) {
  World w(with_gateway_of(Party(2)));
  Buffer pack = w.wrapped({w.location(w.clock.now().wall)}, w.ua, rid::WrapperForm::full);
  const rid::MessageOctets other = w.basic(w.stranger.det);
  pack.insert(pack.begin() + 3, other.begin(), other.end());
  ++pack[2];
  w.send(Type::con, w.uas_cwt(w.gcs, pack));
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Error::not_owner), 0u);
  ASSERT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  EXPECT_EQ(w.recorder->events.at(0).ua, w.ua.det);
}

class TestGate final : public Gate {
 public:
  Error before_signature(const Det& kid, Now) const override { return kid == not_before ? Error::hid_not_accepted : Error::none; }
  Error after_signature(const Det& kid, const Det& ua, Now) const override {
    last_kid = kid;
    return ua == not_after ? Error::rate : Error::none;
  }
  Det not_before, not_after;
  mutable Det last_kid;
};

TEST(Refusal, a_gate_refuses_before_and_after_the_signature) {
  const Party ua(2), gcs(3);
  TestGate gate;
  gate.not_before = ua.det;
  gate.not_after = ua.det;
  Options o = with_gateway_of(ua);
  o.gates = {&gate};
  World w(o);
  Buffer forged = start_cwt(w, w.ua);
  forged[forged.size() - 40] ^= 1;
  w.send(Type::non, forged);
  EXPECT_EQ(w.count(Error::hid_not_accepted), 1u);  // before: its signature was never looked at
  EXPECT_TRUE(w.heard().empty());

  const Buffer relayed = w.uas_cwt(w.gcs, w.start_pack(w.ua));
  w.send(Type::non, relayed);
  EXPECT_EQ(w.count(Error::rate), 1u);
  EXPECT_EQ(gate.last_kid, w.gcs.det);
  const auto answers = w.heard();  // after: the peer is authenticated, and told why
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, kCode(4, 29));
  EXPECT_EQ(as_text(answers[0].payload), "rate");
  EXPECT_EQ(w.count(Counter::accepted), 0u);

  gate.not_after = {};
  w.send(Type::non, relayed);  // what a gate refused was not entered in the replay filter
  EXPECT_EQ(w.count(Counter::accepted), 1u);
}

}  // namespace
}  // namespace nrid::testing
