// ed25519_ratio [ROUNDS [KEYS]]: one flat JSON object, the ratios of every back end to libsodium in the same run.
#include <cstdio>
#include <cstdlib>

#include "bench/ed25519_ratio.h"

int main(int argc, char** argv) {
  const size_t rounds = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 61;
  const size_t keys = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4096;
  if (rounds == 0 || keys == 0) return std::fprintf(stderr, "ed25519_ratio [ROUNDS [KEYS]], both above 0\n"), 2;
  double sodium_ns = 0;
  const auto ratios = nrid::verify_ratios(rounds, keys, sodium_ns);
  std::printf("{\"verify_ns_libsodium\": %.0f", sodium_ns);
  for (const auto& each : ratios) {
    std::printf(", \"%s\": %.2f, \"verify_ns%s\": %.0f", each.name.c_str(), each.ratio, each.name.c_str() + sizeof "verify_ratio" - 1, each.ns);
  }
  std::printf("}\n");
  return 0;
}
