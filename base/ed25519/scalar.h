// Scalars of Ed25519 (RFC 8032 section 5.1): 256-bit integers of four words, little-endian, and the constants of SHA-512. Plain
// C++ for every processor: a few tens of nanoseconds a signature.
#pragma once

#include <cstddef>
#include <cstdint>

namespace nrid::ed25519 {

struct Scalar {
  uint64_t w[4];
};

// Little-endian octets to words.
Scalar scalar_from(const uint8_t* octets32);

// 512 bits, little-endian, modulo L.
Scalar reduce(const uint8_t* octets64);

// k = sum of digit[i] * 2^(width * i), i < count; every digit but the last in [-2^(width-1), 2^(width-1)), the last one what is left:
// 0..2^(width-1). For k < 2^253, width * (count - 1) <= 252 and enough digits.
void recode(const Scalar& k, unsigned width, size_t count, int16_t* digits);

// The strict rules of libsodium 1.0.18: S < L; an encoding of y < p; none of the points of order 1, 2, 4, 8, nor their
// non-canonical twins, whatever the sign bit.
bool below_order(const uint8_t* s);
bool canonical(const uint8_t* point);
bool small_order(const uint8_t* point);

}  // namespace nrid::ed25519
