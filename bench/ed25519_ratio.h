// How much faster each back end is than libsodium in this process. All take turns in slices of a few milliseconds, on the thread's CPU
// clock; the figure is the median of the rounds' ratios, so that a slow moment of the machine hits both sides.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace nrid {

struct Ratio {
  std::string name;     // "verify_ratio_avx512_known"
  double ratio = 0;     // libsodium's time divided by this one's
  double ns = 0;        // a signature, median
};

// Back ends that this processor has, with and without tables of the keys: `keys` keys, 64 signatures of 230 octets at a time. Empty when there
// are none. `sodium_ns`: libsodium's median in the same rounds.
std::vector<Ratio> verify_ratios(size_t rounds, size_t keys, double& sodium_ns);

}  // namespace nrid
