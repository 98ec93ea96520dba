// Operations at their edges: what is late, what was never told, what finds no room, what cannot be signed.
// nrid.md.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

class FailingSigner final : public Signer {
 public:
  explicit FailingSigner(const Signer& good) : good_(good) {}
  const PublicKey& public_key() const override { return good_.public_key(); }
  Result<Signature> sign(Bytes) const override { return Error::internal; }

 private:
  const Signer& good_;
};

std::string detail_of(const World& w, FlightEventKind kind) {
  for (const FlightEvent& event : w.recorder->events) {
    if (event.kind == kind) return event.detail;
  }
  return "none";
}

rid::MessageOctets system_at(int32_t latitude_e7, uint32_t second) {
  rid::System system;
  system.operator_latitude_e7 = latitude_e7;
  system.operator_longitude_e7 = 85'400'000;
  system.timestamp_2019 = second;
  return *rid::encode(system);
}

TEST(OperationEdges, R058_the_time_in_a_system_message_is_no_change) {
  World w;
  w.fly_start(w.ua);
  for (uint32_t i = 0; i < 5; ++i) {
    w.pass(seconds(1));
    w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall), system_at(473'900'000, 1000 + i)}, w.ua)));
  }
  EXPECT_EQ(w.count(Counter::static_changed), 0u);
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall), system_at(473'900'001, 1004)}, w.ua)));
  EXPECT_EQ(w.count(Counter::static_changed), 1u);  // the operator walked
}

// After an outage all aircraft come back in the same moment. Their Heartbeats spread over a tenth of the period, and stay apart.
TEST(OperationEdges, R062_aircraft_that_begin_together_do_not_stay_together) {
  World w;
  constexpr int kAircraft = 60;
  for (uint8_t i = 0; i < kAircraft; ++i) {
    const Party party(static_cast<uint8_t>(100 + i));
    w.keys.know(party);
    w.send(Type::con, w.uas_cwt(party, w.start_pack(party)));
  }
  w.heard();
  const Duration period = Timers().heartbeat;
  for (int round = 1; round <= 2; ++round) {
    int in_all = 0, at_once = 0;
    for (int64_t us = 0; us < period.us; us += 10'000) {
      w.pass(milliseconds(10));
      const std::vector<Heard> heard = w.heard();
      const auto now = static_cast<int>(std::count_if(heard.begin(), heard.end(), [](const Heard& each) { return each.post(); }));
      in_all += now;
      at_once = std::max(at_once, now);
      if (round == 1 && us < period.us * 9 / 10 - 20'000) {
        ASSERT_EQ(in_all, 0);
      }
    }
    EXPECT_EQ(in_all, kAircraft) << round;
    EXPECT_LE(at_once, kAircraft / 6) << round;
  }
}

TEST(OperationEdges, R113_changes_make_room_for_a_start_and_an_end) {
  Options o;
  o.shards = 1;
  o.limits.record_ring = 4;
  o.policy.rate_burst = 100;
  World w(o);
  w.fly_start(w.ua);
  for (int i = 0; i < 30; ++i) {  // one batch: the modules read nothing in between
    w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.wrapped({w.self_id("survey " + std::to_string(i))}, w.ua))));
  }
  w.inject(w.post(Type::con, w.end_cwt(w.ua, w.ua.det)));
  w.run();
  w.pass(seconds(1));
  EXPECT_EQ(w.count(Counter::static_changed), 29u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed) + w.count(Counter::event_dropped), 29u);
  EXPECT_GT(w.count(Counter::event_dropped), 0u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::ended), 1u);
}

TEST(OperationEdges, R113_what_waits_for_the_modules_has_a_limit) {
  Options o;
  o.shards = 1;
  o.limits.aircraft_max = 1;
  o.limits.record_ring = 2;
  o.policy.rate_burst = 100;
  World w(o);
  constexpr uint64_t kFlights = 8;
  for (int64_t i = 0; i < static_cast<int64_t>(kFlights); ++i) {
    const int64_t iat = w.now_s() - 4 + i;
    w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.start_pack(w.ua), iat)));
    w.inject(w.post(Type::non, w.end_cwt(w.ua, w.ua.det, 0, iat)));
  }
  w.run();
  w.pass(seconds(1));
  EXPECT_EQ(w.count(Counter::operation_ended), kFlights);
  EXPECT_EQ(w.recorder->events.size(), 2u + 6u);  // the ring and six of one aircraft
  EXPECT_EQ(w.recorder->events.size() + w.count(Counter::event_dropped), 3 * kFlights);  // started, active, ended
}

TEST(OperationEdges, a_stop_hands_on_what_still_waits) {
  Options o;
  o.shards = 1;
  o.limits.record_ring = 1;
  World w(o);
  for (uint8_t i = 20; i < 30; ++i) {
    const Party party(i);
    w.keys.know(party);
    w.inject(w.post(Type::non, w.uas_cwt(party, w.start_pack(party))));
  }
  w.recorder->host().post([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });  // the modules are busy
  w.server->run();
  w.server->stop();
  EXPECT_EQ(w.count(Counter::accepted), 10u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 10u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 10u);
  EXPECT_EQ(w.count(Counter::event_dropped), 0u);
}

TEST(OperationEdges, R084_a_packet_held_up_on_its_way_is_no_sign_of_life) {
  Options o;
  o.timers.heartbeat = seconds(1);  // lost after 3 to 4 s, while old tokens still hold
  World w(o);
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det), w.location(w.clock.now().wall), w.system()}, w.ua)));
  w.pass(seconds(1));
  const Buffer first = w.uas_cwt(w.ua, w.flight_pack(w.ua, 1));
  const Buffer second = w.uas_cwt(w.ua, w.flight_pack(w.ua, 2));
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 3)));
  w.pass(seconds(2));
  w.send(Type::non, first);
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  w.pass(milliseconds(2'200));
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
  w.send(Type::non, second);  // answered, for an Operator ID is missing, but the loss goes on, and so does its timer
  EXPECT_EQ(w.count(Counter::accepted), 4u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::recovered), 0u);
  w.pass(seconds(30), seconds(1));
  EXPECT_EQ(w.recorder->count(FlightEventKind::abandoned), 0u);
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 4)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::recovered), 1u);
}

TEST(OperationEdges, R084_lost_tells_the_newest_position_by_sample_time) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(2));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 222)));
  const Instant before = w.clock.now().wall - seconds(1);
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(before, 473'900'111)}, w.ua)));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(before + seconds(91), 473'900'333)}, w.ua)));
  w.pass(seconds(25));
  ASSERT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
  EXPECT_NE(detail_of(w, FlightEventKind::lost).find("473900222"), std::string::npos) << detail_of(w, FlightEventKind::lost);
}

TEST(OperationEdges, R086_a_stale_location_alone_starts_no_flight) {
  World w;
  const Instant old = w.clock.now().wall - seconds(70);
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det), w.location(old), w.system(), w.operator_id()}, w.ua)));
  EXPECT_EQ(w.heartbeat(w.heard().at(0), w.ua.det).expected.types, 1u << 1);
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 0u);
  w.pass(seconds(1));
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 1u);
}

TEST(OperationEdges, R084_what_never_flew_is_neither_lost_nor_recovered) {
  World w;
  w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det), w.system(), w.operator_id()}, w.ua)));
  w.pass(seconds(25));
  w.send(Type::non, w.uas_cwt(w.ua, w.wrapped({w.basic(w.ua.det)}, w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::recovered), 0u);
  EXPECT_EQ(w.count(Counter::operation_lost) + w.count(Counter::operation_recovered), 0u);
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::active), 1u);
}

TEST(OperationEdges, R102_R103_the_end_of_an_unknown_flight_keeps_late_packets_out) {
  World w;
  const Buffer late = w.uas_cwt(w.ua, w.start_pack(w.ua));
  w.pass(seconds(2));
  for (int i = 0; i < 2; ++i) {
    w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
    const auto answers = w.heard();
    ASSERT_EQ(answers.size(), 1u);
    EXPECT_TRUE(w.end_word(answers[0], w.ua.det).has_value());
    w.pass(seconds(1));
  }
  EXPECT_EQ(w.recorder->count(FlightEventKind::eoo_unknown), 1u);
  w.send(Type::non, late);
  EXPECT_EQ(w.count(Error::late_after_end), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 0u);
  w.send(Type::non, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 1u);
}

TEST(OperationEdges, R102_an_unknown_end_is_answered_by_a_full_table_too) {
  Options o;
  o.shards = 1;
  o.limits.aircraft_max = 1;
  World w(o);
  w.fly_start(w.ua);
  w.send(Type::con, w.end_cwt(w.gcs, w.gcs.det));
  EXPECT_TRUE(w.end_word(w.heard().at(0), w.gcs.det).has_value());
  EXPECT_EQ(w.count(Counter::eoo_unknown), 1u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::eoo_unknown), 0u);  // nothing remembers it: a repeat would tell it again
}

TEST(OperationEdges, R103_a_failed_journal_does_not_forget_the_end) {
  World w;
  w.fly_start(w.ua);
  w.pass(seconds(2));
  const Buffer late = w.uas_cwt(w.ua, w.flight_pack(w.ua, 7));
  w.send(Type::con, w.end_cwt(w.ua, w.ua.det));
  w.pass(seconds(1));
  w.journal.append_fails = true;
  w.send(Type::non, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  EXPECT_EQ(w.count(Error::overload), 1u);
  w.journal.append_fails = false;
  w.send(Type::non, late);
  EXPECT_EQ(w.count(Error::late_after_end), 1u);
  EXPECT_EQ(w.server->operations(), 0u);
}

TEST(OperationEdges, without_a_signature_the_answer_is_a_code) {
  World w;
  const FailingSigner failing(w.sp.signer);
  w.provider_signer = &failing;
  w.start();
  w.send(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  EXPECT_EQ(w.heard().at(0).code, 0xa0);  // 5.00
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Error::internal), 0u);  // one outcome only
  EXPECT_EQ(w.count(Counter::heartbeat_sent), 0u);
  EXPECT_TRUE(w.conserved());
  w.provider_signer = nullptr;  // it goes before the world does
  w.start();
}

TEST(OperationEdges, R061_without_a_signature_the_link_is_not_asked_for) {
  Options o;
  const Party aircraft(2), station(3), unknown(9);
  o.policy.gateways = {{station.det, unknown.det}};
  World w(o);
  w.keys.answer(unknown.det, Error::unknown_key);
  const FailingSigner failing(w.sp.signer);
  w.provider_signer = &failing;
  w.start();
  w.send(Type::con, w.uas_cwt(w.gcs, w.start_pack(unknown)));
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(w.count(Error::unknown_key), 1u);
  EXPECT_EQ(answers[0].code, info(Error::unknown_key).reply);
  EXPECT_TRUE(w.conserved());
  w.provider_signer = nullptr;
  w.start();
}

// Found by the simulation (a disk that stalls): a Heartbeat five seconds late and the next one on time were two periods of
// silence, so that an aircraft was lost 10 s after its last report.
TEST(OperationEdges, R084_a_provider_that_was_held_up_does_not_count_two_heartbeats_at_once_as_silence) {
  World w;
  w.fly_start(w.ua);
  w.clock.advance(milliseconds(9900));   // its Heartbeat was due at 5 s
  w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua)));
  w.pass(milliseconds(14'800));
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  w.pass(milliseconds(5300));
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
}

}  // namespace
}  // namespace nrid::testing
