// Operations and Heartbeats: nrid.md R-022..R-025, R-029, R-056..R-063, R-070..R-086, R-100..R-104.
#include <algorithm>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

Options with_gateway() {
  Options o;
  const Party ua(2), gcs(3);
  o.policy.gateways = {{gcs.det, ua.det}};
  return o;
}

std::vector<Heard> posts(std::vector<Heard> heard) {
  heard.erase(std::remove_if(heard.begin(), heard.end(), [](const Heard& h) { return !h.post(); }), heard.end());
  return heard;
}

// Answers CON Heartbeats as a gateway does: 2.04 in the ACK with its token.
void prove(World& w, const Heard& heartbeat) {
  coap::Message m;
  m.type = Type::ack;
  m.code = coap::kChanged;
  m.id = heartbeat.id;
  m.token = heartbeat.token;
  std::array<uint8_t, 32> out;
  w.inject(*coap::encode(m, out), heartbeat.to);
  w.run();
}

TEST(Operation, R072_R073_flags_are_answered_until_nothing_is_missing) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det)}, w.ua)));
  auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(answers[0], w.ua.det).expected.types, 1u << 1 | 1u << 4 | 1u << 5);
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall), w.system()}, w.ua)));
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(answers[0], w.ua.det).expected.types, 1u << 5);
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 0u);
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.operator_id()}, w.ua)));
  answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.heartbeat(answers[0], w.ua.det).expected.types, 0u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 1u);
}

TEST(Operation, R059_a_null_self_id_clears_the_flag) {
  Options o;
  o.policy.required = 1u << 3;
  World w(o);
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall)}, w.ua)));
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 1u << 3);
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.self_id("")}, w.ua)));
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 0u);
}

TEST(Operation, R062_R063_a_minute_at_1_hz_has_twelve_heartbeats_and_no_other_answer) {
  World w;
  w.fly_start(w.ua);
  size_t heartbeats = 0;
  for (int i = 0; i < 60; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
    for (const Heard& h : w.heard()) {
      ASSERT_TRUE(h.post());
      ++heartbeats;
      EXPECT_EQ(w.heartbeat(h, w.ua.det).expected.types, 0u);
      if (h.type == Type::con) prove(w, h);
    }
  }
  EXPECT_GE(heartbeats, 11u);
  EXPECT_LE(heartbeats, 13u);
  w.send(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua, 99)));
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, coap::kChanged);  // 2.04 without payload
  EXPECT_TRUE(answers[0].payload.empty());
}

TEST(Operation, R029_con_heartbeats_until_the_token_comes_back_then_non) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(5));
  auto sent = w.heard();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].type, Type::con);
  EXPECT_EQ(sent[0].token.size(), 8u);
  Heard forged = sent[0];
  forged.token[7] ^= 1;
  prove(w, forged);
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  w.pass(seconds(5));
  sent = w.heard();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].type, Type::con);
  prove(w, sent[0]);
  EXPECT_EQ(w.count(Counter::control), 2u);
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 1)));
  w.pass(seconds(5));
  sent = w.heard();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].type, Type::non);
}

TEST(Operation, R029_never_more_than_three_times_what_an_unproven_address_sent) {
  World w;
  const Buffer datagram = w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.inject(datagram);
  w.run();
  w.pass(seconds(60));
  size_t octets = 0;
  for (const Heard& h : w.heard()) octets += h.datagram.size();
  EXPECT_GT(octets, datagram.size() / 3);
  EXPECT_LE(octets, 3 * datagram.size());
}

TEST(Operation, R022_heartbeats_follow_the_newest_authenticated_address) {
  World w;
  w.fly_start(w.ua, address_of(1));
  w.pass(seconds(2));
  const Buffer replayed = w.uas_cwt(w.ua, w.flight_pack(w.ua, 1));
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 2)), address_of(2));
  w.send(Type::non, replayed, address_of(66));  // older iat, never seen before: no move
  std::vector<Address> to;
  for (int i = 0; i < 3; ++i) {
    w.pass(seconds(5));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 3 + i)), address_of(2));
    for (const Heard& h : posts(w.heard())) to.push_back(h.to);
  }
  EXPECT_EQ(std::count(to.begin(), to.end(), address_of(2)), 3);
  EXPECT_EQ(std::count(to.begin(), to.end(), address_of(1)), 2);  // two farewells
  EXPECT_EQ(std::count(to.begin(), to.end(), address_of(66)), 0);
}

TEST(Operation, R084_lost_once_between_15_and_20_seconds_then_recovered) {
  for (int phase_ms = 0; phase_ms < 5000; phase_ms += 900) {
    World w;
    w.fly_start(w.ua);
    w.pass(milliseconds(5000 + phase_ms));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
    w.pass(milliseconds(14'900));
    EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u) << phase_ms;
    w.pass(milliseconds(5'200));
    EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 1u) << phase_ms;
    w.pass(seconds(60));
    EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 5)));
    EXPECT_EQ(w.recorder->count(FlightEventKind::recovered), 1u);
  }
}

TEST(Operation, R104_lost_for_a_quarter_of_an_hour_is_abandoned) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(25), seconds(1));
  ASSERT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
  w.pass(seconds(14 * 60), seconds(5));
  EXPECT_EQ(w.recorder->count(FlightEventKind::abandoned), 0u);
  w.pass(seconds(2 * 60), seconds(5));
  EXPECT_EQ(w.recorder->count(FlightEventKind::abandoned), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
}

TEST(Operation, R100_R102_the_end_is_acknowledged_and_repeats_get_the_same_answer) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  for (int i = 0; i < 3; ++i) {
    w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
    const auto answers = w.heard();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_EQ(answers[0].code, coap::kChanged);
    const auto end = w.end_word(answers[0], w.ua.det);
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->code, profile::kEooAcknowledged);
    EXPECT_EQ(end->ref, static_cast<uint64_t>(w.now_s()));
    w.pass(seconds(30), seconds(1));
    EXPECT_TRUE(posts(w.heard()).empty());  // no further Heartbeats
  }
  EXPECT_EQ(w.recorder->count(FlightEventKind::ended), 1u);
  EXPECT_EQ(w.count(Counter::operation_ended), 1u);
  w.pass(seconds(700), seconds(10));
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  EXPECT_EQ(w.recorder->count(FlightEventKind::eoo_unknown), 1u);
  EXPECT_TRUE(w.end_word(w.heard().at(0), w.ua.det).has_value());
}

TEST(Operation, R103_what_comes_after_the_end) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(2));
  const Buffer late = w.uas_cwt(w.ua, w.flight_pack(w.ua, 7));
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  w.send(Type::non, late);
  EXPECT_EQ(w.count(Error::late_after_end), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
  w.pass(seconds(2));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 8)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 2u);  // newer: a new operation
  w.send(Type::con, w.end_cwt(w.gcs, w.ua.det));
  EXPECT_EQ(w.count(Error::not_owner), 1u);
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det, 1));  // only 0 and 3 go this way
  EXPECT_EQ(w.count(Error::bad_claims), 1u);
}

TEST(Operation, R056_a_ground_station_relays_only_its_own_aircraft) {
  World w(with_gateway());
  w.send(Type::con, w.uas_cwt(w.gcs, w.start_pack(w.ua)));
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 0u);  // det_uas is the aircraft
  w.pass(seconds(3));
  ASSERT_EQ(w.recorder->sightings.size(), 1u);
  EXPECT_EQ(w.recorder->sightings[0].origin, Origin::relayed);
  EXPECT_EQ(w.recorder->sightings[0].gateway, w.gcs.det);
  World other;
  other.send(Type::con, other.uas_cwt(other.gcs, other.start_pack(other.ua)));
  EXPECT_EQ(other.count(Error::not_owner), 1u);
  EXPECT_EQ(other.recorder->count(FlightEventKind::not_owner), 1u);
}

TEST(Operation, R056c_plain_packs_are_marked_and_can_be_forbidden) {
  World w(with_gateway());
  w.send(Type::con, w.uas_cwt(w.gcs, w.plain({w.basic(w.ua.det), w.location(w.clock.now().wall)})));
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  w.heard();
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.gcs, w.plain({w.location(w.clock.now().wall, 473'900'100)})));  // the one open operation
  EXPECT_EQ(w.count(Counter::accepted), 2u);
  w.pass(seconds(4));
  ASSERT_EQ(w.recorder->sightings.size(), 2u);
  EXPECT_EQ(w.recorder->sightings[1].verdict, Verdict::c2);
  EXPECT_EQ(w.recorder->sightings[1].ua, w.ua.det);

  Options o = with_gateway();
  o.policy.allow_c2_origin = false;
  World strict(o);
  strict.send(Type::con, strict.uas_cwt(strict.gcs, strict.plain({strict.basic(strict.ua.det), strict.location(strict.clock.now().wall)})));
  EXPECT_EQ(strict.count(Error::c2_origin), 1u);
  // A Wrapper by the ground station about an aircraft is case c too.
  strict.send(Type::con, strict.uas_cwt(strict.gcs, strict.wrapped({strict.basic(strict.ua.det), strict.location(strict.clock.now().wall)}, strict.gcs)));
  EXPECT_EQ(strict.count(Error::c2_origin), 2u);
}

TEST(Operation, R055_a_basic_id_of_another_aircraft_is_refused) {
  World w(with_gateway());
  w.send(Type::con, w.uas_cwt(w.gcs, w.wrapped({w.basic(w.gcs.det), w.location(w.clock.now().wall)}, w.ua)));
  EXPECT_EQ(w.count(Error::basic_id_mismatch), 1u);
}

TEST(Operation, R080_the_same_pack_in_a_newer_token_is_contact_only) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  const Buffer pack = w.flight_pack(w.ua, 1);
  for (int i = 0; i < 4; ++i) {
    w.send(Type::non, w.uas_cwt(w.ua, pack));
    w.pass(seconds(2));
  }
  EXPECT_EQ(w.count(Counter::accepted), 5u);
  w.pass(seconds(3));
  EXPECT_EQ(w.recorder->sightings.size(), 2u);
}

TEST(Operation, R024_a_hundred_packets_out_of_order_make_a_sorted_track) {
  World w;
  std::vector<std::pair<int64_t, int>> arrivals;  // in 100 ms, sample number
  for (int i = 0; i < 100; ++i) arrivals.emplace_back(i * 10 + static_cast<int64_t>(w.random.below(19)), i);
  std::sort(arrivals.begin(), arrivals.end());
  const Instant begin = w.clock.now().wall;
  const Tick start = w.clock.now().tick;
  for (const auto& [at, i] : arrivals) {
    w.pass(start + milliseconds(at * 100) - w.clock.now().tick);
    const Instant sampled = begin + seconds(i);
    w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(sampled, 473'900'000 + i * 100)}, w.ua), sampled.seconds()));
  }
  w.pass(seconds(5));
  ASSERT_EQ(w.recorder->sightings.size(), 100u);
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(w.recorder->sightings[static_cast<size_t>(i)].late) << i;
    EXPECT_EQ(w.recorder->sightings[static_cast<size_t>(i)].location->latitude_e7, 473'900'000 + i * 100);
  }
  EXPECT_EQ(w.count(Counter::late_position), 0u);
}

TEST(Operation, R024_R086_late_and_implausible_positions_are_flagged_not_dropped) {
  World w;
  w.fly_start(w.ua);
  for (int i = 0; i < 5; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
  }
  w.pass(seconds(3));
  const Instant old = w.clock.now().wall - seconds(5);
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(old + milliseconds(300), 1)}, w.ua)));
  EXPECT_EQ(w.count(Counter::late_position), 1u);
  EXPECT_TRUE(w.recorder->sightings.back().late);
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 1'000'000)));  // eleven kilometres in four seconds
  w.pass(seconds(3));
  EXPECT_TRUE(w.recorder->sightings.back().anomaly);
  EXPECT_FALSE(w.recorder->sightings.back().late);
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall - seconds(70), 2)}, w.ua)));
  EXPECT_TRUE(w.recorder->sightings.back().late);  // NET0320: history only
}

TEST(Operation, R025_the_hour_rolls_over) {
  World w;
  w.clock.advance(milliseconds(3'596'500));
  for (int i = 0; i < 8; ++i) {
    w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall, i)}, w.ua)));
    w.pass(seconds(1));
  }
  w.pass(seconds(3));
  ASSERT_EQ(w.recorder->sightings.size(), 8u);
  for (size_t i = 1; i < 8; ++i) {
    EXPECT_EQ(w.recorder->sightings[i].sampled - w.recorder->sightings[i - 1].sampled, seconds(1));
  }
}

TEST(Operation, R058_a_changed_static_message_is_told) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.system(473'911'111)}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 1u);
  EXPECT_EQ(w.count(Counter::no_location), 1u);  // contact and a static update
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.system(473'911'111), w.operator_id()}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed), 1u);
}

TEST(Operation, the_journal_comes_before_the_acknowledgement) {
  World w;
  w.journal.append_fails = true;
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  EXPECT_EQ(w.count(Counter::journal_failed), 1u);
  EXPECT_EQ(w.count(Error::overload), 1u);
  EXPECT_EQ(w.heard().at(0).code, 0xa3);  // 5.03, no Heartbeat
  EXPECT_EQ(w.server->operations(), 0u);
  w.journal.append_fails = false;
  w.journal.sync_fails = true;
  w.pass(seconds(1));
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.pass(seconds(12));
  EXPECT_TRUE(w.heard().empty());  // neither the answer nor a timed Heartbeat
  w.journal.sync_fails = false;
  w.pass(seconds(5));
  EXPECT_EQ(posts(w.heard()).size(), 1u);
}

TEST(Operation, a_module_ends_an_operation) {
  World w;
  w.fly_start(w.ua);
  EXPECT_TRUE(w.recorder->host().end_operation(w.ua.det, "airspace closed").ok());
  EXPECT_FALSE(w.recorder->host().end_operation(w.gcs.det, "not there").ok());
  EXPECT_FALSE(w.recorder->host().redirect(w.ua.det, w.gcs.det).ok());
  w.run();
  const auto sent = posts(w.heard());
  ASSERT_EQ(sent.size(), 1u);
  const auto end = w.end_word(sent[0], w.ua.det);
  ASSERT_TRUE(end.has_value());
  EXPECT_EQ(end->code, profile::kEooBySp);
  EXPECT_EQ(w.recorder->events.back().detail, "airspace closed");
}

TEST(Operation, a_full_table_refuses) {
  Options o;
  o.shards = 1;
  o.limits.aircraft_max = 2;
  World w(o);
  for (uint8_t i = 20; i < 26; ++i) {
    const Party party(i);
    w.keys.know(party);
    w.send(Type::non, w.uas_cwt(party, w.start_pack(party)));
  }
  EXPECT_EQ(w.count(Error::overload), 4u);
  EXPECT_EQ(w.server->operations(), 2u);
}

}  // namespace
}  // namespace nrid::testing
