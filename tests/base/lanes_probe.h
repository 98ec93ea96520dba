// The arithmetic of one kind of lanes as plain functions, for tests. Elements are limbs[5][lanes] or words[4][lanes].
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/ed25519/sha512_lanes.h"

namespace nrid::ed25519 {

struct Probe {
  size_t lanes;
  void (*product)(const uint64_t* a, const uint64_t* b, uint64_t* words);
  void (*square)(const uint64_t* a, uint64_t* words);
  void (*sum)(const uint64_t* a, const uint64_t* b, uint64_t* words);
  void (*difference)(const uint64_t* a, const uint64_t* b, uint64_t* words);
  void (*inverse)(const uint64_t* a, uint64_t* words);
  void (*value)(const uint64_t* a, uint64_t* words);          // frozen
  void (*limbs)(const uint64_t* a, uint64_t* out);            // of a * a, as settle() leaves them
  // -(p + q) or, in the lanes of `negative`, -(p - q); by the formula for addends, and by the one for rows of a table. Returns the
  // lanes in which both are points.
  unsigned (*add)(const uint8_t* const* p, const uint8_t* const* q, unsigned negative, bool by_row, uint8_t (*out)[32]);
  void (*twice)(const uint8_t* const* p, uint8_t (*out)[32]);  // -2p
  void (*hash)(const HashInput* in, uint8_t (*out)[64]);
};

extern const Probe kProbeAvx2, kProbeAvx512;

}  // namespace nrid::ed25519
