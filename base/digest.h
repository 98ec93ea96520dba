// Keyed digest of 128 bits, for tables that hold what peers send: the duplicate filter. The key is drawn at
// start, so that nobody can prepare two signatures that fall on one entry.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace nrid {

using Digest16 = std::array<uint8_t, 16>;
using DigestKey = std::array<uint8_t, 16>;

Digest16 keyed_digest(const DigestKey& key, Bytes message);  // SipHash-2-4 with 128 bits of output; any thread

}  // namespace nrid
