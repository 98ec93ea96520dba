// What a provider pays for remembering keys: a start from the file, writing them into it, and a look-up in a cache of a million.
// One flat JSON object on standard output. Arguments: keys in the file, keys in the cache.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "base/check.h"
#include "base/random.h"
#include "bench/thread_time.h"
#include "det/det.h"
#include "det/key_cache.h"
#include "det/key_store.h"

namespace nrid::bench {
namespace {

constexpr size_t kBatch = 64, kLookups = 2'000'000;
const Instant kNow = at_second(1'790'000'000);

class NoDns final : public det::Lookup {
 public:
  void ask(const std::string&, det::RrType, std::function<void(const det::DnsAnswer&)> done) override { done({}); }
  void run(std::function<void()> work) override { work(); }
};

double now_s() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// An anchor, an HDA below it and aircraft below that, as a walk leaves them.
struct Known {
  det::TrustAnchor anchor;
  std::vector<det::KeptKey> keys;
};

Known make_known(size_t count, Random& random) {
  const auto signer = [&] {
    std::array<uint8_t, 32> seed;
    random.fill(seed);
    return SeedSigner(seed);
  };
  Known out;
  const SeedSigner anchor = signer();
  out.anchor = {det::derive(16376, 0, anchor.public_key()), anchor.public_key()};
  const Det hda = det::derive(16376, 10, signer().public_key());
  for (size_t i = 0; i < count; ++i) {
    const PublicKey key = signer().public_key();
    const Det det = det::derive(16376, 10, key);
    out.keys.push_back({.det = det, .key = key, .fresh_until = kNow + seconds(300), .trust_until = kNow + seconds(86'400),
                        .chain = to_text(det) + " < " + to_text(hda) + " < " + to_text(out.anchor.det) + " (anchor)", .issuers = {hda, out.anchor.det}});
  }
  return out;
}

void time_file(size_t count) {
  SeededRandom random(3);
  const Known known = make_known(count, random);
  const auto folder = std::filesystem::temp_directory_path() / ("keys_bench_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  const std::string file = (folder / "keys.db").string();
  NoDns dns;
  ManualClock clock{kNow};
  {
    auto opened = det::KeyStore::open(file, "", count);
    const auto store = std::move(*opened);
    for (const det::KeptKey& key : known.keys) store->note(key);
    const double before = now_s();
    CHECK(store->write().ok());
    std::printf("{\"keys_write_us\": %.2f", (now_s() - before) * 1e6 / static_cast<double>(count));
  }
  const double before = now_s();
  auto opened = det::KeyStore::open(file, "", count);
  const auto store = std::move(*opened);
  det::KeySourceLimits limits;
  limits.keys_max = count * 5 / 4 + 4096;  // its shards fill unevenly
  det::DnsKeySource keys({.anchors = {known.anchor}}, limits, dns, clock, store.get());
  CHECK(keys.restore().ok());
  const double took = now_s() - before;
  CHECK(keys.stats().keys == count);
  std::printf(", \"keys_restored\": %zu, \"keys_restore_s\": %.3f", count, took);
  std::filesystem::remove_all(folder);
}

// Every look-up finds its key; the order is random, so nearly each is a miss of the processor's caches.
void time_lookups(size_t count) {
  SeededRandom random(4);
  const det::Revocations revocations;
  det::KeySourceLimits limits;
  limits.keys_max = count * 5 / 4 + 4096;
  det::KeyCache cache(limits, revocations);
  const Now now{kNow, Tick{}};
  const auto issuers = std::make_shared<const std::vector<Det>>(2);
  std::vector<Det> dets(count);
  for (Det& det : dets) {
    det = Det::with_hid(16376, 10, kSuiteEddsaCshake128);
    const uint64_t hash = random.u64();
    std::memcpy(det.octets.data() + 8, &hash, 8);
    auto key = std::make_shared<KeyEntry>();
    key->det = det;
    key->valid_until = kNow + seconds(300);
    cache.put(std::move(key), kNow + seconds(300), issuers, now);
  }
  std::array<const Det*, kBatch> batch{};
  size_t found = 0;
  double used = 0;
  for (size_t done = 0; done < kLookups; done += kBatch) {
    for (const Det*& each : batch) each = &dets[random.below(static_cast<uint32_t>(count))];
    const double before = thread_seconds();
    for (const Det* each : batch) cache.prefetch(*each);
    for (const Det* each : batch) found += cache.find(*each, now).key != nullptr;
    used += thread_seconds() - before;
  }
  CHECK(found >= kLookups);
  std::printf(", \"keys_cached\": %zu, \"keys_lookup_ns\": %.1f}\n", count, used * 1e9 / static_cast<double>(kLookups));
}

}  // namespace
}  // namespace nrid::bench

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "keys_bench KEYS_IN_FILE KEYS_IN_CACHE\n"), 2;
  nrid::bench::time_file(std::strtoul(argv[1], nullptr, 10));
  nrid::bench::time_lookups(std::strtoul(argv[2], nullptr, 10));
  return 0;
}
