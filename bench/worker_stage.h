// What bench/worker_bench.cc and tests/nrid/worker_cost_test.cc measure: the parts of a verify worker around 16,384 SCHC datagrams of
// 4,096 aircraft, a verifier that finds every signature good and costs nothing, and the real key cache.
#pragma once

#include "apps/load/forger.h"
#include "bench/telemetry.h"
#include "det/det.h"
#include "nrid/shared_tables.h"
#include "nrid/worker.h"

namespace nrid::bench {

inline constexpr int64_t kNow = 1'790'000'000;
inline constexpr size_t kKeys = 4096, kMessages = 16'384, kBatch = 64;

class NoVerifier final : public Verifier {
 public:
  std::string_view name() const override { return "none"; }
  void verify(std::span<VerifyJob> jobs) const override {
    for (VerifyJob& job : jobs) job.good = true;
  }
};

class MemoryPort final : public DatagramPort {
 public:
  Address local() const override { return {}; }
  size_t receive(std::span<Received> out) override {
    size_t count = 0;
    for (; count < out.size() && count < kBatch && next < messages.size(); ++count, ++next) out[count] = {peer, messages[next], {}};
    return count;
  }
  size_t send(std::span<const Outgoing> datagrams) override { return datagrams.size(); }
  void wait(Duration) override {}
  std::vector<Buffer> messages;
  size_t next = 0;
  Address peer = *address_from_text("127.0.0.1:40000");
};

struct Stage {
  Stage() : keys({}, {}, lookup, clock), sp(Seed{2}), sp_det(det::derive(16376, 10, sp.public_key())) {
    const auto loaded = schc::load_rules_file(NRID_RULES);
    CHECK(loaded.ok());
    rules = *loaded;
    carriage.rules = rules;
    ServerSetup setup;
    setup.policy.rate_per_s = setup.policy.rate_burst = 1e12;
    setup.det = sp_det;
    config = std::make_unique<Published>(config_of(setup, std::make_shared<SeedSigner>(Seed{2})));
    policy = setup.policy;
    SeededRandom random(4);
    for (size_t i = 0; i < kKeys; ++i) {
      Seed seed{};
      random.fill(seed);
      const SeedSigner signer(seed);
      dets.push_back(det::derive(16376, 10, signer.public_key()));
      CHECK(keys.add_local(dets.back(), signer.public_key(), at_second(kNow + 86'400)).ok());
    }
    const Forger signer(random);             // nothing looks at a signature but the replay filter
    for (size_t i = 0; i < kMessages; ++i) {
      const rid::MessageOctets inside[] = {position(static_cast<int32_t>(i), kNow)};
      port.messages.push_back(telemetry(carriage, dets[i % kKeys], signer, sp_det, kNow, static_cast<uint16_t>(i), inside));
    }
  }

  NoLookup lookup;
  ManualClock clock{at_second(kNow)};
  det::DnsKeySource keys;
  SeedSigner sp;
  Det sp_det;
  schc::RuleSet rules;
  Carriage carriage;
  std::unique_ptr<Published> config;
  Policy policy;
  Limits limits;
  std::vector<Det> dets;
  MemoryPort port;
  NoVerifier verifier;
};

// A worker over fresh tables: the replay filter would refuse a second round.
struct Round {
  explicit Round(Stage& stage)
      : shared(stage.policy, stage.limits, random), shard(stage.limits.report_ring), records(16),
        worker({stage.limits, *stage.config, {&stage.port, Transport::schc, nullptr}, stage.rules, stage.keys, stage.verifier, {}, shared, counters.add_block(), random, {&shard}, records}) {
    stage.port.next = 0;
    taken.reserve(stage.limits.report_ring);
  }
  // Everything that the worker handed over, thrown away; how much it was.
  size_t drain() {
    taken.clear();
    return shard.pop_many(taken, shard.limit());
  }
  SystemRandom random;
  SharedTables shared;
  Counters counters;
  Ring<ShardInput> shard;
  Ring<Record> records;
  Worker worker;
  std::vector<ShardInput> taken;
};

}  // namespace nrid::bench
