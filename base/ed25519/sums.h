// SB - hA in lanes, for keys with and without a comb, and the tables that they read.
#pragma once

#include "base/ed25519/kernel.h"
#include "base/ed25519/point.h"

namespace nrid::ed25519 {

inline constexpr uint64_t kNeutralRow[kRowSize / 8] = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};

// The digits of one lane's scalars.
struct Digits {
  int16_t base[kBaseDigits];
  int16_t key[kPlainDigits];  // kKeyDigits or kPlainDigits of them
};

template <class V>
NRID_HOT void add_rows(Point<V>& p, const uint8_t* const* rows, unsigned negative) {
  V w[12];
  gather_rows(rows, 0, w);
  gather_rows(rows, 32, w + 4);
  gather_rows(rows, 64, w + 8);
  add_affine<true>(p, Affine<V>{from_words(w), from_words(w + 4), from_words(w + 8)}, V::mask(negative));
}

NRID_INLINE const uint8_t* row_of(const uint8_t* rows, int digit) {  // rows of 1, 2, 3 ... times
  const int multiple = digit < 0 ? -digit : digit;
  return digit == 0 ? reinterpret_cast<const uint8_t*>(kNeutralRow) : rows + static_cast<size_t>(multiple - 1) * kRowSize;
}

template <class V>
[[gnu::noinline]] void add_base(Point<V>& p, const Digits* digits, const uint8_t* table) {
  const uint8_t* rows[V::kLanes];
  for (size_t place = 0; place < kBaseDigits; ++place) {
    unsigned negative = 0;
    for (size_t lane = 0; lane < V::kLanes; ++lane) {
      const int digit = digits[lane].base[place];
      rows[lane] = row_of(table + place * kBaseMultiples * kRowSize, digit);
      negative |= unsigned{digit < 0} << lane;
    }
    add_rows(p, rows, negative);
  }
}

template <class V>
NRID_INLINE void prefetch_rows(const Digits* digits, const uint8_t* const* tables, size_t digit) {
  for (size_t lane = 0; lane < V::kLanes; ++lane) {
    const uint8_t* row = row_of(tables[lane] + digit / kKeyStride * kKeyMultiples * kRowSize, digits[lane].key[digit]);
    __builtin_prefetch(row);
    __builtin_prefetch(row + kRowSize - 1);
  }
}

// p = h * (-A) from the combs; while it runs, what the next lanes will read comes nearer (next: null at the end).
template <class V>
[[gnu::noinline]] void sum_known(Point<V>& p, const Digits* digits, const uint8_t* const* tables, const Digits* next,
                                 const uint8_t* const* next_tables) {
  const uint8_t* rows[V::kLanes];
  p = neutral<V>();
  for (size_t rest = kKeyStride; rest-- > 0;) {
    if (rest + 1 < kKeyStride) {
      for (unsigned i = 0; i + 1 < kKeyWidth; ++i) double_point<false>(p);
      double_point<true>(p);
    }
    for (size_t digit = rest; digit < kKeyDigits; digit += kKeyStride) {
      if (next != nullptr) prefetch_rows<V>(next, next_tables, digit);
      unsigned negative = 0;
      for (size_t lane = 0; lane < V::kLanes; ++lane) {
        const int value = digits[lane].key[digit];
        rows[lane] = row_of(tables[lane] + digit / kKeyStride * kKeyMultiples * kRowSize, value);
        negative |= unsigned{value < 0} << lane;
      }
      add_rows(p, rows, negative);
    }
  }
}

// Multiples of one point, lane by lane, as 20 words each: the addends of sum_plain, 0 first.
inline constexpr size_t kPlainRow = 160;
template <class V>
struct PlainTable {
  alignas(64) uint8_t rows[V::kLanes][kPlainMultiples + 1][kPlainRow];
};

template <class V>
NRID_INLINE void put_addend(const Addend<V>& q, size_t multiple, PlainTable<V>& table) {
  uint8_t* at[V::kLanes];
  for (size_t lane = 0; lane < V::kLanes; ++lane) at[lane] = table.rows[lane][multiple];
  V words[20];
  for (size_t i = 0; i < 5; ++i) {
    words[i] = q.minus.l[i];
    words[5 + i] = q.plus.l[i];
    words[10 + i] = q.z.l[i];
    words[15 + i] = q.t2d.l[i];
  }
  for (size_t i = 0; i < 5; ++i) scatter_rows(words + 4 * i, 32 * i, at);
}

template <class V>
NRID_INLINE Addend<V> get_addend(const uint8_t* const* at) {
  V words[20];
  for (size_t i = 0; i < 5; ++i) gather_rows(at, 32 * i, words + 4 * i);
  Addend<V> q;
  for (size_t i = 0; i < 5; ++i) {
    q.minus.l[i] = words[i];
    q.plus.l[i] = words[5 + i];
    q.z.l[i] = words[10 + i];
    q.t2d.l[i] = words[15 + i];
  }
  return q;
}

template <class V>
[[gnu::noinline]] void fill_plain(const Point<V>& a, PlainTable<V>& table) {
  const Point<V> zero = neutral<V>();
  put_addend(Addend<V>{zero.minus, zero.plus, zero.z, zero.t}, 0, table);
  const Addend<V> one = addend(a);
  put_addend(one, 1, table);
  Point<V> multiple = a;
  double_point<true>(multiple);
  put_addend(addend(multiple), 2, table);
  for (size_t j = 3; j <= kPlainMultiples; ++j) {
    add_point<true>(multiple, one, V::mask(0));
    put_addend(addend(multiple), j, table);
  }
}

// p = h * a by signed digits of four bits, the doublings shared by all lanes.
template <class V>
[[gnu::noinline]] void sum_plain(Point<V>& p, const Digits* digits, const PlainTable<V>& table) {
  const uint8_t* rows[V::kLanes];
  p = neutral<V>();
  for (size_t digit = kPlainDigits; digit-- > 0;) {
    if (digit + 1 < kPlainDigits) {
      for (unsigned i = 0; i + 1 < kPlainWidth; ++i) double_point<false>(p);
      double_point<true>(p);
    }
    unsigned negative = 0;
    for (size_t lane = 0; lane < V::kLanes; ++lane) {
      const int value = digits[lane].key[digit];
      rows[lane] = table.rows[lane][value < 0 ? -value : value];
      negative |= unsigned{value < 0} << lane;
    }
    add_point<true>(p, get_addend<V>(rows), V::mask(negative));
  }
}

}  // namespace nrid::ed25519
