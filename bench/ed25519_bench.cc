// Time a signature by back end, batch size and whether the key is known. For ratios take ed25519_ratio: this program measures one
// after another.
#include <benchmark/benchmark.h>

#include "base/ed25519/verifier.h"
#include "bench/signed_set.h"

namespace {

using namespace nrid;

constexpr size_t kKeys = 512;

void verify(benchmark::State& state, const std::string& backend, bool known) {
  static const std::vector<bench::Signed> all = bench::signed_set(kKeys);
  SystemRandom random;
  const auto made = make_verifier({.backend = backend, .key_cache = known ? kKeys : 0, .always_lanes = true}, random);
  if (!made.ok()) return state.SkipWithError(made.text().c_str());
  std::vector<VerifyJob> jobs(static_cast<size_t>(state.range(0)));
  size_t next = 0;
  const auto batch = [&] {
    for (VerifyJob& job : jobs) job = all[next++ % kKeys].job();
    (*made)->verify(jobs);
  };
  for (size_t i = 0; known && i < 4 * kKeys && (*made)->key_cache().keys < kKeys; ++i) batch();
  for (auto _ : state) {
    batch();
    if (!jobs[0].good) state.SkipWithError("a good signature was refused");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * state.range(0));
}

void batches(benchmark::internal::Benchmark* bench) { bench->Arg(1)->Arg(8)->Arg(16)->Arg(64)->Arg(512); }

BENCHMARK_CAPTURE(verify, libsodium, std::string("libsodium"), false)->Arg(1)->Arg(64);
BENCHMARK_CAPTURE(verify, avx2_unknown, std::string("avx2"), false)->Apply(batches);
BENCHMARK_CAPTURE(verify, avx2_known, std::string("avx2"), true)->Apply(batches);
BENCHMARK_CAPTURE(verify, avx512_unknown, std::string("avx512"), false)->Apply(batches);
BENCHMARK_CAPTURE(verify, avx512_known, std::string("avx512"), true)->Apply(batches);

}  // namespace

BENCHMARK_MAIN();
