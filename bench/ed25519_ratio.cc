#include "bench/ed25519_ratio.h"

#include <algorithm>
#include <array>
#include <functional>

#include "base/ed25519/verifier.h"
#include "bench/signed_set.h"
#include "bench/thread_time.h"

namespace nrid {
namespace {

constexpr size_t kBatch = 64;
constexpr double kSliceNs = 8e6;

double cpu_ns() { return bench::thread_seconds() * 1e9; }

struct Runner {
  std::string name;
  std::unique_ptr<Verifier> verifier;
  size_t next = 0;
  std::vector<double> ns;

  void batch(const std::vector<bench::Signed>& all) {
    std::array<VerifyJob, kBatch> jobs;
    for (VerifyJob& job : jobs) {
      job = all[next * 2654435761u % all.size()].job();  // keys in no order that a prefetcher knows
      ++next;
    }
    verifier->verify(jobs);
    for (const VerifyJob& job : jobs) CHECK(job.good);
  }
  double slice(const std::vector<bench::Signed>& all) {  // ns a signature
    size_t count = 0;
    const double start = cpu_ns();
    double now = start;
    for (; now - start < kSliceNs; now = cpu_ns()) batch(all), count += kBatch;
    return (now - start) / static_cast<double>(count);
  }
};

double median(std::vector<double> of) {
  std::nth_element(of.begin(), of.begin() + static_cast<ptrdiff_t>(of.size() / 2), of.end());
  return of[of.size() / 2];
}

}  // namespace

std::vector<Ratio> verify_ratios(size_t rounds, size_t keys, double& sodium_ns) {
  const std::vector<bench::Signed> all = bench::signed_set(keys);
  SystemRandom random;
  std::vector<Runner> runners;
  runners.push_back({"libsodium", make_sodium_verifier(), 0, {}});
  for (const Processor each : {Processor::avx2, Processor::avx512}) {
    if (each > processor()) continue;
    for (const bool known : {false, true}) {
      auto made = make_verifier({.backend = std::string(to_text(each)), .key_cache = known ? keys : 0}, random);
      CHECK(made.ok());
      runners.push_back({"verify_ratio_" + std::string(to_text(each)) + (known ? "_known" : "_unknown"), std::move(*made), 0, {}});
      // A call makes as many tables as there are lanes; the last few keys wait for company.
      Runner& last = runners.back();
      for (size_t i = 0; known && i < 2 * keys + 100 && last.verifier->key_cache().keys < keys; ++i) last.batch(all);
    }
  }
  std::vector<std::vector<double>> ratios(runners.size());
  for (size_t round = 0; round < rounds; ++round) {
    for (Runner& runner : runners) runner.ns.push_back(runner.slice(all));
    for (size_t i = 1; i < runners.size(); ++i) ratios[i].push_back(runners[0].ns.back() / runners[i].ns.back());
  }
  sodium_ns = median(runners[0].ns);
  std::vector<Ratio> out;
  for (size_t i = 1; i < runners.size(); ++i) out.push_back({runners[i].name, median(ratios[i]), median(runners[i].ns)});
  return out;
}

}  // namespace nrid
