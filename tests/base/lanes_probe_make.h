// Makes a Probe of a kind of lanes; compiled with its flags.
#pragma once

#include "base/ed25519/tables.h"
#include "tests/base/lanes_probe.h"

namespace nrid::ed25519 {

template <class V>
struct ProbeOf {
  static Fe<V> take(const uint64_t* a) {
    Fe<V> out;
    for (size_t i = 0; i < 5; ++i) out.l[i] = V::load(a + i * V::kLanes);
    return out;
  }
  static void give(const Fe<V>& a, uint64_t* words) {
    V w[4];
    to_words(freeze(a), w);
    for (size_t i = 0; i < 4; ++i) w[i].store(words + i * V::kLanes);
  }
  static void product(const uint64_t* a, const uint64_t* b, uint64_t* w) { give(mul(take(a), take(b)), w); }
  static void square(const uint64_t* a, uint64_t* w) { give(square_times(take(a), 1), w); }
  static void sum(const uint64_t* a, const uint64_t* b, uint64_t* w) { give(ed25519::add(take(a), take(b)), w); }
  static void difference(const uint64_t* a, const uint64_t* b, uint64_t* w) { give(subtract(take(a), take(b)), w); }
  static void inverse(const uint64_t* a, uint64_t* w) { give(invert(take(a)), w); }
  static void value(const uint64_t* a, uint64_t* w) { give(take(a), w); }
  static void limbs(const uint64_t* a, uint64_t* out) {
    const Fe<V> made = square_times(take(a), 1);
    for (size_t i = 0; i < 5; ++i) made.l[i].store(out + i * V::kLanes);
  }

  static void encode(const Point<V>& p, uint8_t (*out)[32]) {
    const Fe<V> inverse = invert(ed25519::add(p.z, p.z));
    V w[4];
    to_words(freeze(mul(ed25519::add(p.plus, p.minus), inverse)), w);
    w[3] = w[3] | shl<63>(freeze(mul(subtract(p.plus, p.minus), inverse)).l[0]);
    uint8_t* to[V::kLanes];
    for (size_t i = 0; i < V::kLanes; ++i) to[i] = out[i];
    scatter_rows(w, 0, to);
  }
  static unsigned decode(const uint8_t* const* at, Point<V>& out) {
    V w[4];
    gather_rows(at, 0, w);
    return decode_negated(w, out).bits();
  }
  static unsigned add(const uint8_t* const* p, const uint8_t* const* q, unsigned negative, bool by_row, uint8_t (*out)[32]) {
    Point<V> a, b;
    const unsigned good = decode(p, a) & decode(q, b);
    if (by_row) {
      uint8_t rows[V::kLanes][kRowSize], *to[V::kLanes];
      const uint8_t* at[V::kLanes];
      for (size_t i = 0; i < V::kLanes; ++i) at[i] = to[i] = rows[i];
      put_row(b.minus, b.plus, to);
      add_rows(a, at, negative);
    } else {
      add_point<true>(a, addend(b), V::mask(negative));
    }
    encode(a, out);
    return good;
  }
  static void twice(const uint8_t* const* p, uint8_t (*out)[32]) {
    Point<V> a;
    decode(p, a);
    double_point<true>(a);
    encode(a, out);
  }
  static constexpr Probe make() {
    return {V::kLanes, product, square, sum, difference, inverse, value, limbs, add, twice, sha512<V>};
  }
};

}  // namespace nrid::ed25519
