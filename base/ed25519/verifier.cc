#include "base/ed25519/verifier.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "base/ed25519/key_cache.h"
#include "base/log.h"

namespace nrid::ed25519 {

#ifdef NRID_LANES
extern const Kernel kAvx2;
extern const Kernel kAvx512;
#endif

namespace {

// Aligned memory for the comb of the base point, made at the start by the kernel that reads it.
class BaseTable {
 public:
  explicit BaseTable(const Kernel& kernel) : memory_(kBaseTableSize + kLine) {
    auto at = reinterpret_cast<uintptr_t>(memory_.data());
    rows_ = memory_.data() + (kLine - at % kLine) % kLine;
    kernel.build_base(rows_);
  }
  const uint8_t* rows() const { return rows_; }

 private:
  static constexpr size_t kLine = 64;
  std::vector<uint8_t> memory_;
  uint8_t* rows_;
};

// What every back end refuses before arithmetic begins: libsodium 1.0.18's order of checks does not matter, all of them refuse.
bool strict_form(const VerifyJob& job) {
  const uint8_t* key = job.key->octets().data();
  return signature_form_ok(job.signature) && canonical(key) && !small_order(key);
}

Task task_of(const VerifyJob& job, const uint8_t* table) {
  return {job.key->octets().data(), job.signature.data(), job.message.data(), job.message.size(), table, false};
}

class LaneVerifier final : public Verifier {
 public:
  LaneVerifier(const Kernel& kernel, std::unique_ptr<KeyCache> cache, bool always)
      : kernel_(kernel), base_(kernel), cache_(std::move(cache)), plain_alone_(always ? 0 : cheaper_alone(false)),
        known_alone_(always ? 0 : cheaper_alone(true)) {}

  std::string_view name() const override { return kernel_.name; }
  KeyCacheStats key_cache() const override { return cache_ ? cache_->stats() : KeyCacheStats(); }

  void verify(std::span<VerifyJob> jobs) const override {
    std::array<VerifyJob*, kTasksMax> open;
    size_t count = 0;
    for (VerifyJob& job : jobs) {
      CHECK(job.key != nullptr);
      job.good = false;
      if (strict_form(job)) open[count++] = &job;
      if (count == open.size()) {
        judge({open.data(), count});
        count = 0;
      }
    }
    if (count > 0) judge({open.data(), count});
  }

 private:
  static constexpr size_t kLanesMax = 8;

  // Jobs sorted by whether their key has a comb; what is left over in a last, nearly empty pass may be cheaper alone.
  struct Sorted {
    std::array<Task, kTasksMax> tasks;
    std::array<VerifyJob*, kTasksMax> jobs;
    size_t count = 0;
    void add(VerifyJob* job, const uint8_t* table) {
      jobs[count] = job;
      tasks[count++] = task_of(*job, table);
    }
  };

  size_t in_lanes(size_t count, size_t alone) const {
    const size_t rest = count % kernel_.lanes;
    return rest <= alone ? count - rest : count;
  }

  void judge(std::span<VerifyJob* const> open) const {
    std::array<const PublicKey*, kTasksMax> keys;
    std::array<uint32_t, kTasksMax> slots;
    for (size_t i = 0; i < open.size(); ++i) keys[i] = &open[i]->key->octets();
    if (cache_) {
      cache_->find({keys.data(), open.size()}, {slots.data(), open.size()});
    } else {
      slots.fill(KeyCache::kNone);
    }
    const auto has_comb = [&](size_t i) { return slots[i] != KeyCache::kNone; };
    size_t with = 0;
    for (size_t i = 0; i < open.size(); ++i) with += has_comb(i);
    const size_t known_max = in_lanes(with, known_alone_), plain_max = in_lanes(open.size() - with, plain_alone_);

    Sorted sorted;
    size_t known = 0, plain = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      if (has_comb(i) && known < known_max) sorted.add(open[i], cache_->table(slots[i])), ++known;
    }
    for (size_t i = 0; i < open.size(); ++i) {
      if (!has_comb(i) && plain < plain_max) sorted.add(open[i], nullptr), ++plain;
    }
    kernel_.verify(sorted.tasks.data(), known, sorted.count, base_.rows());
    for (size_t i = 0; i < sorted.count; ++i) sorted.jobs[i]->good = sorted.tasks[i].good;
    with = plain = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      if (has_comb(i) ? with++ >= known_max : plain++ >= plain_max) sodium_verifier().verify({open[i], 1});
    }
    if (cache_) take_in(open, {slots.data(), open.size()});
  }

  void take_in(std::span<VerifyJob* const> open, std::span<const uint32_t> slots) const {
    std::array<const PublicKey*, kTasksMax> verified;
    size_t count = 0;
    for (size_t i = 0; i < open.size(); ++i) {
      if (open[i]->good && slots[i] == KeyCache::kNone) verified[count++] = &open[i]->key->octets();
    }
    std::array<KeyCache::Build, kLanesMax> builds;
    const size_t wanted = cache_->finish(slots, {verified.data(), count}, {builds.data(), kernel_.lanes});
    if (wanted == 0) return;
    std::array<const uint8_t*, kLanesMax> keys;
    std::array<uint8_t*, kLanesMax> tables;
    for (size_t i = 0; i < wanted; ++i) {
      keys[i] = builds[i].key.data();
      tables[i] = builds[i].table;
    }
    kernel_.build_keys(keys.data(), wanted, tables.data());
    cache_->ready({builds.data(), wanted});
  }

  size_t cheaper_alone(bool known) const;

  const Kernel& kernel_;
  const BaseTable base_;
  const std::unique_ptr<KeyCache> cache_;
  const size_t plain_alone_;  // so many jobs, without a comb or with one, are quicker in libsodium than a pass of all lanes
  const size_t known_alone_;
};

int64_t cpu_ns() {  // the thread's own time: another process must not decide how we verify
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

template <class Work>
int64_t quickest(int rounds, Work work) {
  int64_t best = INT64_MAX;
  for (int i = 0; i < rounds; ++i) {
    const int64_t start = cpu_ns();
    work();
    best = std::min(best, cpu_ns() - start);
  }
  return best;
}

// Measured once, at the start; a wrong answer costs time, never a verdict.
size_t LaneVerifier::cheaper_alone(bool known) const {
  constexpr int kRounds = 5;
  const SeedSigner signer(Seed{1});
  const PreparedKey key = *PreparedKey::from(signer.public_key());
  const std::array<uint8_t, 230> message{};
  const Signature signature = *signer.sign(message);
  VerifyJob job{.key = &key, .message = message, .signature = signature};
  std::vector<uint8_t> table(known ? kKeyTableSize : 0);
  const uint8_t* octets = key.octets().data();
  uint8_t* to = table.data();
  if (known) kernel_.build_keys(&octets, 1, &to);
  Task task = task_of(job, known ? table.data() : nullptr);
  const int64_t pass = quickest(kRounds, [&] { kernel_.verify(&task, known ? 1 : 0, 1, base_.rows()); });
  const int64_t alone = quickest(kRounds, [&] { sodium_verifier().verify({&job, 1}); });
  return std::min<size_t>(static_cast<size_t>(pass / std::max<int64_t>(alone, 1)), kernel_.lanes - 1);
}

const Kernel* kernel_of(Processor has) {
#ifdef NRID_LANES
  if (has == Processor::avx512) return &kAvx512;
  if (has == Processor::avx2) return &kAvx2;
#endif
  static_cast<void>(has);
  return nullptr;
}

}  // namespace

StatusOr<std::unique_ptr<Verifier>> make_tested(const Kernel& kernel, const VerifierSettings& settings, Random& random) {
  if (const Status status = self_test(kernel); !status.ok()) {
    log_event(LogLevel::warn, "verifier_unfit", {{"backend", kernel.name}, {"reason", status.text()}, {"used", "libsodium"}});
    return make_sodium_verifier();
  }
  std::unique_ptr<KeyCache> cache;
  if (settings.key_cache > 0) {
    TRY(made, KeyCache::make(settings.key_cache, random));
    cache = std::move(made);
  }
  return std::unique_ptr<Verifier>(std::make_unique<LaneVerifier>(kernel, std::move(cache), settings.always_lanes));
}

}  // namespace nrid::ed25519

namespace nrid {

Processor processor() {
#ifdef NRID_LANES
  // These look at XCR0, too: registers that the system does not save are as good as missing.
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512ifma");
  return avx512 ? Processor::avx512 : avx2 ? Processor::avx2 : Processor::plain;
#else
  return Processor::plain;
#endif
}

std::string_view to_text(Processor processor) {
  static constexpr std::string_view kNames[] = {"plain", "avx2", "avx512"};
  return kNames[static_cast<size_t>(processor)];
}

std::optional<Processor> processor_from_text(std::string_view text) {
  for (const Processor each : {Processor::plain, Processor::avx2, Processor::avx512}) {
    if (text == to_text(each)) return each;
  }
  return std::nullopt;
}

StatusOr<std::unique_ptr<Verifier>> make_verifier(const VerifierSettings& settings, Random& random) {
  const Processor has = std::min(processor(), settings.processor_max);
  if (settings.backend == "libsodium") return make_sodium_verifier();
  if (settings.backend == "auto") {
    for (int at = static_cast<int>(has); at > 0; --at) {
      if (const ed25519::Kernel* kernel = ed25519::kernel_of(static_cast<Processor>(at))) return ed25519::make_tested(*kernel, settings, random);
    }
    return make_sodium_verifier();
  }
  for (const Processor wanted : {Processor::avx2, Processor::avx512}) {
    if (settings.backend != to_text(wanted)) continue;
    const ed25519::Kernel* kernel = wanted <= has ? ed25519::kernel_of(wanted) : nullptr;
    if (kernel != nullptr) return ed25519::make_tested(*kernel, settings, random);
    return Status::failed("the processor lacks what back end " + settings.backend + " needs; it has: " + std::string(to_text(has)));
  }
  return Status::failed("no back end \"" + settings.backend + "\"; there are auto, libsodium, avx2 and avx512");
}

}  // namespace nrid
