// Arithmetic of GF(2^255 - 19) that is the same for every kind of lanes. multiply() and square() are the lanes' own; all
// results are settled unless the type says otherwise.
#pragma once

#include "base/ed25519/limbs.h"

namespace nrid::ed25519 {

// p = 2^255 - 19. d of the curve (RFC 8032 section 5.1), its double and its half, a square root of -1.
inline constexpr Limbs kD = {{0x34dca135978a3, 0x1a8283b156ebd, 0x5e7a26001c029, 0x739c663a03cbb, 0x52036cee2b6ff}};
inline constexpr Limbs kTwiceD = {{0x69b9426b2f159, 0x35050762add7a, 0x3cf44c0038052, 0x6738cc7407977, 0x2406d9dc56dff}};
inline constexpr Limbs kHalfD = {{0x5a6e509acbc48, 0x4d4141d8ab75e, 0x6f3d13000e014, 0x79ce331d01e5d, 0x6901b67715b7f}};
inline constexpr Limbs kRootOfMinusOne = {{0x61b274a0ea0b0, 0xd5a5fc8f189d, 0x7ef5e9cbd0c60, 0x78595a6804c9e, 0x2b8324804fc1d}};
inline constexpr Limbs kOne = {{1, 0, 0, 0, 0}};

// 2^11 p, limb by limb: larger than any wide limb that is ever subtracted (below 2^61), and small enough to be added.
inline constexpr Limbs kBias = {{(kLimbMask - 18) << 11, kLimbMask << 11, kLimbMask << 11, kLimbMask << 11, kLimbMask << 11}};

template <class V>
NRID_INLINE Fe<V> everywhere(const Limbs& c) {
  return {{V::all(c.l[0]), V::all(c.l[1]), V::all(c.l[2]), V::all(c.l[3]), V::all(c.l[4])}};
}

template <class V>
NRID_HOT Wide<V> operator+(const Wide<V>& a, const Wide<V>& b) {
  return {{a.l[0] + b.l[0], a.l[1] + b.l[1], a.l[2] + b.l[2], a.l[3] + b.l[3], a.l[4] + b.l[4]}};
}

// a - b + 2^11 p: never below zero when b's limbs are below 2^61.
template <class V>
NRID_HOT Wide<V> operator-(const Wide<V>& a, const Wide<V>& b) {
  const auto minus = [](V x, V y, uint64_t bias) { return x + (V::all(bias) - y); };
  return {{minus(a.l[0], b.l[0], kBias.l[0]), minus(a.l[1], b.l[1], kBias.l[1]), minus(a.l[2], b.l[2], kBias.l[1]),
           minus(a.l[3], b.l[3], kBias.l[1]), minus(a.l[4], b.l[4], kBias.l[1])}};
}

template <class V>
NRID_INLINE Wide<V> twice(const Wide<V>& a) {
  return a + a;
}

template <class V>
NRID_INLINE Wide<V> widen(const Fe<V>& a) {
  return {{a.l[0], a.l[1], a.l[2], a.l[3], a.l[4]}};
}

// Every carry moves one limb at once; what leaves at 2^255 comes back as 19. From limbs below 2^64 to limbs below 2^51 + 2^17.
template <class V>
NRID_HOT Fe<V> settle(const Wide<V>& a) {
  const V mask = V::all(kLimbMask);
  return {{times19(shr<51>(a.l[4]), a.l[0] & mask), (a.l[1] & mask) + shr<51>(a.l[0]), (a.l[2] & mask) + shr<51>(a.l[1]),
           (a.l[3] & mask) + shr<51>(a.l[2]), (a.l[4] & mask) + shr<51>(a.l[3])}};
}

template <class V>
NRID_INLINE Fe<V> add(const Fe<V>& a, const Fe<V>& b) {
  return settle(widen(a) + widen(b));
}

template <class V>
NRID_INLINE Fe<V> subtract(const Fe<V>& a, const Fe<V>& b) {
  return settle(widen(a) - widen(b));
}

template <class V>
NRID_INLINE Fe<V> negate(const Fe<V>& a) {
  return settle(Wide<V>{{V::zero(), V::zero(), V::zero(), V::zero(), V::zero()}} - widen(a));
}

template <class V, class M>
NRID_HOT Fe<V> select(M m, const Fe<V>& yes, const Fe<V>& no) {
  return {{select(m, yes.l[0], no.l[0]), select(m, yes.l[1], no.l[1]), select(m, yes.l[2], no.l[2]), select(m, yes.l[3], no.l[3]),
           select(m, yes.l[4], no.l[4])}};
}

template <class V>
[[gnu::noinline]] Fe<V> mul(const Fe<V>& a, const Fe<V>& b) {
  return settle(multiply(factor(a), factor(b)));
}

template <class V>
[[gnu::noinline]] Fe<V> square_times(Fe<V> a, unsigned n) {
  for (; n > 0; --n) a = settle(square(factor(a)));
  return a;
}

// a^(2^250 - 1) and a^11, from which both powers below come: 254 squarings and 11 products (Bernstein 2006, Curve25519, section 5).
template <class V>
void power_chain(const Fe<V>& a, Fe<V>& to_250, Fe<V>& to_11) {
  const Fe<V> two = square_times(a, 1);
  const Fe<V> nine = mul(square_times(two, 2), a);
  to_11 = mul(nine, two);
  const Fe<V> to_5 = mul(square_times(to_11, 1), nine);
  const Fe<V> to_10 = mul(square_times(to_5, 5), to_5);
  const Fe<V> to_20 = mul(square_times(to_10, 10), to_10);
  const Fe<V> to_40 = mul(square_times(to_20, 20), to_20);
  const Fe<V> to_50 = mul(square_times(to_40, 10), to_10);
  const Fe<V> to_100 = mul(square_times(to_50, 50), to_50);
  const Fe<V> to_200 = mul(square_times(to_100, 100), to_100);
  to_250 = mul(square_times(to_200, 50), to_50);
}

template <class V>
Fe<V> invert(const Fe<V>& a) {  // a^(p - 2); 0 stays 0
  Fe<V> to_250, to_11;
  power_chain(a, to_250, to_11);
  return mul(square_times(to_250, 5), to_11);
}

template <class V>
Fe<V> power_p58(const Fe<V>& a) {  // a^((p - 5) / 8)
  Fe<V> to_250, to_11;
  power_chain(a, to_250, to_11);
  return mul(square_times(to_250, 2), a);
}

// The one representative below p, limbs below 2^51.
template <class V>
[[gnu::noinline]] Fe<V> freeze(const Fe<V>& a) {
  const V mask = V::all(kLimbMask);
  V l0 = a.l[0], l1 = a.l[1], l2 = a.l[2], l3 = a.l[3], l4 = a.l[4];
  for (int round = 0; round < 2; ++round) {  // after two rounds the value is below 2^255
    l1 = l1 + shr<51>(l0);
    l2 = l2 + shr<51>(l1);
    l3 = l3 + shr<51>(l2);
    l4 = l4 + shr<51>(l3);
    l0 = times19(shr<51>(l4), l0 & mask);
    l1 = l1 & mask;
    l2 = l2 & mask;
    l3 = l3 & mask;
    l4 = l4 & mask;
  }
  // q = 1 when the value is p or more: then value + 19 reaches 2^255.
  V q = shr<51>(l0 + V::all(19));
  q = shr<51>(l1 + q);
  q = shr<51>(l2 + q);
  q = shr<51>(l3 + q);
  q = shr<51>(l4 + q);
  l0 = times19(q, l0);
  l1 = l1 + shr<51>(l0);
  l2 = l2 + shr<51>(l1);
  l3 = l3 + shr<51>(l2);
  l4 = l4 + shr<51>(l3);
  return {{l0 & mask, l1 & mask, l2 & mask, l3 & mask, l4 & mask}};
}

// Four words of 64 bits, little-endian, bit 255 dropped.
template <class V>
NRID_HOT Fe<V> from_words(const V* w) {
  const V mask = V::all(kLimbMask);
  return {{w[0] & mask, (shr<51>(w[0]) | shl<13>(w[1])) & mask, (shr<38>(w[1]) | shl<26>(w[2])) & mask,
           (shr<25>(w[2]) | shl<39>(w[3])) & mask, shr<12>(w[3]) & mask}};
}

template <class V>
NRID_INLINE void to_words(const Fe<V>& frozen, V* w) {
  const V* l = frozen.l;
  w[0] = l[0] | shl<51>(l[1]);
  w[1] = shr<13>(l[1]) | shl<38>(l[2]);
  w[2] = shr<26>(l[2]) | shl<25>(l[3]);
  w[3] = shr<39>(l[3]) | shl<12>(l[4]);
}

// Lanes in which a frozen value is zero, and in which it is odd ("negative", RFC 8032 section 5.1.2).
template <class V>
NRID_INLINE auto is_zero(const Fe<V>& frozen) {
  const V* l = frozen.l;
  return equal(l[0] | l[1] | l[2] | l[3] | l[4], V::zero());
}

template <class V>
NRID_INLINE auto is_odd(const Fe<V>& frozen) {
  return equal(frozen.l[0] & V::all(1), V::all(1));
}

}  // namespace nrid::ed25519
