// Every back end that this machine has gives libsodium's verdict: with combs and without, alone and in batches of every size.
#include <gtest/gtest.h>

#include <map>

#include "base/ed25519/verifier.h"
#include "tests/base/ed25519_cases.h"

namespace nrid {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif
constexpr size_t kInputs = kSanitized ? 20'000 : 250'000;

struct Contender {
  std::string name;
  std::unique_ptr<Verifier> verifier;
};

std::vector<Contender> contenders() {
  std::vector<Contender> out;
  SeededRandom random(5);
  out.push_back({"libsodium", std::move(*make_verifier({.backend = "libsodium"}, random))});
  for (const Processor each : {Processor::avx2, Processor::avx512}) {
    if (each > processor()) {
      std::printf("no %s here: its verdicts are not tested\n", std::string(to_text(each)).c_str());
      continue;
    }
    for (const size_t cache : {size_t{0}, size_t{20}, size_t{256}}) {  // none, one that overflows, one that holds all
      auto made = make_verifier({.backend = std::string(to_text(each)), .key_cache = cache, .always_lanes = cache != 20}, random);
      EXPECT_TRUE(made.ok()) << made.text();
      EXPECT_EQ((*made)->name(), to_text(each));  // libsodium would mean: the self-test failed
      out.push_back({std::string(to_text(each)) + "/" + std::to_string(cache), std::move(*made)});
    }
  }
  return out;
}

TEST(Ed25519Equal, EveryVerdictIsLibsodiums) {
  const auto all = contenders();
  CaseMaker maker(20'260);
  SeededRandom random(1);
  std::map<std::string, std::array<size_t, 2>> seen;  // kind: refused, accepted
  for (size_t done = 0; done < kInputs;) {
    std::vector<SignedCase> batch;
    for (size_t n = 1 + random.below(150); n > 0; --n) batch.push_back(maker.next());
    done += batch.size();
    std::vector<bool> expected;
    for (const SignedCase& each : batch) {
      expected.push_back(sodium_verdict(each));
      ++seen[each.kind][expected.back()];
    }
    for (const Contender& each : all) {
      const auto got = verdicts(*each.verifier, batch);
      for (size_t i = 0; i < batch.size(); ++i) ASSERT_EQ(got[i], expected[i]) << each.name << ": " << to_text(batch[i]);
    }
  }
  for (const auto& [kind, counts] : seen) {
    EXPECT_GT(counts[0] + counts[1], kInputs / 1000) << kind;
    if (kind == "good") {
      EXPECT_EQ(counts[0], 0u);
    }
    if (kind == "mixed order") {
      EXPECT_GT(std::min(counts[0], counts[1]), kInputs / 1000);  // both happen
    }
  }
  for (const Contender& each : all) {
    const auto cache = each.verifier->key_cache();
    if (cache.keys_max > 0) {
      EXPECT_GT(cache.hits, kInputs / 20) << each.name;
    }
    if (cache.keys_max == 20) {
      EXPECT_GT(cache.evicted, 0u);
    }
  }
}

}  // namespace
}  // namespace nrid
