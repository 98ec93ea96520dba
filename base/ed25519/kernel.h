// What one kind of lanes does, behind plain functions and plain data: the objects compiled for one processor (avx2.cc, avx512.cc) export
// one of these and nothing else, and nothing calls it before the processor has been asked (verifier.cc).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ed25519/scalar.h"

namespace nrid::ed25519 {

// A table's row: y - x, y + x, 2dxy, each 32 octets, little-endian, below p.
inline constexpr size_t kRowSize = 96;

// The comb of one key: rows j * 2^(6 * 3 * m) * (-A), j = 1..32, for m = 0..13, and j = 1, 2 for m = 14, where only the digit of 2^252 is
// left. 43 additions and 12 doublings judge a signature. 21 x 32 rows at every second digit would save six doublings for half as
// much memory again; docs/decisions.md has the numbers.
inline constexpr unsigned kKeyWidth = 6, kKeyStride = 3;
inline constexpr size_t kKeyDigits = 43, kKeyPlaces = 15, kKeyMultiples = 32;
inline constexpr size_t kKeyRows = (kKeyPlaces - 1) * kKeyMultiples + 2;
inline constexpr size_t kKeyTableSize = kKeyRows * kRowSize;

// The comb of the base point: rows j * 2^(8 m) * B, j = 1..128, m = 0..31; no doubling.
inline constexpr unsigned kBaseWidth = 8;
inline constexpr size_t kBaseDigits = 32, kBaseMultiples = 128;
inline constexpr size_t kBaseTableSize = kBaseDigits * kBaseMultiples * kRowSize;

// An unknown key: 252 doublings, 64 additions of eight multiples.
inline constexpr unsigned kPlainWidth = 4;
inline constexpr size_t kPlainDigits = 64, kPlainMultiples = 8;

inline constexpr size_t kTasksMax = 128;  // of one call

// One signature. The caller has refused S >= L, R of small order, and keys that are of small order or not canonical.
struct Task {  // borrowed
  const uint8_t* key;
  const uint8_t* signature;
  const uint8_t* message;
  size_t length;
  const uint8_t* table;  // the comb of this key, or null
  bool good;             // the verdict
};

struct Kernel {
  const char* name;
  size_t lanes;
  // Tasks with a table stand first: `known` of them. count <= kTasksMax.
  void (*verify)(Task* tasks, size_t known, size_t count, const uint8_t* base_table);
  // One comb a key, keys <= lanes; every key has verified a signature, so it decodes. Each table has kKeyTableSize octets.
  void (*build_keys)(const uint8_t* const* keys, size_t count, uint8_t* const* tables);
  void (*build_base)(uint8_t* table);
};

}  // namespace nrid::ed25519
