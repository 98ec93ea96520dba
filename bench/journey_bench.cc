// What one datagram costs, stage by stage (nrid.md R-112): decode only, with the token's claims, with the outer signature, and the
// whole journey with both signatures. One thread, batches of 64; items_per_second is messages a second.
#include <benchmark/benchmark.h>

#include "bench/telemetry.h"
#include "nrid/journey.h"
#include "det/det.h"

namespace {

using namespace nrid;

constexpr int64_t kNow = 1'780'315'200;
constexpr size_t kMessages = 1024;
constexpr size_t kBatch = 64;

class Keys final : public KeySource {
 public:
  Keys(const Det& det, const PublicKey& key)
      : entry_(std::make_shared<const KeyEntry>(KeyEntry{det, *PreparedKey::from(key), Trust::anchor, at_second(kNow + 3600), false, ""})) {}
  Result<KeyPtr> find(const Det& det, Now) override {
    if (det != entry_->det) return Error::unknown_key;
    return entry_;
  }
  void request(const Det&) override {}
  void on_answer(std::function<void(const Answer&)>) override {}
  Result<KeyPtr> learn(Bytes, Now) override { return Error::untrusted_chain; }

 private:
  KeyPtr entry_;
};

struct Stage {
  Stage() : ua(seed(1)), sp(seed(2)), ua_det(det::derive(16376, 10, ua.public_key())), sp_det(det::derive(16376, 10, sp.public_key())), keys(ua_det, ua.public_key()) {
    config.policy.rate_per_s = config.policy.rate_burst = 1e12;
    config.identities.push_back({sp_det, std::make_shared<SeedSigner>(seed(2))});
    for (size_t i = 0; i < kMessages; ++i) messages.push_back(message(static_cast<int32_t>(i)));
  }
  static Seed seed(uint8_t fill) {
    Seed out;
    out.fill(fill);
    return out;
  }
  Buffer message(int32_t number) const {
    const rid::MessageOctets inside[] = {*rid::encode(rid::BasicId::of_session(ua_det, 2)), bench::position(number, kNow)};
    return bench::telemetry({}, ua_det, ua, sp_det, kNow, static_cast<uint16_t>(number), inside);
  }

  SeedSigner ua, sp;
  Det ua_det, sp_det;
  Keys keys;
  Config config;
  Limits limits;
  schc::RuleSet rules;
  SystemRandom random;
  std::vector<Buffer> messages;
};

Stage& stage() {
  static Stage one;
  return one;
}

void decode_only(benchmark::State& state) {
  Stage& s = stage();
  FrameSpace space;
  Frame frame;
  size_t i = 0;
  for (auto _ : state) {
    CHECK(open_frame(Transport::plain, s.rules, schc::Direction::up, s.messages[i++ % kMessages], space, frame) == Error::none);
    CHECK(check_request(frame.message) == Error::none);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(decode_only);

void with_claims(benchmark::State& state) {
  Stage& s = stage();
  FrameSpace space;
  Frame frame;
  size_t i = 0;
  for (auto _ : state) {
    CHECK(open_frame(Transport::plain, s.rules, schc::Direction::up, s.messages[i++ % kMessages], space, frame) == Error::none);
    const auto token = cwt::decode_sign1(frame.message.payload);
    CHECK(token.ok() && cwt::decode_claims(token->payload, token->kid).ok());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(with_claims);

void with_outer_signature(benchmark::State& state) {
  Stage& s = stage();
  const auto key = *PreparedKey::from(s.ua.public_key());
  FrameSpace space;
  Frame frame;
  std::array<uint8_t, cwt::kSignedBytesMax> signed_space;
  size_t i = 0;
  for (auto _ : state) {
    CHECK(open_frame(Transport::plain, s.rules, schc::Direction::up, s.messages[i++ % kMessages], space, frame) == Error::none);
    const auto token = cwt::decode_sign1(frame.message.payload);
    VerifyJob job{.key = &key, .message = *cwt::signed_bytes(*token, signed_space), .signature = token->signature};
    sodium_verifier().verify({&job, 1});
    CHECK(job.good);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(with_outer_signature);

void whole_journey(benchmark::State& state) {
  Stage& s = stage();
  const Now now{at_second(kNow), Tick{1'000'000'000}};
  Counters counters;
  CounterBlock& block = counters.add_block();
  auto shared = std::make_unique<SharedTables>(s.config.policy, s.limits, s.random);
  auto journey = std::make_unique<Journey>(JourneyParts{s.rules, s.keys, sodium_verifier(), {}, *shared, block});
  std::vector<Item> items(kBatch);
  std::vector<Item*> batch;
  for (Item& item : items) batch.push_back(&item);
  size_t at = 0;
  for (auto _ : state) {
    if (at == kMessages) {  // the replay filter would refuse a second round
      state.PauseTiming();
      at = 0;
      shared = std::make_unique<SharedTables>(s.config.policy, s.limits, s.random);
      journey = std::make_unique<Journey>(JourneyParts{s.rules, s.keys, sodium_verifier(), {}, *shared, block});
      state.ResumeTiming();
    }
    for (Item& item : items) item.begin(s.messages[at++], {}, now.wall);
    journey->screen(batch, now, s.config);
    journey->judge(batch, now, s.config);
    for (const Item& item : items) CHECK(item.fate == Fate::open);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kBatch));
}
BENCHMARK(whole_journey);

}  // namespace

BENCHMARK_MAIN();
