// What bench/worker_bench.cc and tests/nrid/worker_cost_test.cc measure: the parts of a verify worker around 16,384 SCHC datagrams of
// 4,096 aircraft, a verifier that finds every signature good and costs nothing, and the real key cache.
#pragma once

#include "det/det.h"
#include "det/key_source.h"
#include "nrid/client.h"
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

class NoLookup final : public det::Lookup {
 public:
  void ask(const std::string&, det::RrType, std::function<void(const det::DnsAnswer&)>) override {}
  void run(std::function<void()> work) override { work(); }
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

// One signature of random octets in good form: nothing looks at it but the replay filter.
class QuickSigner final : public Signer {
 public:
  explicit QuickSigner(Random& random) : random_(random) {}
  const PublicKey& public_key() const override { return key_; }
  Result<Signature> sign(Bytes) const override {
    Signature out;
    random_.fill(out);
    out[63] &= 0x0f;
    return out;
  }

 private:
  Random& random_;
  PublicKey key_{};
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
    const QuickSigner signer(random);
    for (size_t i = 0; i < kMessages; ++i) port.messages.push_back(message(dets[i % kKeys], static_cast<int32_t>(i), signer));
  }
  Buffer message(const Det& det, int32_t number, const Signer& signer) {
    rid::Location location;
    location.latitude_e7 = 473'900'000 + number;
    location.longitude_e7 = 85'400'000;
    location.timestamp_ds = 0;
    const rid::MessageOctets inside[] = {*rid::encode(location)};
    std::array<uint8_t, rid::kPackSizeMax> pack_space;
    std::array<uint8_t, 1024> cwt_space;
    std::array<uint8_t, 1280> space;
    const auto pack = rid::build_wrapper_pack(inside, rid::WrapperForm::extended, det, signer, at_second(kNow), pack_space);
    const auto cwt = make_uas_cwt({det, &signer}, sp_det, *pack, kNow, cwt_space);
    const std::array<uint8_t, 4> token{1, 2, 3, 4};
    const auto datagram = make_post(carriage, coap::Type::non, static_cast<uint16_t>(number), Token::of(token), *cwt, space);
    return Buffer(datagram->begin(), datagram->end());
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
