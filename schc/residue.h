// The size prefix of variable-length residues, RFC 8724 section 7.4.2:
//   0..14       4 bits
//   15..254     1111, 8 bits
//   255..65535  1111 11111111, 16 bits
#pragma once

#include "base/bits.h"
#include "base/result.h"

namespace nrid::schc {

inline constexpr size_t kSizeMax = 65535;

inline constexpr size_t size_prefix_bits(size_t size) { return size < 15 ? 4 : size < 255 ? 12 : 28; }

inline void write_size(BitWriter& out, size_t size) {
  switch (size_prefix_bits(size)) {
    case 4: out.bits(size, 4); break;
    case 12: out.bits(0xf00 | size, 12); break;
    default: out.bits(0xfff0000 | size, 28); break;
  }
}

// Only the shortest form is accepted, so that one message has one compressed form. Errors: schc_truncated, schc_size.
inline Error read_size(BitReader& in, size_t& size) {
  size = in.bits(4);
  if (size == 15) size = in.bits(8);
  else return in.ok() ? Error::none : Error::schc_truncated;
  const bool long_form = size == 255;
  if (long_form) size = in.bits(16);
  if (!in.ok()) return Error::schc_truncated;
  return size < (long_form ? 255U : 15U) ? Error::schc_size : Error::none;
}

}  // namespace nrid::schc
