#include "base/digest.h"

#include <sodium.h>

namespace nrid {

static_assert(crypto_shorthash_siphashx24_BYTES == sizeof(Digest16));
static_assert(crypto_shorthash_siphashx24_KEYBYTES == sizeof(DigestKey));

Digest16 keyed_digest(const DigestKey& key, Bytes message) {
  Digest16 out{};
  crypto_shorthash_siphashx24(out.data(), message.data(), message.size(), key.data());
  return out;
}

}  // namespace nrid
