#include "base/ed25519/scalar.h"

#include <cstring>

namespace nrid::ed25519 {
namespace {

__extension__ using u128 = unsigned __int128;

// L = 2^252 + c, c = 27742317777372353535851937790883648493 (RFC 8032 section 5.1).
constexpr uint64_t kC[2] = {0x5812631a5cf5d3ed, 0x14def9dea2f79cd6};
constexpr uint64_t kL[4] = {kC[0], kC[1], 0, uint64_t{1} << 60};

// y of the points of small order and their non-canonical twins, sign bit cleared: 0, 1, the two of order 8, p - 1, p, p + 1
// (RFC 7748 section 6 discusses the same list for the Montgomery form).
constexpr uint64_t kTop = 0x7fffffffffffffff, kFull = 0xffffffffffffffff;
constexpr uint64_t kSmallOrder[7][4] = {
    {0, 0, 0, 0},
    {1, 0, 0, 0},
    {0xb027b2c28f95e826, 0xf098eff289f4c345, 0x3933c6d305acdfd5, 0x05fc536d880238b1},
    {0x4fd84d3d706a17c7, 0x0f67100d760b3cba, 0xc6cc392cfa53202a, 0x7a03ac9277fdc74e},
    {0xffffffffffffffec, kFull, kFull, kTop},
    {0xffffffffffffffed, kFull, kFull, kTop},
    {0xffffffffffffffee, kFull, kFull, kTop},
};

// r[0..n) = a[0..n-2) * c.
template <size_t n>
void times_c(const uint64_t* a, uint64_t* r) {
  for (size_t i = 0; i < n; ++i) r[i] = 0;
  for (size_t i = 0; i + 2 < n; ++i) {
    u128 carry = 0;
    for (size_t j = 0; j < 2; ++j) {
      carry += u128{a[i]} * kC[j] + r[i + j];
      r[i + j] = static_cast<uint64_t>(carry);
      carry >>= 64;
    }
    r[i + 2] = static_cast<uint64_t>(carry);
  }
}

// hi = x >> 252, lo = x mod 2^252.
template <size_t n>
void split(const uint64_t* x, uint64_t* lo, uint64_t* hi) {
  for (size_t i = 0; i < 4; ++i) lo[i] = x[i];
  lo[3] &= (uint64_t{1} << 60) - 1;
  for (size_t i = 3; i < n; ++i) hi[i - 3] = x[i] >> 60 | (i + 1 < n ? x[i + 1] << 4 : 0);
}

uint64_t add_to(uint64_t* a, const uint64_t* b, size_t n) {
  u128 carry = 0;
  for (size_t i = 0; i < n; ++i) {
    carry += u128{a[i]} + b[i];
    a[i] = static_cast<uint64_t>(carry);
    carry >>= 64;
  }
  return static_cast<uint64_t>(carry);
}

uint64_t take_from(uint64_t* a, const uint64_t* b, size_t n) {
  uint64_t borrow = 0;
  for (size_t i = 0; i < n; ++i) {
    const u128 difference = u128{a[i]} - b[i] - borrow;
    a[i] = static_cast<uint64_t>(difference);
    borrow = static_cast<uint64_t>(difference >> 64) & 1;
  }
  return borrow;
}

}  // namespace

Scalar scalar_from(const uint8_t* octets32) {
  Scalar out;
  std::memcpy(out.w, octets32, sizeof out.w);  // the lanes' processors are little-endian; tests hold it to big integers
  return out;
}

// 2^252 = -c: x = lo + 2^252 hi becomes lo - c hi, three times; what is left has the form a0 - a1 + a2 - a3 with each below 2^252
// but the last, which is small.
Scalar reduce(const uint8_t* octets64) {
  uint64_t x[8], lo0[4], hi0[5], p1[7], lo1[4], hi1[4], p2[6], lo2[4], hi2[3], p3[5];
  std::memcpy(x, octets64, sizeof x);
  split<8>(x, lo0, hi0);     // hi0 < 2^260
  times_c<7>(hi0, p1);       // < 2^385
  split<7>(p1, lo1, hi1);    // hi1 < 2^133
  times_c<6>(hi1, p2);       // < 2^258
  split<6>(p2, lo2, hi2);    // hi2 < 2^6
  times_c<5>(hi2, p3);       // < 2^131
  uint64_t plus[4], minus[4];
  std::memcpy(plus, lo0, sizeof plus);
  add_to(plus, lo2, 4);      // < 2^253
  std::memcpy(minus, lo1, sizeof minus);
  add_to(minus, p3, 4);      // < 2^253
  add_to(plus, kL, 4);       // minus < 2^252 + 2^131 < 2 L
  add_to(plus, kL, 4);       // < 2^253 + 2 L < 4 L, no carry out of 256 bits
  take_from(plus, minus, 4);
  Scalar out;
  std::memcpy(out.w, plus, sizeof out.w);
  for (int round = 0; round < 4; ++round) {
    uint64_t less[4];
    std::memcpy(less, out.w, sizeof less);
    if (take_from(less, kL, 4) != 0) break;
    std::memcpy(out.w, less, sizeof out.w);
  }
  return out;
}

// With half a digit added at every place, plain digits minus that half are the signed ones.
void recode(const Scalar& k, unsigned width, size_t count, int16_t* digits) {
  uint64_t half[4] = {0, 0, 0, 0}, sum[5];
  for (size_t i = 0; i + 1 < count; ++i) {
    const size_t bit = width * i + width - 1;
    half[bit / 64] |= uint64_t{1} << (bit % 64);
  }
  std::memcpy(sum, k.w, sizeof k.w);
  sum[4] = add_to(sum, half, 4);
  const uint64_t mask = (uint64_t{1} << width) - 1;
  for (size_t i = 0; i < count; ++i) {
    const size_t bit = width * i, word = bit / 64, shift = bit % 64;
    uint64_t digit = sum[word] >> shift;
    if (shift > 64 - width) digit |= sum[word + 1] << (64 - shift);
    digits[i] = static_cast<int16_t>(static_cast<int64_t>(digit & mask) - (i + 1 < count ? int64_t{1} << (width - 1) : 0));
  }
}

bool below_order(const uint8_t* s) {
  Scalar k = scalar_from(s);
  return take_from(k.w, kL, 4) != 0;
}

bool canonical(const uint8_t* point) {  // y < p = 2^255 - 19
  const Scalar y = scalar_from(point);
  return (y.w[3] | ~kTop) != kFull || y.w[2] != kFull || y.w[1] != kFull || y.w[0] < 0xffffffffffffffed;
}

bool small_order(const uint8_t* point) {
  const Scalar y = scalar_from(point);
  for (const auto& bad : kSmallOrder) {
    if (y.w[0] == bad[0] && y.w[1] == bad[1] && y.w[2] == bad[2] && (y.w[3] & kTop) == bad[3]) return true;
  }
  return false;
}

}  // namespace nrid::ed25519
