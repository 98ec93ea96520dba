// The server's share of resilience.md T13, T15, T16, T17, T18, T31, T32, T48, as far as one provider can show them.
#include <algorithm>

#include "nrid/held_clock.h"
#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

size_t octets_of(const std::vector<Heard>& heard) {
  size_t sum = 0;
  for (const Heard& h : heard) sum += h.datagram.size();
  return sum;
}

void prove(World& w, const Heard& heartbeat) {
  const Buffer ack = {0x68, coap::kChanged, static_cast<uint8_t>(heartbeat.id >> 8), static_cast<uint8_t>(heartbeat.id)};
  Buffer datagram = ack;
  datagram.insert(datagram.end(), heartbeat.token.begin(), heartbeat.token.end());
  w.inject(datagram, heartbeat.to);
  w.run();
}

TEST(Threats, T13_a_hundred_replays_of_each_message_change_nothing) {
  World w;
  w.fly_start(w.ua);
  SeededRandom random(13);
  std::deque<Buffer> captured;
  const auto flown = [&](int seconds_long, bool alive) {
    for (int i = 0; i < seconds_long; ++i) {
      w.pass(seconds(1));
      if (alive) {
        captured.push_back(w.post(random.below(2) == 0 ? Type::con : Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
        w.inject(captured.back());
        w.run();
      }
      for (const Buffer& one : captured) {  // each is played twice a second for some 50 seconds
        w.inject(one);
        w.inject(one, address_of(66));
      }
      if (captured.size() > 50) captured.pop_front();
      w.run();
    }
  };
  flown(120, true);
  EXPECT_EQ(w.recorder->sightings.size(), 121u);
  const auto sent = w.heard();
  EXPECT_EQ(std::count_if(sent.begin(), sent.end(), [](const Heard& h) { return h.post() && h.to == address_of(66); }), 0);
  size_t words = 0;
  for (const Heard& h : sent) words += h.payload.empty() ? 0 : 1;
  EXPECT_LE(words, 1u + 120 / 5 + 2);             // at most one word per P, however often it is asked
  EXPECT_EQ(w.recorder->count(FlightEventKind::static_changed) + w.recorder->count(FlightEventKind::recovered), 0u);
  // The aircraft is gone; its ghost is not alive.
  flown(25, false);
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 1u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::recovered), 0u);
  EXPECT_EQ(w.count(Counter::accepted), 121u);
}

TEST(Threats, T15_who_races_with_copies_does_not_cut_the_aircraft_off) {
  World w;
  w.fly_start(w.ua, address_of(1));
  size_t timed = 0, at_home = 0;
  const auto flown = [&](int seconds_long, bool raced) {
    for (int i = 0; i < seconds_long; ++i) {
      w.pass(seconds(1));
      size_t rounds = 0;
      for (const Heard& h : w.heard()) {
        if (!h.post()) continue;
        rounds = 1;
        at_home += h.to == address_of(1) ? 1 : 0;
        if (h.to == address_of(1) && h.type == Type::con) prove(w, h);
      }
      timed += rounds;
      const Buffer message = w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
      if (raced) w.inject(message, address_of(66));
      w.inject(message, address_of(1));
      w.run();
    }
  };
  flown(10, false);
  flown(300, true);
  EXPECT_GE(timed, 60u);
  EXPECT_GE(at_home * 100, timed * 99);
  w.heard();
  flown(2, false);  // the attacker stops: the next message brings the address home, the attacker's gets its two farewells
  flown(15, false);
  timed = at_home = 0;
  flown(20, false);
  EXPECT_EQ(at_home, timed);
}

TEST(Threats, T16_tokens_are_accepted_exactly_inside_the_leeway) {
  World w;
  for (int64_t skew = -300; skew <= 300; ++skew) {
    w.pass(seconds(11));
    w.heard();
    const uint64_t before = w.count(Counter::accepted);
    w.send(Type::con, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall, 473'900'000 + static_cast<int32_t>(skew))}, w.ua), w.now_s() + skew));
    // iat <= now + 5 and now < exp + 5, where exp = iat + 10.
    const bool inside = skew <= 5 && skew > -15;
    EXPECT_EQ(w.count(Counter::accepted) - before, inside ? 1u : 0u) << skew;
  }
  EXPECT_GT(w.count(Error::expired), 0u);
  EXPECT_GT(w.count(Error::not_yet_valid), 0u);
}

TEST(Threats, T16_the_edges_of_all_epochs_are_refused_for_their_reason) {
  World w;
  const int64_t edges[] = {0, 1, 10, kEpoch2019 - 1, kEpoch2019, 0x7fffffff, 0x80000000LL, 0xffffffffLL, 0x100000000LL, 4'294'967'295 + kEpoch2019, int64_t{1} << 53, INT64_MAX - 100};
  for (const int64_t at : edges) w.send(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua), at));
  EXPECT_EQ(w.count(Counter::accepted), 0u);
  EXPECT_EQ(w.count(Error::expired) + w.count(Error::not_yet_valid) + w.count(Error::bad_claims), std::size(edges));
}

// In 2068 the 2019 seconds of DRIP reach the values that are read as Unix seconds: no Wrapper can be made after that.
TEST(Threats, T16_a_server_lives_in_2019_2038_and_2067_too) {
  for (const int64_t at : {kEpoch2019 + 400, int64_t{0x7fffffff} - 30, int64_t{3'090'182'400}}) {
    World w;
    w.clock.step_wall(seconds(at - kNow));
    w.keys.valid_until = at_second(at + 86'400);
    w.keys.know(w.ua);
    w.fly_start(w.ua);
    for (int i = 0; i < 60; ++i) {
      w.pass(seconds(1));
      w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
    }
    EXPECT_EQ(w.count(Counter::accepted), 61u) << at;
    EXPECT_EQ(w.recorder->count(FlightEventKind::lost), 0u);
  }
}

// The world's clock is the truth that aircraft go by; the server's machine has one that somebody sets.
struct SteppedWorld {
  World w;
  ManualClock machine{at_second(kNow)};
  HeldClock held{machine};
  std::vector<HeldClock::Event> events;
  std::vector<Tick> told;

  SteppedWorld() {
    held.watch([this] { return w.count(Counter::accepted); }, [this](HeldClock::Event event, Duration) {
      events.push_back(event);
      told.push_back(machine.now().tick);
    });
  }
  void pass(Duration time) {
    for (const Tick end = machine.now().tick + time; machine.now().tick < end;) {
      w.clock.advance(milliseconds(100));
      machine.advance(milliseconds(100));
      while (w.server->step(held.now()) > 0) {
      }
    }
  }
  void fly(int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
      pass(seconds(1));
      w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.wrapped({w.location(w.clock.now().wall, 473'900'000 + ++north)}, w.ua))));
      w.server->step(held.now());
      for (const Heard& h : w.heard()) {
        if (h.post()) ++heartbeats, static_cast<void>(w.heartbeat(h, w.ua.det));  // good by the aircraft's time
      }
    }
  }
  int32_t north = 0;
  int heartbeats = 0;
};

TEST(Threats, T17_a_step_of_the_servers_clock_expires_nobody_and_is_told_at_once) {
  for (const int64_t step : {10, -10, 3600, -3600}) {
    SteppedWorld s;
    s.w.fly_start(s.w.ua);
    s.fly(20);
    s.machine.step_wall(seconds(step));
    const Tick stepped = s.machine.now().tick;
    s.fly(200);
    ASSERT_FALSE(s.events.empty());
    EXPECT_EQ(s.events[0], HeldClock::Event::stepped);
    EXPECT_LE(s.told[0] - stepped, seconds(5));
    EXPECT_EQ(std::count(s.events.begin(), s.events.end(), HeldClock::Event::adopted), 0);
    EXPECT_GE(std::count(s.events.begin(), s.events.end(), HeldClock::Event::confirmed), 3);
    EXPECT_EQ(s.held.doubt(), seconds(step));
    EXPECT_EQ(s.w.recorder->count(FlightEventKind::lost), 0u);
    EXPECT_EQ(s.w.count(Counter::accepted), s.w.count(Counter::received));
    EXPECT_GE(s.heartbeats, 40);
    s.machine.step_wall(seconds(-step));
    s.fly(5);
    EXPECT_EQ(s.events.back(), HeldClock::Event::returned);
    EXPECT_EQ(s.held.doubt(), Duration{});
  }
}

TEST(Threats, T17_a_clock_that_was_wrong_and_is_put_right_is_followed_after_a_minute) {
  SteppedWorld s;
  s.machine.step_wall(seconds(-3600));
  HeldClock held(s.machine);  // the machine came up an hour late
  std::vector<HeldClock::Event> events;
  held.watch([&] { return s.w.count(Counter::accepted); }, [&](HeldClock::Event event, Duration) { events.push_back(event); });
  const auto second = [&] {
    s.w.clock.advance(seconds(1));
    s.machine.advance(seconds(1));
    s.w.inject(s.w.post(Type::con, s.w.uas_cwt(s.w.ua, s.w.start_pack(s.w.ua))));
    s.w.server->step(held.now());
  };
  for (int i = 0; i < 10; ++i) second();
  EXPECT_EQ(s.w.count(Error::not_yet_valid), 10u);
  s.machine.step_wall(seconds(3600));
  for (int i = 0; i < 70; ++i) second();
  EXPECT_EQ(events, (std::vector<HeldClock::Event>{HeldClock::Event::stepped, HeldClock::Event::adopted}));
  EXPECT_GE(s.w.count(Counter::accepted), 5u);
}

TEST(Threats, T17_slewing_is_followed_without_a_word) {
  ManualClock machine(at_second(kNow));
  const HeldClock held(machine);
  for (int i = 0; i < 10'000; ++i) {
    machine.advance(seconds(1));
    machine.step_wall(milliseconds(i % 2 == 0 ? 900 : -400));
    EXPECT_EQ(held.now().wall, machine.now().wall);
  }
  EXPECT_EQ(held.doubt(), Duration{});
}

TEST(Threats, T18_loss_copies_and_reordering_leave_the_track_in_order_without_events) {
  World w;
  w.fly_start(w.ua);
  SeededRandom random(18);
  struct Late { int due; Buffer datagram; };
  std::vector<Late> under_way;
  std::vector<int64_t> sent_ds;
  for (int i = 0; i < 300; ++i) {  // a tenth of a second each, one message a second
    w.pass(milliseconds(100));
    if (i % 10 == 0) {
      const Buffer message = w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i)));
      if (random.below(100) >= 30) {
        sent_ds.push_back(w.clock.now().wall.us / 100'000);
        const size_t copies = 1 + random.below(2);
        for (size_t c = 0; c < copies; ++c) under_way.push_back({i + static_cast<int>(random.below(2) * random.below(18)), message});
      }
    }
    for (size_t k = 0; k < under_way.size();) {
      if (under_way[k].due > i) { ++k; continue; }
      w.inject(under_way[k].datagram, address_of(static_cast<uint8_t>(1 + random.below(2))));
      under_way.erase(under_way.begin() + static_cast<std::ptrdiff_t>(k));
    }
    w.run();
  }
  w.pass(seconds(4));
  std::vector<int64_t> track_ds;
  for (const Sighting& s : w.recorder->sightings) {
    if (!s.late && s.location && s.sampled > at_second(kNow)) track_ds.push_back(s.sampled.us / 100'000);
  }
  EXPECT_EQ(track_ds, sent_ds);  // the oracle: what was not lost, in the order of its samples
  EXPECT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  EXPECT_EQ(w.recorder->count(FlightEventKind::lost) + w.recorder->count(FlightEventKind::static_changed), 0u);
}

TEST(Threats, R029_T31_no_unproven_address_gets_more_than_three_times_what_it_sent) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    World w({}, seed);
    SeededRandom random(seed);
    std::map<Address, std::pair<size_t, size_t>> ledger;  // in, out
    std::vector<Buffer> seen;
    for (int i = 0; i < 400; ++i) {
      w.pass(milliseconds(200 + static_cast<int64_t>(random.below(800))));
      const Address from = address_of(static_cast<uint8_t>(1 + random.below(4)));
      const Type type = random.below(2) == 0 ? Type::con : Type::non;
      Buffer datagram;
      switch (random.below(6)) {
        case 0: datagram = w.post(type, w.uas_cwt(w.ua, w.start_pack(w.ua))); break;
        case 1: datagram = w.post(type, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))); break;
        case 2: datagram = w.post(type, w.uas_cwt(w.stranger, w.start_pack(w.stranger))); break;
        case 3: datagram = w.post(type, w.end_cwt(w.ua, w.ua.det)); break;
        case 4: datagram = seen.empty() ? Buffer{0x40, 0, 0, 1} : seen[random.below(seen.size())]; break;  // spoofed replay
        default: datagram.resize(random.below(40)); random.fill(datagram); break;
      }
      seen.push_back(datagram);
      ledger[from].first += datagram.size();
      w.inject(datagram, from);
      w.run();
      for (const Heard& h : w.heard()) ledger[h.to].second += h.datagram.size();
      for (const auto& [address, octets] : ledger) ASSERT_LE(octets.second, 3 * octets.first) << "seed " << seed << " step " << i;
    }
  }
}

TEST(Threats, R029_a_single_exchange_answers_with_no_more_than_eleven_tenths) {
  World w;
  const Buffer reports[] = {w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua))), w.post(Type::con, w.uas_cwt(w.ua, w.flight_pack(w.ua)))};
  for (const Buffer& report : reports) {
    w.inject(report);
    w.run();
    EXPECT_LE(octets_of(w.heard()) * 10, report.size() * 11);
  }
}

TEST(Threats, R028_T32_junk_gets_a_hundredth_of_its_octets_back) {
  World w;
  SeededRandom random(32);
  size_t in = 0, out = 0;
  for (int second = 0; second < 10; ++second) {
    w.pass(seconds(1));
    for (int i = 0; i < 4000; ++i) {
      Buffer junk(40 + random.below(400));
      random.fill(junk);
      junk[0] = static_cast<uint8_t>(0x40 | (junk[0] & 0x38));  // CoAP of every type
      in += junk.size();
      w.inject(junk, address_of(static_cast<uint8_t>(random.below(250))));
    }
    w.run();
    out += octets_of(w.heard());
  }
  EXPECT_LE(out * 100, in) << out << " of " << in;
  EXPECT_EQ(w.count(Counter::accepted), 0u);
}

TEST(Threats, R101_T48_the_end_comes_through_loss_and_late_packets_never_reopen_a_flight) {
  SeededRandom random(48);
  int acknowledged_in_5 = 0;
  int acknowledged_in_20 = 0;
  constexpr int kFlights = 400;
  for (int flight = 0; flight < kFlights; ++flight) {
    World w({}, static_cast<uint64_t>(flight) + 1);
    w.fly_start(w.ua);
    w.pass(seconds(1));
    const Buffer late = w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, 5)));
    int tries = 0;
    bool acknowledged = false;
    while (!acknowledged && tries < 20) {
      ++tries;
      w.pass(seconds(2));
      const Buffer end = w.post(Type::con, w.end_cwt(w.ua, w.ua.det));
      if (random.below(100) < 30) continue;
      w.inject(end);
      w.run();
      for (const Heard& h : w.heard()) {
        if (random.below(100) >= 30 && w.end_word(h, w.ua.det)) acknowledged = true;
      }
    }
    acknowledged_in_5 += acknowledged && tries <= 5 ? 1 : 0;
    acknowledged_in_20 += acknowledged ? 1 : 0;
    w.inject(late);
    w.run();
    EXPECT_EQ(w.server->operations(), 0u);
    EXPECT_EQ(w.recorder->count(FlightEventKind::ended), 1u);
    EXPECT_EQ(w.recorder->count(FlightEventKind::started), 1u);
  }
  EXPECT_GE(acknowledged_in_5, kFlights * 94 / 100);  // 0.51^5 leaves 3.4 %; two points for the draw of this seed
  EXPECT_EQ(acknowledged_in_20, kFlights);
}

TEST(Threats, R113_a_report_whose_sync_failed_may_be_tried_again) {
  World w;
  const Buffer datagram = w.post(Type::con, w.uas_cwt(w.ua, w.start_pack(w.ua)));
  w.journal.sync_fails = true;
  w.inject(datagram);
  w.run();
  EXPECT_TRUE(w.heard().empty());
  w.inject(datagram);  // while nothing is safe nothing is acknowledged
  w.run();
  EXPECT_TRUE(w.heard().empty());
  w.journal.sync_fails = false;
  w.pass(seconds(1));
  w.heard();
  w.inject(datagram);  // octet for octet, well within EXCHANGE_LIFETIME
  w.run();
  const auto answers = w.heard();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].code, coap::kChanged);
  EXPECT_EQ(w.count(Counter::accepted), 1u);
  EXPECT_EQ(w.count(Counter::duplicate), 2u);
}

}  // namespace
}  // namespace nrid::testing
