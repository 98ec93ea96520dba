// Points of edwards25519 in lanes: extended coordinates (X : Y : Z : T), T = XY/Z, held as Y - X, Y + X, Z, T, because that is what
// the formulas multiply. Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves Revisited" (2008), sections 3.1 and 4.4; with a = -1
// a square and d none, they are complete: they hold for every pair of points, those of small and mixed order too.
// Bernstein, Duif, Lange, Schwabe, Yang, "High-speed high-security signatures" (2011), section 5, for decoding.
#pragma once

#include "base/ed25519/field.h"

namespace nrid::ed25519 {

template <class V>
struct Point {
  Fe<V> minus;  // Y - X
  Fe<V> plus;   // Y + X
  Fe<V> z;
  Fe<V> t;
};

// What is added: Y - X, Y + X, Z, 2dT.
template <class V>
struct Addend {
  Fe<V> minus, plus, z, t2d;
};

// A table's entry, Z = 1: y - x, y + x, 2dxy.
template <class V>
struct Affine {
  Fe<V> minus, plus, xy2d;
};

template <class V>
NRID_INLINE Point<V> neutral() {
  const Fe<V> one = everywhere<V>(kOne);
  return {one, one, one, everywhere<V>(Limbs{{0, 0, 0, 0, 0}})};
}

// X = EF, Y = GH, Z = FG, T = EH; every formula below ends here.
template <bool kWithT, class V>
NRID_HOT void close(const Fe<V>& e, const Fe<V>& f, const Fe<V>& g, const Fe<V>& h, Point<V>& out) {
  const auto &fe = factor(e), &ff = factor(f), &fg = factor(g), &fh = factor(h);
  const Wide<V> x = multiply(fe, ff), y = multiply(fg, fh);
  out.minus = settle(y - x);
  out.plus = settle(y + x);
  out.z = settle(multiply(ff, fg));
  if constexpr (kWithT) out.t = settle(multiply(fe, fh));
}

// 4M + 3S (+ 1M for T). E, F, G, H of the paper, each doubled: (Y-X)^2 - (Y+X)^2 = -4XY, their sum is 2 (X^2 + Y^2).
template <bool kWithT, class V>
NRID_HOT void double_point(Point<V>& p) {
  const auto &minus = factor(p.minus), &plus = factor(p.plus);
  const Wide<V> m2 = square(minus), p2 = square(plus), mp = multiply(minus, plus), z2 = square(factor(p.z));
  const Wide<V> g2 = twice(mp);  // 2 (Y^2 - X^2)
  const Fe<V> e = settle(m2 - p2);
  const Fe<V> h = settle(m2 + p2);
  const Fe<V> f = settle(twice(twice(z2)) - g2);
  const Fe<V> g = settle(Wide<V>{{V::zero(), V::zero(), V::zero(), V::zero(), V::zero()}} - g2);
  close<kWithT>(e, f, g, h, p);
}

// -q has y - x and y + x exchanged and 2dT negated, which exchanges F and G. a, b, c, d are the paper's, before their carries.
template <bool kWithT, class V, class M>
NRID_HOT void close_sum(const Wide<V>& a, const Wide<V>& b, const Wide<V>& c, const Wide<V>& d, M negative, Point<V>& out) {
  const Fe<V> less = settle(d - c), more = settle(d + c);
  close<kWithT>(settle(b - a), select(negative, more, less), select(negative, less, more), settle(b + a), out);
}

// p += q, or p -= q in the lanes of `negative`; 8M; with T unless the next step is a doubling.
template <bool kWithT, class V, class M>
NRID_HOT void add_point(Point<V>& p, const Addend<V>& q, M negative) {
  const Wide<V> a = multiply(factor(p.minus), factor(select(negative, q.plus, q.minus)));
  const Wide<V> b = multiply(factor(p.plus), factor(select(negative, q.minus, q.plus)));
  const Wide<V> c = multiply(factor(p.t), factor(q.t2d)), d = twice(multiply(factor(p.z), factor(q.z)));
  close_sum<kWithT>(a, b, c, d, negative, p);
}

// The same with a table's entry; 7M.
template <bool kWithT, class V, class M>
NRID_HOT void add_affine(Point<V>& p, const Affine<V>& q, M negative) {
  const Wide<V> a = multiply(factor(p.minus), factor(select(negative, q.plus, q.minus)));
  const Wide<V> b = multiply(factor(p.plus), factor(select(negative, q.minus, q.plus)));
  close_sum<kWithT>(a, b, multiply(factor(p.t), factor(q.xy2d)), twice(widen(p.z)), negative, p);
}

template <class V>
NRID_INLINE Addend<V> addend(const Point<V>& p) {
  return {p.minus, p.plus, p.z, mul(p.t, everywhere<V>(kTwiceD))};
}

// The negative of the point that these octets encode (four words a lane), and the lanes in which they do encode one. In the other
// lanes the result is some point nevertheless, so that nothing downstream meets a value outside the curve.
template <class V>
auto decode_negated(const V* words, Point<V>& out) {
  const Fe<V> y = from_words(words), one = everywhere<V>(kOne);
  const Fe<V> y2 = square_times(y, 1);
  const Fe<V> u = subtract(y2, one), v = add(mul(y2, everywhere<V>(kD)), one);
  const Fe<V> v3 = mul(square_times(v, 1), v);
  const Fe<V> uv3 = mul(u, v3);
  Fe<V> x = mul(uv3, power_p58(mul(uv3, mul(v3, v))));  // u v^3 (u v^7)^((p-5)/8)
  const Fe<V> vx2 = mul(v, square_times(x, 1));
  const auto root = is_zero(freeze(subtract(vx2, u)));
  const auto other = is_zero(freeze(add(vx2, u)));
  x = select(root, x, mul(x, everywhere<V>(kRootOfMinusOne)));
  const auto good = root | other;

  const auto wanted = equal(words[3] & V::all(uint64_t{1} << 63), V::zero());  // odd where the octets say even: negated
  const auto odd = is_odd(freeze(x));
  x = select(odd ^ wanted, negate(x), x);
  x = select(good, x, everywhere<V>(Limbs{{0, 0, 0, 0, 0}}));
  const Fe<V> safe_y = select(good, y, one);
  out.minus = subtract(safe_y, x);
  out.plus = add(safe_y, x);
  out.z = one;
  out.t = mul(x, safe_y);
  return good;
}

}  // namespace nrid::ed25519
