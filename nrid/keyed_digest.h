// A keyed digest whose key is drawn at start and dies with the process (base/digest.h): for tables whose keys a peer chooses.
#pragma once

#include "base/digest.h"
#include "base/random.h"

namespace nrid {

class KeyedDigest {
 public:
  explicit KeyedDigest(Random& random) { random.fill(key_); }
  Digest16 of(Bytes input) const { return keyed_digest(key_, input); }

 private:
  DigestKey key_{};
};

}  // namespace nrid
