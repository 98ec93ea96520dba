// Elements of GF(2^255 - 19) in lanes: five limbs of radix 2^51, one element a lane. V is a vector of 64-bit lanes
// (lanes_avx512.h, lanes_avx2.h). Limbs come in two sizes, and the types keep them apart:
//   Fe    settled: every limb below 2^51 + 2^17; the only thing that is multiplied
//   Wide  a product, or a sum of few, whose carries have not moved yet: every limb below 2^64
// Sums and differences are taken of wide values, before their carries move; so they cost no carry of their own.
// No standard container here: what these files instantiate is compiled for one processor and must stay private to it.
#pragma once

#include <cstddef>
#include <cstdint>

#define NRID_INLINE inline __attribute__((always_inline))
// Products and sums of points, inlined for speed. The sanitizers' instrumentation of them would take a compiler minutes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define NRID_SANITIZED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define NRID_SANITIZED
#endif
#endif
#ifdef NRID_SANITIZED
#define NRID_HOT __attribute__((noinline)) inline
#else
#define NRID_HOT NRID_INLINE
#endif

namespace nrid::ed25519 {

inline constexpr uint64_t kLimbMask = (uint64_t{1} << 51) - 1;

template <class V>
struct Fe {
  V l[5];
};

template <class V>
struct Wide {
  V l[5];
};

struct Limbs {
  uint64_t l[5];
};

}  // namespace nrid::ed25519
