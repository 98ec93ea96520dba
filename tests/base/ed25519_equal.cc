// ed25519_equal [COUNT [SEED]]: COUNT inputs (10,000,000) on which verifiers are known to differ, every back end of this processor against
// libsodium. Prints what was seen of each kind and the differences; exit 0 when there are none.
#include <cstdio>
#include <cstdlib>
#include <map>

#include "base/ed25519/verifier.h"
#include "tests/base/ed25519_cases.h"

int main(int argc, char** argv) {
  using namespace nrid;
  const unsigned long long count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 10'000'000;
  const unsigned long long seed = argc > 2 ? std::strtoull(argv[2], nullptr, 10) : 1;
  SeededRandom random(seed);
  std::vector<std::unique_ptr<Verifier>> verifiers;
  for (const Processor each : {Processor::avx2, Processor::avx512}) {
    if (each > processor()) continue;
    auto made = make_verifier({.backend = std::string(to_text(each)), .key_cache = 64, .always_lanes = true}, random);
    if (!made.ok()) return std::fprintf(stderr, "%s\n", made.text().c_str()), 1;
    verifiers.push_back(std::move(*made));
  }
  CaseMaker maker(seed);
  std::map<std::string, std::array<unsigned long long, 2>> seen;
  unsigned long long done = 0, differences = 0;
  for (unsigned long long told = 1; done < count;) {
    std::vector<SignedCase> batch;
    std::vector<bool> expected;
    for (size_t n = 1 + random.below(256); n > 0; --n) {
      batch.push_back(maker.next());
      expected.push_back(sodium_verdict(batch.back()));
      ++seen[batch.back().kind][expected.back()];
    }
    done += batch.size();
    for (const auto& verifier : verifiers) {
      const auto got = verdicts(*verifier, batch);
      for (size_t i = 0; i < batch.size(); ++i) {
        if (got[i] == expected[i]) continue;
        ++differences;
        std::printf("%s differs: %s\n", std::string(verifier->name()).c_str(), to_text(batch[i]).c_str());
      }
    }
    if (done * 20 / count >= told) std::fprintf(stderr, "%llu of %llu inputs, %llu differences\n", done, count, differences), ++told;
  }
  for (const auto& [kind, counts] : seen) std::printf("%-20s %10llu refused %10llu accepted\n", kind.c_str(), counts[0], counts[1]);
  for (const auto& verifier : verifiers) std::printf("%s: ", std::string(verifier->name()).c_str());
  std::printf("%llu inputs, %llu differences\n", done, differences);
  return differences == 0 && !verifiers.empty() ? 0 : 1;
}
