// DRIP Manifest (RFC 9575 section 4.4): the hashes of what an aircraft has sent before, under its signature. It proves nothing new
// about messages that a Wrapper covers; it is supplementary evidence, and for messages that stood alone the only one.
// Form and signature are rid/auth.h's affair.
#pragma once

#include "rid/auth.h"

namespace nrid::rid {

using Hash8 = std::array<uint8_t, 8>;    // cSHAKE128, "Remote ID Auth Hash"
inline constexpr size_t kManifestHashesMax = 11;

//  off len  field                                          after VNB and VNA
//   0   8   hash of the Manifest before; of the first one a nonce
//   8   8   hash of this Manifest
//  16   8   hash of the Link
//  24  8n   hashes of messages, 1..11, in any order
struct Manifest {
  Hash8 previous{};
  Hash8 current{};
  Hash8 link{};
  std::array<Hash8, kManifestHashesMax> messages{};
  size_t count = 0;
};

// Precondition: evidence of SAM 3 as read_auth() gave it.
Manifest read_manifest(const Evidence& evidence);
// The octets of a Manifest's evidence, its current hash made (in the form of the RFC's example); for tests and senders.
size_t encode_manifest(const Manifest& manifest, std::span<uint8_t> out);

// The RFC's example hashes previous | 0^8 | link | messages, its text leaves the link out: both are right.
bool current_hash_ok(const Manifest& manifest);

// What `link` may be: of the endorsement (the RFC's example), with the SAM octet before it, or of all pages (the text).
std::array<Hash8, 3> link_hashes(const Pack& pack, std::span<const uint8_t, kEndorsementSize> endorsement);

// What a Manifest may name of a pack: the pack as a whole (extended transports) and each of its messages (legacy ones).
// Returns how many.
size_t pack_hashes(const Pack& pack, std::span<Hash8, 1 + kPackMessagesMax> out);

class HashRing {                         // of the newest messages and packs of one aircraft
 public:
  static constexpr size_t kSize = 64;
  void add(const Hash8& hash) { hashes_[next_++ % kSize] = hash; }
  bool contains(const Hash8& hash) const;

 private:
  std::array<Hash8, kSize> hashes_{};
  size_t next_ = 0;
};

}  // namespace nrid::rid
