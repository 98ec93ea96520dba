// Combs: affine multiples of points, written as rows. Many projective points share one inversion (Montgomery 1987, section 10.3.1).
#pragma once

#include "base/ed25519/sums.h"

namespace nrid::ed25519 {

// Projective points that wait for one inversion, and the products of their Z.
template <class V, size_t kMax>
struct Pending {
  Fe<V> minus[kMax], plus[kMax], z[kMax], product[kMax];
  size_t count;

  void add(const Point<V>& p) {
    minus[count] = p.minus;
    plus[count] = p.plus;
    z[count] = p.z;
    product[count] = count == 0 ? p.z : mul(product[count - 1], p.z);
    ++count;
  }
  // done(i, y - x, y + x, 2z): the first two still to be multiplied by `inverse` = 1/z.
  template <class Done>
  void finish(Done done) {
    if (count == 0) return;
    Fe<V> rest = invert(product[count - 1]);  // no Z is zero: the formulas are complete
    for (size_t i = count; i-- > 0;) {
      const Fe<V> inverse = i == 0 ? rest : mul(rest, product[i - 1]);
      if (i > 0) rest = mul(rest, z[i]);
      done(i, inverse);
    }
    count = 0;
  }
};

// out[lane]: where the row of this lane goes.
template <class V>
void put_row(const Fe<V>& minus, const Fe<V>& plus, uint8_t* const* out) {
  // (y + x)^2 - (y - x)^2 = 4xy
  const Fe<V> xy4 = settle(square(factor(plus)) - square(factor(minus)));
  const Fe<V> xy2d = mul(xy4, everywhere<V>(kHalfD));
  const Fe<V> all[3] = {freeze(minus), freeze(plus), freeze(xy2d)};
  V words[4];
  for (size_t i = 0; i < 3; ++i) {
    to_words(all[i], words);
    scatter_rows(words, 32 * i, out);
  }
}

// Rows of 1..n times `p`, to tables[lane] + from; p becomes 2^shift p.
template <class V>
void put_multiples(Point<V>& p, size_t n, unsigned shift, uint8_t* const* tables, size_t from) {
  static_assert(kBaseMultiples % kKeyMultiples == 0);
  Pending<V, kKeyMultiples> pending;
  pending.count = 0;
  const Addend<V> one = addend(p);
  Point<V> multiple = p;
  for (size_t j = 1; j <= n;) {
    const size_t first = j;
    for (; j <= n && pending.count < kKeyMultiples; ++j) {
      if (j == 2) double_point<true>(multiple);
      if (j > 2) add_point<true>(multiple, one, V::mask(0));
      pending.add(multiple);
    }
    pending.finish([&](size_t i, const Fe<V>& inverse) {
      uint8_t* out[V::kLanes];
      for (size_t lane = 0; lane < V::kLanes; ++lane) out[lane] = tables[lane] + from + (first - 1 + i) * kRowSize;
      put_row(mul(pending.minus[i], inverse), mul(pending.plus[i], inverse), out);
    });
  }
  for (unsigned i = 0; i < shift; ++i) double_point<true>(p);
}

template <class V>
void build_keys(const uint8_t* const* keys, size_t count, uint8_t* const* tables) {
  alignas(64) uint8_t nowhere[kKeyMultiples * kRowSize];  // lanes without a key write here
  const uint8_t* at[V::kLanes];
  uint8_t* to[V::kLanes];
  for (size_t lane = 0; lane < V::kLanes; ++lane) at[lane] = keys[lane < count ? lane : 0];
  V words[4];
  gather_rows(at, 0, words);
  Point<V> p;
  decode_negated(words, p);
  for (size_t place = 0; place < kKeyPlaces; ++place) {
    const size_t from = place * kKeyMultiples * kRowSize;
    for (size_t lane = 0; lane < V::kLanes; ++lane) to[lane] = lane < count ? tables[lane] + from : nowhere;
    put_multiples(p, place + 1 < kKeyPlaces ? kKeyMultiples : 2, kKeyWidth * kKeyStride, to, 0);
  }
}

// The base point, y = 4/5, x even; its negative is what decode_negated makes of (-x, y).
template <class V>
void build_base(uint8_t* table) {
  const uint64_t octets[4] = {0x6666666666666658, 0x6666666666666666, 0x6666666666666666, 0xe666666666666666};
  V words[4];
  for (size_t i = 0; i < 4; ++i) words[i] = V::all(octets[i]);
  Point<V> p;
  decode_negated(words, p);
  uint8_t* to[V::kLanes];
  for (size_t place = 0; place < kBaseDigits; ++place) {  // every lane writes the same
    for (uint8_t*& lane : to) lane = table + place * kBaseMultiples * kRowSize;
    put_multiples(p, kBaseMultiples, kBaseWidth, to, 0);
  }
}

}  // namespace nrid::ed25519
