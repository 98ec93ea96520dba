// Which back end judges signatures: chosen once, at the start, by what the processor has and what the settings want, and tested before it is
// trusted. All back ends give libsodium's verdict on every input.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ed25519.h"
#include "base/ed25519/kernel.h"
#include "base/random.h"

namespace nrid {

// What vector instructions there are; each includes those before it.
enum class Processor : uint8_t { plain, avx2, avx512 };

struct VerifierSettings {
  std::string backend = "auto";                  // or "libsodium", "avx2", "avx512"
  Processor processor_max = Processor::avx512;   // what the processor has beyond this is not used: stands for a machine without it
  size_t key_cache = 4096;                       // combs of known keys, 43 kB each; 0: none
  bool always_lanes = false;                     // also where libsodium is quicker, for whoever compares back ends
};

// Of this machine, by CPUID and by what the system saves (XCR0).
Processor processor();
std::string_view to_text(Processor processor);
std::optional<Processor> processor_from_text(std::string_view text);

inline constexpr std::string_view kBackends[] = {"auto", "libsodium", "avx2", "avx512"};

// "auto" takes the fastest. Fails with one sentence when the processor lacks the back end or the memory is not there. A back end
// that fails its self-test is logged as a warning and replaced by libsodium.
StatusOr<std::unique_ptr<Verifier>> make_verifier(const VerifierSettings& settings, Random& random);

namespace ed25519 {

// Known answers and a set of good and broken signatures, each with and without a comb, against libsodium; about 5 ms.
Status self_test(const Kernel& kernel);
// What make_verifier does once it has a kernel.
StatusOr<std::unique_ptr<Verifier>> make_tested(const Kernel& kernel, const VerifierSettings& settings, Random& random);

}  // namespace ed25519
}  // namespace nrid
