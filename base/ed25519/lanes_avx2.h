// Four lanes of 64 bits in a 256-bit register; only avx2.cc and its tests see it. AVX2 multiplies integers of 32 bits only, and 100 of
// those make one product; doubles do it in 25 pairs of fused multiply-adds (Emmart, Zheng, Weems, "Faster modular exponentiation
// using double precision floating point arithmetic on the GPU", 2018), here with both parts at limb boundaries:
//   p = a b + 2^103            in [2^103, 2^104), rounded to a multiple of 2^51: the high part
//   q = a b - (p - 2^103) + 3 * 2^51   the low part, exact, within 2^50 of 3 * 2^51
// The bits of p and q, as integers, grow by one for each 2^51 and each 1; so they are added as integers and what is constant in them
// is taken off once. Needs a b < 2^103 and rounding to nearest, which is how every thread starts; the self-test would see another.
#pragma once

#include <immintrin.h>

#include "base/ed25519/limbs.h"

namespace nrid::ed25519 {
namespace {

struct V4 {
  __m256i v;
  static constexpr size_t kLanes = 4;

  static NRID_INLINE V4 zero() { return {_mm256_setzero_si256()}; }
  static NRID_INLINE V4 all(uint64_t x) { return {_mm256_set1_epi64x(static_cast<long long>(x))}; }
  static NRID_INLINE V4 load(const uint64_t* p) { return {_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))}; }
  NRID_INLINE void store(uint64_t* p) const { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), v); }
  static NRID_INLINE struct M4 mask(unsigned bits);  // bit i: lane i
};

struct M4 {  // all ones or all zeros in a lane
  __m256i m;
  NRID_INLINE unsigned bits() const { return static_cast<unsigned>(_mm256_movemask_pd(_mm256_castsi256_pd(m))); }
};
NRID_INLINE M4 V4::mask(unsigned bits) {
  const __m256i of_lane = _mm256_set_epi64x(8, 4, 2, 1);
  return {_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x(bits), of_lane), of_lane)};
}
NRID_INLINE M4 operator&(M4 a, M4 b) { return {_mm256_and_si256(a.m, b.m)}; }
NRID_INLINE M4 operator|(M4 a, M4 b) { return {_mm256_or_si256(a.m, b.m)}; }
NRID_INLINE M4 operator^(M4 a, M4 b) { return {_mm256_xor_si256(a.m, b.m)}; }

NRID_INLINE V4 operator+(V4 a, V4 b) { return {_mm256_add_epi64(a.v, b.v)}; }
NRID_INLINE V4 operator-(V4 a, V4 b) { return {_mm256_sub_epi64(a.v, b.v)}; }
NRID_INLINE V4 operator&(V4 a, V4 b) { return {_mm256_and_si256(a.v, b.v)}; }
NRID_INLINE V4 operator|(V4 a, V4 b) { return {_mm256_or_si256(a.v, b.v)}; }
template <unsigned n>
NRID_INLINE V4 shr(V4 a) {
  return {_mm256_srli_epi64(a.v, n)};
}
template <unsigned n>
NRID_INLINE V4 shl(V4 a) {
  return {_mm256_slli_epi64(a.v, n)};
}
NRID_INLINE M4 equal(V4 a, V4 b) { return {_mm256_cmpeq_epi64(a.v, b.v)}; }
NRID_INLINE V4 select(M4 m, V4 yes, V4 no) { return {_mm256_blendv_epi8(no.v, yes.v, m.m)}; }
NRID_INLINE V4 times19(V4 carry, V4 plus) { return {_mm256_add_epi64(plus.v, _mm256_mul_epu32(carry.v, _mm256_set1_epi64x(19)))}; }  // carry < 2^32

// Of SHA-512 (FIPS 180-4).
template <unsigned n>
NRID_INLINE V4 rotate_right(V4 a) {
  return shr<n>(a) | shl<64 - n>(a);
}
NRID_INLINE V4 exclusive(V4 a, V4 b) { return {_mm256_xor_si256(a.v, b.v)}; }
NRID_INLINE V4 xor3(V4 a, V4 b, V4 c) { return exclusive(exclusive(a, b), c); }
NRID_INLINE V4 choose(V4 e, V4 f, V4 g) { return exclusive(g, e & exclusive(f, g)); }
NRID_INLINE V4 majority(V4 a, V4 b, V4 c) { return (a & b) | (c & (a | b)); }
NRID_INLINE V4 swap_octets(V4 a) {
  const __m256i order = _mm256_broadcastsi128_si256(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return {_mm256_shuffle_epi8(a.v, order)};
}

// Four words from each of four places: out[q] has word q of place i in lane i.
NRID_HOT void gather_rows(const uint8_t* const* at, size_t offset, V4* out) {
  const auto pair = [&](size_t low, size_t high, size_t from) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at[low] + from));
    return _mm256_inserti128_si256(_mm256_castsi128_si256(first), _mm_loadu_si128(reinterpret_cast<const __m128i*>(at[high] + from)), 1);
  };
  for (size_t half = 0; half < 2; ++half) {
    const __m256i even = pair(0, 2, offset + 16 * half), odd = pair(1, 3, offset + 16 * half);
    out[2 * half] = {_mm256_unpacklo_epi64(even, odd)};
    out[2 * half + 1] = {_mm256_unpackhi_epi64(even, odd)};
  }
}

// The way back: word q of lane i to at[i] + offset + 8q.
NRID_HOT void scatter_rows(const V4* in, size_t offset, uint8_t* const* at) {
  for (size_t half = 0; half < 2; ++half) {
    const __m256i even = _mm256_unpacklo_epi64(in[2 * half].v, in[2 * half + 1].v), odd = _mm256_unpackhi_epi64(in[2 * half].v, in[2 * half + 1].v);
    const auto put = [&](size_t lane, __m128i two) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at[lane] + offset + 16 * half), two); };
    put(0, _mm256_castsi256_si128(even));
    put(1, _mm256_castsi256_si128(odd));
    put(2, _mm256_extracti128_si256(even, 1));
    put(3, _mm256_extracti128_si256(odd, 1));
  }
}

// The limbs as doubles; exact, they are below 2^52.
struct Factor4 {
  __m256d d[5];
};

NRID_INLINE __m256d to_double(V4 limb) {
  const __m256d two_52 = _mm256_set1_pd(0x1p52);
  return _mm256_sub_pd(_mm256_or_pd(_mm256_castsi256_pd(limb.v), two_52), two_52);
}

NRID_INLINE Factor4 factor(const Fe<V4>& a) {
  return {{to_double(a.l[0]), to_double(a.l[1]), to_double(a.l[2]), to_double(a.l[3]), to_double(a.l[4])}};
}

inline constexpr uint64_t kHighBits = 0x4660000000000000;  // of the double 2^103
inline constexpr uint64_t kLowBits = 0x4338000000000000;   // of 3 * 2^51
// 2^6 p, limb by limb: makes the sums below, some of them negative by up to 81 * 2^50, positive.
inline constexpr uint64_t kLift = kLimbMask << 6, kLift0 = (kLimbMask - 18) << 6;
#define NRID_FOUR(x) {x, x, x, x}
#define NRID_START(lift, lows, highs) NRID_FOUR((lift) - (lows) * kLowBits - (highs) * kHighBits)
// Where the sums of each limb start: the lift, less what `lows` and `highs` parts bring beside their values. From memory, because the
// compiler would build each constant anew. A square has the same parts, some of them twice.
alignas(32) constexpr uint64_t kProductStart[10][4] = {
    NRID_START(kLift0, 1, 0), NRID_START(kLift, 2, 1), NRID_START(kLift, 3, 2), NRID_START(kLift, 4, 3), NRID_START(kLift, 5, 4),
    NRID_START(0, 4, 5),      NRID_START(0, 3, 4),     NRID_START(0, 2, 3),     NRID_START(0, 1, 2),     NRID_START(0, 0, 1)};
#undef NRID_START
#undef NRID_FOUR

NRID_INLINE void accumulate(V4& low, V4& high, __m256d a, __m256d b) {
  const __m256d p = _mm256_fmadd_pd(a, b, _mm256_set1_pd(0x1p103));
  const __m256d q = _mm256_fmadd_pd(a, b, _mm256_sub_pd(_mm256_set1_pd(0x1p103 + 0x3p51), p));
  high = high + V4{_mm256_castpd_si256(p)};
  low = low + V4{_mm256_castpd_si256(q)};
}

// What stands at 2^(51 k), k = 5..9, counts 19 times at 2^(51 (k - 5)). Results are below 2^59.
NRID_HOT Wide<V4> fold(const V4* r) {
  const auto limb = [&](size_t k) { return r[k] + (r[k + 5] + shl<1>(r[k + 5])) + shl<4>(r[k + 5]); };
  return {{limb(0), limb(1), limb(2), limb(3), limb(4)}};
}

[[gnu::noinline]] inline Wide<V4> multiply(const Factor4& x, const Factor4& y) {
  const __m256d *a = x.d, *b = y.d;
  const auto from = [](size_t k) { return V4::load(kProductStart[k]); };
  V4 r[10] = {from(0), from(1), from(2), from(3), from(4), from(5), from(6), from(7), from(8), from(9)};
  accumulate(r[0], r[1], a[0], b[0]);
  accumulate(r[1], r[2], a[0], b[1]);
  accumulate(r[1], r[2], a[1], b[0]);
  accumulate(r[2], r[3], a[0], b[2]);
  accumulate(r[2], r[3], a[1], b[1]);
  accumulate(r[2], r[3], a[2], b[0]);
  accumulate(r[3], r[4], a[0], b[3]);
  accumulate(r[3], r[4], a[1], b[2]);
  accumulate(r[3], r[4], a[2], b[1]);
  accumulate(r[3], r[4], a[3], b[0]);
  accumulate(r[4], r[5], a[0], b[4]);
  accumulate(r[4], r[5], a[1], b[3]);
  accumulate(r[4], r[5], a[2], b[2]);
  accumulate(r[4], r[5], a[3], b[1]);
  accumulate(r[4], r[5], a[4], b[0]);
  accumulate(r[5], r[6], a[1], b[4]);
  accumulate(r[5], r[6], a[2], b[3]);
  accumulate(r[5], r[6], a[3], b[2]);
  accumulate(r[5], r[6], a[4], b[1]);
  accumulate(r[6], r[7], a[2], b[4]);
  accumulate(r[6], r[7], a[3], b[3]);
  accumulate(r[6], r[7], a[4], b[2]);
  accumulate(r[7], r[8], a[3], b[4]);
  accumulate(r[7], r[8], a[4], b[3]);
  accumulate(r[8], r[9], a[4], b[4]);
  return fold(r);
}

// Products of different limbs come twice: they are summed apart and doubled.
[[gnu::noinline]] inline Wide<V4> square(const Factor4& x) {
  const __m256d* a = x.d;
  const auto from = [](size_t k) { return V4::load(kProductStart[k]); };
  const auto twice_more = [&](size_t k, V4 sum) { return from(k) + (sum + sum); };
  V4 c[9] = {V4::zero(), V4::zero(), V4::zero(), V4::zero(), V4::zero(), V4::zero(), V4::zero(), V4::zero(), V4::zero()};
  accumulate(c[1], c[2], a[0], a[1]);
  accumulate(c[2], c[3], a[0], a[2]);
  accumulate(c[3], c[4], a[0], a[3]);
  accumulate(c[3], c[4], a[1], a[2]);
  accumulate(c[4], c[5], a[0], a[4]);
  accumulate(c[4], c[5], a[1], a[3]);
  accumulate(c[5], c[6], a[1], a[4]);
  accumulate(c[5], c[6], a[2], a[3]);
  accumulate(c[6], c[7], a[2], a[4]);
  accumulate(c[7], c[8], a[3], a[4]);
  V4 r[10] = {from(0), twice_more(1, c[1]), twice_more(2, c[2]), twice_more(3, c[3]), twice_more(4, c[4]), twice_more(5, c[5]),
              twice_more(6, c[6]), twice_more(7, c[7]), twice_more(8, c[8]), from(9)};
  accumulate(r[0], r[1], a[0], a[0]);
  accumulate(r[2], r[3], a[1], a[1]);
  accumulate(r[4], r[5], a[2], a[2]);
  accumulate(r[6], r[7], a[3], a[3]);
  accumulate(r[8], r[9], a[4], a[4]);
  return fold(r);
}

}  // namespace
}  // namespace nrid::ed25519
