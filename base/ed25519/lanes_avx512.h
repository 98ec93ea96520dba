// Eight lanes of 64 bits in a 512-bit register, for the templates of this folder; only avx512.cc and its tests see it. The
// product is vpmadd52lo/hi (AVX-512 IFMA): low and high 52 bits of 52 x 52, added to 64-bit accumulators. Everything is in an
// unnamed namespace, so that no other object is ever linked to a copy that needs this processor.
#pragma once

#include <immintrin.h>

#include "base/ed25519/limbs.h"

namespace nrid::ed25519 {
namespace {

struct V8 {
  __m512i v;
  static constexpr size_t kLanes = 8;

  static NRID_INLINE V8 zero() { return {_mm512_setzero_si512()}; }
  static NRID_INLINE V8 all(uint64_t x) { return {_mm512_set1_epi64(static_cast<long long>(x))}; }
  static NRID_INLINE V8 load(const uint64_t* p) { return {_mm512_loadu_si512(p)}; }
  NRID_INLINE void store(uint64_t* p) const { _mm512_storeu_si512(p, v); }
  static NRID_INLINE struct M8 mask(unsigned bits);  // bit i: lane i
};

struct M8 {  // one bit a lane
  __mmask8 m;
  NRID_INLINE unsigned bits() const { return m; }
};
NRID_INLINE M8 V8::mask(unsigned bits) { return {static_cast<__mmask8>(bits)}; }
NRID_INLINE M8 operator&(M8 a, M8 b) { return {static_cast<__mmask8>(a.m & b.m)}; }
NRID_INLINE M8 operator|(M8 a, M8 b) { return {static_cast<__mmask8>(a.m | b.m)}; }
NRID_INLINE M8 operator^(M8 a, M8 b) { return {static_cast<__mmask8>(a.m ^ b.m)}; }

NRID_INLINE V8 operator+(V8 a, V8 b) { return {_mm512_add_epi64(a.v, b.v)}; }
NRID_INLINE V8 operator-(V8 a, V8 b) { return {_mm512_sub_epi64(a.v, b.v)}; }
NRID_INLINE V8 operator&(V8 a, V8 b) { return {_mm512_and_si512(a.v, b.v)}; }
NRID_INLINE V8 operator|(V8 a, V8 b) { return {_mm512_or_si512(a.v, b.v)}; }
template <unsigned n>
NRID_INLINE V8 shr(V8 a) {
  return {_mm512_srli_epi64(a.v, n)};
}
template <unsigned n>
NRID_INLINE V8 shl(V8 a) {
  return {_mm512_slli_epi64(a.v, n)};
}
NRID_INLINE M8 equal(V8 a, V8 b) { return {_mm512_cmpeq_epi64_mask(a.v, b.v)}; }
NRID_INLINE V8 select(M8 m, V8 yes, V8 no) { return {_mm512_mask_blend_epi64(m.m, no.v, yes.v)}; }
NRID_INLINE V8 times19(V8 carry, V8 plus) { return {_mm512_madd52lo_epu64(plus.v, carry.v, _mm512_set1_epi64(19))}; }  // carry < 2^47

// Of SHA-512 (FIPS 180-4).
template <unsigned n>
NRID_INLINE V8 rotate_right(V8 a) {
  return {_mm512_ror_epi64(a.v, n)};
}
NRID_INLINE V8 xor3(V8 a, V8 b, V8 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0x96)}; }
NRID_INLINE V8 choose(V8 e, V8 f, V8 g) { return {_mm512_ternarylogic_epi64(e.v, f.v, g.v, 0xca)}; }
NRID_INLINE V8 majority(V8 a, V8 b, V8 c) { return {_mm512_ternarylogic_epi64(a.v, b.v, c.v, 0xe8)}; }
NRID_INLINE V8 swap_octets(V8 a) {
  const __m512i order = _mm512_broadcast_i32x4(_mm_set_epi8(8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return {_mm512_shuffle_epi8(a.v, order)};
}

// Four words from each of eight places: out[q] has word q of place i in lane i.
NRID_HOT void gather_rows(const uint8_t* const* at, size_t offset, V8* out) {
  const auto pair = [&](int low, int high) {
    const __m256i first = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at[low] + offset));
    return _mm512_inserti64x4(_mm512_castsi256_si512(first), _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at[high] + offset)), 1);
  };
  const __m512i a = pair(0, 2), b = pair(1, 3), c = pair(4, 6), d = pair(5, 7);
  const __m512i ab_even = _mm512_unpacklo_epi64(a, b), ab_odd = _mm512_unpackhi_epi64(a, b);
  const __m512i cd_even = _mm512_unpacklo_epi64(c, d), cd_odd = _mm512_unpackhi_epi64(c, d);
  out[0] = {_mm512_shuffle_i64x2(ab_even, cd_even, 0x88)};
  out[1] = {_mm512_shuffle_i64x2(ab_odd, cd_odd, 0x88)};
  out[2] = {_mm512_shuffle_i64x2(ab_even, cd_even, 0xdd)};
  out[3] = {_mm512_shuffle_i64x2(ab_odd, cd_odd, 0xdd)};
}

// The way back: word q of lane i to at[i] + offset + 8q.
NRID_HOT void scatter_rows(const V8* in, size_t offset, uint8_t* const* at) {
  for (size_t half = 0; half < 2; ++half) {
    const __m512i even = _mm512_unpacklo_epi64(in[2 * half].v, in[2 * half + 1].v), odd = _mm512_unpackhi_epi64(in[2 * half].v, in[2 * half + 1].v);
    const auto put = [&](size_t lane, __m128i two) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at[lane] + offset + 16 * half), two); };
    put(0, _mm512_castsi512_si128(even));
    put(1, _mm512_castsi512_si128(odd));
    put(2, _mm512_extracti64x2_epi64(even, 1));
    put(3, _mm512_extracti64x2_epi64(odd, 1));
    put(4, _mm512_extracti64x2_epi64(even, 2));
    put(5, _mm512_extracti64x2_epi64(odd, 2));
    put(6, _mm512_extracti64x2_epi64(even, 3));
    put(7, _mm512_extracti64x2_epi64(odd, 3));
  }
}

using Factor8 = Fe<V8>;
NRID_INLINE const Factor8& factor(const Fe<V8>& a) { return a; }

NRID_INLINE V8 low(V8 sum, V8 a, V8 b) { return {_mm512_madd52lo_epu64(sum.v, a.v, b.v)}; }
NRID_INLINE V8 high(V8 sum, V8 a, V8 b) { return {_mm512_madd52hi_epu64(sum.v, a.v, b.v)}; }
NRID_INLINE V8 times19_wide(V8 a) { return {_mm512_mullo_epi64(a.v, _mm512_set1_epi64(19))}; }

// What stands at 2^(51 k), k = 5..9, counts 19 times at 2^(51 (k - 5)).
NRID_HOT Wide<V8> fold(V8 r0, V8 r1, V8 r2, V8 r3, V8 r4, V8 r5, V8 r6, V8 r7, V8 r8, V8 r9) {
  return {{r0 + times19_wide(r5), r1 + times19_wide(r6), r2 + times19_wide(r7), r3 + times19_wide(r8), r4 + times19_wide(r9)}};
}

// The high part has weight 2^52, so it counts twice at the next limb. Limbs of a and b below 2^51 + 2^17: high sums stay below
// 5 * 2^50.1, low sums below 5 * 2^52, the result below 2^59.5.
NRID_HOT Wide<V8> multiply(const Factor8& a, const Factor8& b) {
  const V8 z = V8::zero();
  const V8 *x = a.l, *y = b.l;
  const V8 h0 = high(z, x[0], y[0]);
  const V8 h1 = high(high(z, x[0], y[1]), x[1], y[0]);
  const V8 h2 = high(high(high(z, x[0], y[2]), x[1], y[1]), x[2], y[0]);
  const V8 h3 = high(high(high(high(z, x[0], y[3]), x[1], y[2]), x[2], y[1]), x[3], y[0]);
  const V8 h4 = high(high(high(high(high(z, x[0], y[4]), x[1], y[3]), x[2], y[2]), x[3], y[1]), x[4], y[0]);
  const V8 h5 = high(high(high(high(z, x[1], y[4]), x[2], y[3]), x[3], y[2]), x[4], y[1]);
  const V8 h6 = high(high(high(z, x[2], y[4]), x[3], y[3]), x[4], y[2]);
  const V8 h7 = high(high(z, x[3], y[4]), x[4], y[3]);
  const V8 h8 = high(z, x[4], y[4]);
  const V8 r0 = low(z, x[0], y[0]);
  const V8 r1 = low(low(h0 + h0, x[0], y[1]), x[1], y[0]);
  const V8 r2 = low(low(low(h1 + h1, x[0], y[2]), x[1], y[1]), x[2], y[0]);
  const V8 r3 = low(low(low(low(h2 + h2, x[0], y[3]), x[1], y[2]), x[2], y[1]), x[3], y[0]);
  const V8 r4 = low(low(low(low(low(h3 + h3, x[0], y[4]), x[1], y[3]), x[2], y[2]), x[3], y[1]), x[4], y[0]);
  const V8 r5 = low(low(low(low(h4 + h4, x[1], y[4]), x[2], y[3]), x[3], y[2]), x[4], y[1]);
  const V8 r6 = low(low(low(h5 + h5, x[2], y[4]), x[3], y[3]), x[4], y[2]);
  const V8 r7 = low(low(h6 + h6, x[3], y[4]), x[4], y[3]);
  const V8 r8 = low(h7 + h7, x[4], y[4]);
  return fold(r0, r1, r2, r3, r4, r5, r6, r7, r8, h8 + h8);
}

NRID_HOT Wide<V8> square(const Factor8& a) {
  const V8 z = V8::zero();
  const V8* x = a.l;
  const auto twice = [](V8 v) { return v + v; };
  // Each product of different limbs comes twice.
  const V8 h0 = high(z, x[0], x[0]);
  const V8 h1 = twice(high(z, x[0], x[1]));
  const V8 h2 = high(twice(high(z, x[0], x[2])), x[1], x[1]);
  const V8 h3 = twice(high(high(z, x[0], x[3]), x[1], x[2]));
  const V8 h4 = high(twice(high(high(z, x[0], x[4]), x[1], x[3])), x[2], x[2]);
  const V8 h5 = twice(high(high(z, x[1], x[4]), x[2], x[3]));
  const V8 h6 = high(twice(high(z, x[2], x[4])), x[3], x[3]);
  const V8 h7 = twice(high(z, x[3], x[4]));
  const V8 h8 = high(z, x[4], x[4]);
  const V8 r0 = low(z, x[0], x[0]);
  const V8 r1 = twice(low(h0, x[0], x[1]));
  const V8 r2 = low(twice(low(h1, x[0], x[2])), x[1], x[1]);
  const V8 r3 = twice(low(low(h2, x[0], x[3]), x[1], x[2]));
  const V8 r4 = low(twice(low(low(h3, x[0], x[4]), x[1], x[3])), x[2], x[2]);
  const V8 r5 = twice(low(low(h4, x[1], x[4]), x[2], x[3]));
  const V8 r6 = low(twice(low(h5, x[2], x[4])), x[3], x[3]);
  const V8 r7 = twice(low(h6, x[3], x[4]));
  const V8 r8 = low(twice(h7), x[4], x[4]);
  return fold(r0, r1, r2, r3, r4, r5, r6, r7, r8, h8 + h8);
}

}  // namespace
}  // namespace nrid::ed25519
