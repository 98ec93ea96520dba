// More comes than can be judged: T19, T20, T21, T23 and T25 of resilience.md in virtual time. Every signature costs 100 us of it, so a
// second has room for 10,000; a hundred aircraft need a fiftieth of that, and forgers send ten times it. The socket holds
// 4,096 datagrams, fewer than the program's own, and drops the newest, as the kernel does.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <numeric>
#include <optional>

#include "tests/nrid/server_support.h"

namespace nrid::testing {
namespace {

using coap::Type;

constexpr Duration kSignature = Duration{100};
constexpr size_t kSocket = 4096;
constexpr int kFlights = 100;
constexpr int kChildren = 80;
constexpr int64_t kFloodPerSecond = 100'000;

class SlowVerifier final : public Verifier {
 public:
  explicit SlowVerifier(ManualClock& clock) : clock_(clock) {}
  std::string_view name() const override { return "slow"; }
  void verify(std::span<VerifyJob> jobs) const override {
    sodium_verifier().verify(jobs);
    clock_.advance(kSignature * static_cast<int>(jobs.size()));
    judged += jobs.size();
  }
  mutable size_t judged = 0;

 private:
  ManualClock& clock_;
};

// How the forgers of a test choose whom they name and where they say they come from.
enum class Forged { unknown_signers, invented_children, real_signers, real_signers_at_home };

class Flooded : public ::testing::Test {
 protected:
  explicit Flooded(Options options = real()) : w(std::move(options)), verifier(w.clock), random(42) {
    w.verifier = &verifier;
    w.plain_port.room = kSocket;
    w.start();
    for (int i = 0; i < kFlights; ++i) {
      flights.emplace_back(static_cast<uint8_t>(10 + i));
      w.keys.know(flights.back());
    }
    for (int i = 0; i < kChildren; ++i) children.emplace_back(static_cast<uint8_t>(10 + kFlights + i));
    for (int i = 0; i < kFlights; ++i) w.send(Type::con, w.uas_cwt(flights[static_cast<size_t>(i)], w.start_pack(flights[static_cast<size_t>(i)])), home(i));
    EXPECT_EQ(w.recorder->count(FlightEventKind::active), size_t{kFlights});
    w.heard();
    w.clock.advance(seconds(2));
    w.run();
    w.heard();
  }
  static Options real() {  // the limits of the program, not those of small tests
    Options options;
    options.limits.overload = Overload();
    return options;
  }
  // Each in a network of its own; forgers come from everywhere.
  static Address home(int flight) {
    const std::array<uint8_t, 4> ip = {20, static_cast<uint8_t>(flight), 7, 1};
    return v4_address(ip, 41'000);
  }
  Address anywhere() {
    std::array<uint8_t, 4> ip;
    random.fill(ip);
    return v4_address(ip, random.u16());
  }

  void arrive(const Buffer& datagram, const Address& from) {
    if (w.plain_port.inbox.size() < kSocket) w.inject(datagram, from);
    else ++dropped;
  }
  Buffer report(int flight, Type type = Type::non) {
    return w.post(type, w.uas_cwt(flights[static_cast<size_t>(flight)], w.flight_pack(flights[static_cast<size_t>(flight)], flight)));
  }
  void forge(Forged how) {
    const bool child = how == Forged::invented_children;
    const int flight = static_cast<int>(random.below(child ? kChildren : victims));
    Buffer datagram = (child ? child_templates : templates)[static_cast<size_t>(flight)];
    for (size_t i = 0; i < 8; ++i) datagram[datagram.size() - 60 + i] = static_cast<uint8_t>(random.u16());  // within R
    Address from = home(flight);
    if (forger) from = *forger;
    else if (how != Forged::real_signers_at_home) from = anywhere();
    if (how == Forged::unknown_signers) {
      const auto& kid = flights[static_cast<size_t>(flight)].det.octets;
      for (auto at = datagram.begin(); (at = std::search(at, datagram.end(), kid.begin(), kid.end())) != datagram.end(); at += 16) {
        for (size_t i = 8; i < 16; ++i) *(at + static_cast<ptrdiff_t>(i)) = static_cast<uint8_t>(random.u16());
      }
    }
    arrive(datagram, from);
  }
  // One report of each flight a second, evenly spread, and between them, in order of time, what the forgers send.
  void fly(Duration length, std::optional<Forged> how) {
    const Tick begin = w.clock.now().tick, end = begin + length;
    const int64_t gap_us = 1'000'000 / kFlights, flood_gap_us = 1'000'000 / kFloodPerSecond;
    int64_t report_us = 0, forged_us = how ? 0 : INT64_MAX;
    while (w.clock.now().tick < end) {
      const int64_t us = (w.clock.now().tick - begin).us;
      if (how && (templates.empty() || us / 1'000'000 != template_second)) renew_templates(us / 1'000'000);
      while (std::min(report_us, forged_us) <= us) {
        if (forged_us <= report_us) {
          forge(*how);
          forged_us += flood_gap_us;
        } else {
          send_report(static_cast<int>(report_us / gap_us % kFlights), begin + Duration{report_us});
          report_us += gap_us;
        }
      }
      if (w.server->step(w.clock.now()) == 0) w.clock.advance(milliseconds(1));
      hear();
    }
  }
  void renew_templates(int64_t second) {
    template_second = second;
    templates.clear();
    for (int i = 0; i < kFlights; ++i) templates.push_back(report(i));
    child_templates.clear();
    for (int i = 0; i < kChildren; ++i) child_templates.push_back(introduction(children[static_cast<size_t>(i)]));
  }
  // Under a Link of our HDA that it never signed.
  Buffer introduction(const Party& child) {
    auto link = *det::make_endorsement(child.det, child.signer.public_key(), w.keys.hda.det, w.keys.hda.signer, at_second(kNow - 100), at_second(kNow + 86'400));
    link[80] ^= 1;
    std::array<uint8_t, rid::kPackSizeMax> out;
    return w.post(Type::non, w.uas_cwt(child, *rid::build_link_pack({}, link, w.clock.now().wall, out)));
  }
  void send_report(int flight, Tick due) {
    const Buffer datagram = report(flight, Type::con);
    waiting[{home(flight), static_cast<uint16_t>(datagram[2] << 8 | datagram[3])}] = {due, flight};
    arrive(datagram, home(flight));
    ++sent[static_cast<size_t>(flight)];
  }
  // Each report is confirmable; its answer is the ACK with a 2.04.
  void hear() {
    for (const Heard& one : w.heard()) {
      const auto found = waiting.find({one.to, one.id});
      if (found == waiting.end() || one.type != Type::ack || one.code != coap::kChanged) continue;
      delays.push_back(w.clock.now().tick - found->second.first);
      ++answered[static_cast<size_t>(found->second.second)];
      waiting.erase(found);
    }
  }
  static size_t sum(const std::array<size_t, kFlights>& of, size_t from = 0) { return std::accumulate(of.begin() + static_cast<ptrdiff_t>(from), of.end(), size_t{0}); }
  double share(size_t from = 0) const { return static_cast<double>(sum(answered, from)) / static_cast<double>(sum(sent, from)); }
  Duration p99() {
    std::sort(delays.begin(), delays.end());
    return delays.empty() ? seconds(1000) : delays[delays.size() * 99 / 100];
  }

  World w;
  SlowVerifier verifier;
  SeededRandom random;
  std::deque<Party> flights;
  std::deque<Party> children;
  std::vector<Buffer> templates, child_templates;
  int64_t template_second = -1;
  uint32_t victims = kFlights;
  std::optional<Address> forger;          // all from one address
  size_t dropped = 0;
  std::array<size_t, kFlights> sent{}, answered{};
  std::map<std::pair<Address, uint16_t>, std::pair<Tick, int>> waiting;
  std::vector<Duration> delays;
};

TEST_F(Flooded, T19_forgeries_of_unknown_signers_cost_the_known_nothing) {
  fly(seconds(3), Forged::unknown_signers);
  EXPECT_GE(share(), 0.998);
  EXPECT_LE(p99(), milliseconds(100));
}

// Nothing of such a datagram needs to be secret or true but the name of an authority: its Link costs a signature to refuse.
TEST_F(Flooded, T19_links_of_invented_aircraft_cost_the_known_nothing) {
  size_t links = 0;
  w.keys.on_verify = [&] {
    w.clock.advance(kSignature);
    ++links;
  };
  fly(seconds(3), Forged::invented_children);
  EXPECT_GE(share(), 0.998);
  EXPECT_LE(p99(), milliseconds(100));
  EXPECT_GT(links, 5'000u) << "what the known leave is theirs";
  EXPECT_LT(links, 30'000u);
  EXPECT_GT(w.count(Counter::shed_unknown), 100'000u);
  EXPECT_EQ(w.count(Counter::shed_active), 0u);
}

TEST_F(Flooded, T20_forgeries_in_the_name_of_aircraft_in_flight_leave_them_their_share) {
  fly(seconds(5), Forged::real_signers);
  EXPECT_GE(share(), 0.998);
  EXPECT_LE(p99(), milliseconds(100));
  EXPECT_GT(w.count(Counter::shed_moved), 1000u);
  EXPECT_LE(w.count(Counter::shed_active), 4u);
}

TEST_F(Flooded, T21_forgeries_from_the_very_address_hurt_none_but_their_victims) {
  victims = kFlights / 2;
  fly(seconds(4), Forged::real_signers_at_home);
  EXPECT_GE(share(victims), 0.998);
}

// The same without shares: that the figures above are theirs.
class Unshared : public Flooded {
 protected:
  static Options dry() {
    Options options = real();
    options.limits.overload.dry_shares = options.limits.overload.dry_source = true;
    options.limits.overload.waiting_age = milliseconds(200);
    return options;
  }
  Unshared() : Flooded(dry()) {}
};

TEST_F(Unshared, TheFloodOfT20TakesTheSkyAway) {
  fly(seconds(3), Forged::real_signers);
  EXPECT_LT(share(), 0.5);
  EXPECT_GT(w.count(Counter::would_shed), 1000u);
  EXPECT_EQ(w.count(Error::shed) + w.count(Error::source_budget), 0u);
}

TEST_F(Flooded, T25_a_storm_of_retries_is_over_within_seconds) {
  fly(seconds(2), std::nullopt);
  for (int copy = 0; copy < 4; ++copy) {  // after an outage all send at once what they had, four times
    for (int flight = 0; flight < kFlights; ++flight) arrive(report(flight, Type::con), home(flight));
  }
  fly(seconds(3), std::nullopt);
  const size_t lost = sum(sent) - sum(answered);
  fly(seconds(5), std::nullopt);
  EXPECT_EQ(sum(sent) - sum(answered), lost);
  EXPECT_LE(lost, size_t{kFlights} / 10);
}

TEST_F(Flooded, AllIsAsBeforeWhenTheFloodEnds) {
  fly(seconds(3), Forged::real_signers);
  fly(seconds(2), std::nullopt);
  const size_t lost = sum(sent) - sum(answered);
  const uint64_t shed = w.count(Error::shed);
  delays.clear();
  fly(seconds(5), std::nullopt);
  EXPECT_EQ(sum(sent) - sum(answered), lost);
  EXPECT_EQ(w.count(Error::shed), shed);
  EXPECT_LE(p99(), milliseconds(5));
  EXPECT_EQ(w.server->waiting(), 0u);
}

// However long it takes, batch by batch: no class binds, nobody's budget, and nothing is read that would only wait here.
TEST_F(Flooded, ABurstWaitsInTheSocket) {
  const size_t batch = Limits().batch_max;
  for (int copy = 0; copy < 4; ++copy) {
    for (int flight = 0; flight < kFlights; ++flight) arrive(report(flight), home(flight));
  }
  const size_t burst = w.plain_port.inbox.size();
  ASSERT_GT(burst, 4 * batch);
  ASSERT_LT(burst, kSocket / 2);
  for (size_t read = batch; read < burst; read += batch) {
    w.server->step(w.clock.now());  // 13 ms
    EXPECT_EQ(w.plain_port.inbox.size(), burst - read);
    EXPECT_EQ(w.server->waiting(), 0u);
  }
}

TEST_F(Flooded, ASocketThatIsHalfFullIsReadAtOnce) {
  const size_t batch = Limits().batch_max;
  for (int copy = 0; w.plain_port.inbox.size() < kSocket / 2 + 2 * batch; ++copy) {
    for (int flight = 0; flight < kFlights; ++flight) arrive(report(flight), home(flight));
  }
  const size_t burst = w.plain_port.inbox.size();
  w.server->step(w.clock.now());
  EXPECT_EQ(w.plain_port.inbox.size(), burst - batch) << "it had no time to tell a burst from what lasts";
  w.server->step(w.clock.now());
  EXPECT_LT(w.plain_port.inbox.size(), batch * 4);
  EXPECT_GT(w.server->waiting(), 4 * batch);
}

TEST_F(Flooded, WithoutLoadNothingIsEverShed) {
  fly(seconds(10), std::nullopt);
  EXPECT_EQ(share(), 1.0);
  EXPECT_EQ(w.count(Error::shed) + w.count(Error::source_budget), 0u);
}

TEST_F(Flooded, T23_an_address_that_floods_is_refused_before_it_is_read_and_its_neighbours_are_not) {
  forger = address_of(250, 9);
  fly(seconds(3), Forged::real_signers);
  EXPECT_GT(w.count(Error::source_budget), 50'000u);
  EXPECT_GE(share(), 0.998);
}

// The budget of an address is a limit of its own: a dry run of the shares takes nothing from it.
class SharesInADryRun : public Flooded {
 protected:
  static Options dry(bool source) {
    Options options = real();
    options.limits.overload.dry_shares = true;
    options.limits.overload.dry_source = source;
    return options;
  }
  explicit SharesInADryRun(bool source = false) : Flooded(dry(source)) {}
};
class BothInADryRun : public SharesInADryRun {
 protected:
  BothInADryRun() : SharesInADryRun(true) {}
};

TEST_F(SharesInADryRun, TheBudgetOfAnAddressBinds) {
  forger = address_of(250, 9);
  fly(seconds(2), Forged::real_signers);
  EXPECT_GT(w.count(Error::source_budget), 10'000u);
  EXPECT_EQ(w.count(Error::shed), 0u);
}

TEST_F(BothInADryRun, TheBudgetOfAnAddressCounts) {
  forger = address_of(250, 9);
  fly(seconds(2), Forged::real_signers);
  EXPECT_EQ(w.count(Error::source_budget) + w.count(Error::shed), 0u);
  EXPECT_GT(w.count(Counter::would_refuse_source), 1'000u);
}

TEST(Overload, ADryRunOfEachLimitCountsAndRefusesNothing) {
  Options options;
  options.limits.overload.dry_rate = true;
  World w(options);
  w.fly_start(w.ua);
  for (int i = 0; i < 100; ++i) w.send(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i), w.now_s() - 5 + i % 9));
  EXPECT_EQ(w.count(Error::rate), 0u);
  EXPECT_GT(w.count(Counter::would_refuse_rate), 70u);
}

// What waited for a key comes back into a queue that is full of others.
TEST(Overload, WhatComesOutOfParkingPushesNobodyOut) {
  for (const bool dry : {false, true}) {
    Options options;
    options.limits.batch_max = 8;
    options.limits.overload.waiting_max = 16;
    options.limits.overload.dry_shares = dry;
    options.limits.overload.dry_source = dry;
    options.policy.rate_per_s = options.policy.rate_burst = 1000;
    World w(options);
    constexpr int kParked = 12, kKnown = 60;
    for (int i = 0; i < kParked; ++i) w.send(Type::non, w.uas_cwt(w.stranger, w.wrapped({w.location(w.clock.now().wall, 473'900'000 + i)}, w.stranger)));
    EXPECT_EQ(w.server->parked(), size_t{kParked});
    for (int i = 0; i < kKnown; ++i) w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
    w.keys.answer(w.stranger);
    size_t waiting_most = 0;
    while (w.server->step(w.clock.now()) > 0) {
      waiting_most = std::max(waiting_most, w.server->waiting());
      if (dry) w.clock.advance(milliseconds(20));  // busy, but for the dry run pressed
    }
    EXPECT_EQ(w.count(Counter::accepted), uint64_t{kParked + kKnown}) << "dry " << dry;
    EXPECT_EQ(w.count(Error::shed), 0u) << "dry " << dry;
    EXPECT_LE(waiting_most, options.limits.overload.waiting_max - options.limits.batch_max) << "what is judged in this step has left";
    EXPECT_EQ(w.server->parked(), 0u);
  }
}

// It is judged by when it came, so it may be taken after its end; the replay filter must then remember it for as long as a copy that came
// in time may still wait.
TEST(Overload, ATokenThatEndsWhileItWaitsIsTakenOnce) {
  Options options;
  options.limits.batch_max = 1;
  options.limits.overload.dry_shares = options.limits.overload.dry_source = true;
  options.policy.rate_per_s = options.policy.rate_burst = 1000;
  World w(options);
  const Timers timers;
  const Duration turn = seconds(8);  // the longest wait, as in a dry run of the shares
  const Buffer ends = w.uas_cwt(w.ua, w.start_pack(w.ua), w.now_s() - 14);  // of its 10 s and the skew of 5 s one second is left
  const int others = static_cast<int>(timers.parking.seconds() * 2 + turn.seconds()) - 2;
  w.inject(w.post(Type::non, ends), address_of(1));
  for (int i = 0; i < others; ++i) w.inject(w.post(Type::non, w.uas_cwt(w.ua, w.flight_pack(w.ua, i))));
  w.inject(w.post(Type::non, ends), address_of(2));
  w.server->step(w.clock.now());
  w.clock.advance(milliseconds(10));  // longer than a burst waits in the socket: the next step reads all of them
  while (w.server->step(w.clock.now()) > 0) w.clock.advance(seconds(1));
  EXPECT_EQ(w.count(Counter::accepted), static_cast<uint64_t>(1 + others));
  EXPECT_EQ(w.count(Counter::duplicate), 1u);
  EXPECT_EQ(w.count(Error::expired), 0u);
  w.send(Type::non, ends);
  EXPECT_EQ(w.count(Error::expired), 1u) << "who comes after the end is late";
}

}  // namespace
}  // namespace nrid::testing
