// A real shard with very many flights: what bench/flights_bench.cc weighs and times. A flight starts with a verified report as a worker hands it over, its
// CWT with pack, pages and claims as on the wire, and sends positions once a second; no signature is made or judged unless `signer` does. Keys have the
// chain that a resolver finds. What the shard sends goes to a port that notes how late each timed Heartbeat is.
#pragma once

#include <algorithm>
#include <memory>

#include "apps/load/forger.h"
#include "bench/server_stage.h"
#include "nrid/shard.h"

namespace nrid::bench {

class NoJournal final : public Journal {   // the one in memory keeps the newest 16 MiB, however many flights
 public:
  Status append(const JournalEntry&) override { return {}; }
  Status sync() override { return {}; }
};

class WatchedPort final : public DatagramPort {  // nothing comes, and what is sent is only looked at
 public:
  WatchedPort(const Clock& clock, size_t flights) : heartbeats(flights), clock_(clock) {}
  Address local() const override { return {}; }
  size_t receive(std::span<Received>) override { return 0; }
  void wait(Duration) override {}
  size_t send(std::span<const Outgoing> datagrams) override {
    const Tick step = SteppedClock::last_read();
    heartbeats.note(datagrams, step, clock_.now().tick);
    return datagrams.size();
  }
  HeartbeatWatch heartbeats;

 private:
  const Clock& clock_;
};

inline ServerSetup setup_of(size_t flights, const Det& sp) {
  ServerSetup setup;
  setup.det = sp;
  setup.limits.aircraft_max = flights;
  return setup;
}

struct Flights {
  // What stands here before the first flight does not count as theirs: keys, and the tables of fixed size.
  Flights(size_t flights, const Signer& signer)
      : setup(setup_of(flights, det::derive(16376, 10, signer.public_key()))), port(clock, flights), config(config_of(setup, {std::shared_ptr<void>(), &signer})),
        shared(setup.policy, setup.limits, random), records(setup.limits.record_ring),
        shard({0, 1, setup, config, rules, random, journal, shared, counters.add_block(), records, no_peers()}) {
    SeededRandom seeded(7);
    for (size_t i = 0; i < flights; ++i) {
      PublicKey octets;
      seeded.fill(octets);
      octets[31] &= 0x3f;                  // canonical; nobody asks whether it lies on the curve
      auto key = std::make_shared<KeyEntry>();
      key->det = det::derive(16376, 10, octets);
      key->key = *PreparedKey::from(octets);
      key->chain = to_text(key->det) + " < " + to_text(setup.det) + " < " + to_text(setup.det) + " (anchor)";
      port.heartbeats.know(i, key->det);
      keys.push_back(std::move(key));
    }
  }

  Report report(uint32_t flight, bool start) {
    const KeyPtr& key = keys[flight];
    const Now now = clock.now();
    const int64_t second = now.wall.seconds();
    const rid::MessageOctets where = position(static_cast<int32_t>(second - kStart), second);
    const std::vector<rid::MessageOctets> messages = start ? start_messages(key->det, where) : std::vector{where};
    std::array<uint8_t, rid::kPackSizeMax> pack_space;
    std::array<uint8_t, profile::kPayloadMax> cwt_space;
    const auto pack = rid::build_wrapper_pack(messages, rid::WrapperForm::extended, key->det, forger_, now.wall, pack_space);
    const auto cwt = make_uas_cwt({key->det, &forger_}, setup.det, *pack, second, cwt_space);
    CHECK(cwt.ok());
    Report out;
    out.ua = out.gateway = key->det;
    out.sp = setup.det;
    out.iat = second;
    out.received = now.wall;
    out.path = {&port, Transport::plain, address_of(flight, 40'000)};
    out.octets = cwt->size() + 30;
    out.gateway_key = out.ua_key = key;
    out.wrapped = true;
    std::copy(messages.begin(), messages.end(), out.messages.begin());
    out.message_count = messages.size();
    made_up_.fill(out.token_digest);
    made_up_.fill(out.pack_digest);
    out.raw.assign(*cwt);
    out.pack_at = static_cast<uint16_t>(std::search(cwt->begin(), cwt->end(), pack->begin(), pack->end()) - cwt->begin());
    out.pack_size = static_cast<uint16_t>(pack->size());
    return out;
  }

  // One report of each flight from `first` to before `end`, spread evenly over `within` of the clock. The shard accepts all.
  void fly(bool start, Duration within, size_t first, size_t end) {
    const uint64_t before = counters.total().get(Counter::accepted);
    const int64_t from = clock.now().tick.us;
    for (size_t i = first; i < end; ++i) {
      ShardInput input;
      input.what = report(static_cast<uint32_t>(i), start);
      CHECK(shard.inputs().push(std::move(input)));
      if (i % kBatch != kBatch - 1 && i + 1 != end) continue;
      step();
      clock.advance({from + within.us * static_cast<int64_t>(i + 1 - first) / static_cast<int64_t>(end - first) - clock.now().tick.us});
    }
    step();
    CHECK(counters.total().get(Counter::accepted) == before + end - first);
  }
  void fly(bool start, Duration within) { fly(start, within, 0, keys.size()); }
  // Until nothing more is to be done now, as the shard's thread does.
  void step() {
    size_t done = 0;
    do {
      done = shard.step(clock.now());
      taken_.clear();
      sightings += records.pop_many(taken_, records.limit());
    } while (done > 0);
  }
  void pass(Duration time) {               // nothing comes meanwhile
    for (int64_t i = 0; i < time.ms(); i += 10) {
      clock.advance(milliseconds(10));
      step();
    }
  }
  // The shard's thread as Server::run() has it, for so long by the running clock.
  void run_for(Duration time) {
    for (const Tick end = clock.now().tick + time; clock.now().tick < end;) {
      step();
      shard.wait(clock.now());
    }
  }

  static constexpr size_t kBatch = 64;
  SteppedClock clock;
  SystemRandom random;
  const ServerSetup setup;
  WatchedPort port;
  Published config;
  const schc::RuleSet rules;
  NoJournal journal;
  SharedTables shared;
  Counters counters;
  Ring<Record> records;
  Shard shard;
  std::vector<KeyPtr> keys;
  size_t sightings = 0;

 private:
  SeededRandom made_up_{9};                // costs no call of the system
  const Forger forger_{made_up_};
  std::vector<Record> taken_;
};

}  // namespace nrid::bench
