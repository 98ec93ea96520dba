// cSHAKE128 (NIST SP 800-185 section 3), the hash of DETs (RFC 9374 section 3.5.1.1) and of DRIP Manifests (RFC 9575
// section 4.4.3). libsodium has no Keccak, and this one knows its two customisation strings at compile time, so that
// the hash of a key is one permutation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"

namespace nrid {

// Fills `out`, of any length. N is the function name (empty but for NIST's own functions), S the customisation; with
// both empty this is SHAKE128.
void cshake128(Bytes message, std::string_view N, Bytes S, std::span<uint8_t> out);

// The low 64 bits of a DET: `prefix8` is prefix|RAA|HDA|suite, `hi32` the raw public key (RFC 9374 section 3.5.2).
std::array<uint8_t, 8> orchid_hash(Bytes prefix8, Bytes hi32);

// RFC 9575 section 4.4.3, the hash of Manifests: S = "Remote ID Auth Hash", 8 octets.
std::array<uint8_t, 8> drip_message_hash(Bytes message);

}  // namespace nrid
