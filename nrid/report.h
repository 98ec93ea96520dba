// What a verify worker hands to an operation shard: values that outlive the datagram, everything verified.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/key_source.h"
#include "base/profile.h"
#include "cwt/cose.h"
#include "nrid/keyed_digest.h"
#include "nrid/peers.h"
#include "nrid/reply.h"
#include "nrid/sighting.h"
#include "rid/manifest.h"
#include "rid/pack.h"

namespace nrid {

// Octets by value, up to the largest payload; copying costs what it holds. A worker allocates nothing for a message.
class SmallOctets {
 public:
  SmallOctets() = default;
  SmallOctets(const SmallOctets& other) { assign(other.bytes()); }
  SmallOctets& operator=(const SmallOctets& other) {
    if (this != &other) assign(other.bytes());
    return *this;
  }
  void assign(Bytes octets) {           // precondition: at most profile::kPayloadMax
    CHECK(octets.size() <= octets_.size());
    size_ = static_cast<uint16_t>(octets.size());
    if (size_ != 0) std::memcpy(octets_.data(), octets.data(), size_);
  }
  Bytes bytes() const { return {octets_.data(), size_}; }

 private:
  uint16_t size_ = 0;
  std::array<uint8_t, profile::kPayloadMax> octets_;  // what lies behind size_ is not set
};

struct Report {
  enum class Kind : uint8_t { pack, end };
  Kind kind = Kind::pack;
  Det ua;
  Det gateway;
  Det sp;                               // whom it addressed: whose key signs the answer
  cwt::KidForm kid_form = cwt::KidForm::tagged_in_bstr;
  int64_t iat = 0;
  Instant received;
  ReplyPath path;
  Request request;
  bool echoed = false;                  // brought our Echo value back: its address is proven
  size_t octets = 0;                    // of the datagram, for the 3x ledger of R-029

  Verdict verdict = Verdict::verified;
  Origin origin = Origin::aircraft;
  KeyPtr gateway_key;
  KeyPtr ua_key;                        // null for a pack without a Wrapper
  bool wrapped = false;                 // `messages` were covered by a Wrapper
  std::array<rid::MessageOctets, rid::kPackMessagesMax> messages{};
  size_t message_count = 0;             // authenticated messages only
  Digest16 token_digest{};              // of the replay filter, for its shard to accept or forget
  Digest16 pack_digest{};               // tells the same pack in a newer CWT

  std::optional<rid::Manifest> manifest;  // verified (SAM 3)
  bool frame = false;                   // verified (SAM 4): feeds nothing
  std::optional<std::array<rid::Hash8, 3>> link_hashes;  // of a Link in this pack
  uint16_t pack_at = 0, pack_size = 0;  // where in `raw` the pack stands

  uint64_t end_code = 0;                // Kind::end
  SmallOctets raw;                      // the signed CWT
};

// The 2.04 in an ACK that echoes the token of a CON Heartbeat: the address is proven.
struct PathProof {
  Address peer;
  std::array<uint8_t, 8> token{};
};

// A copy of an accepted token, from this address: who raced the aircraft with a copy must not cut it off (T15).
struct CopyHeard {
  Det ua;
  ReplyPath from;
};

// Signed by a gateway that may speak for the aircraft, and its Wrapper does not verify.
struct Contradiction {
  Det ua;
  Det gateway;
  Instant received;
};

struct EndCommand {                     // a module ends an operation (eoo-cwt code 2)
  Det ua;
  std::string reason;
};

struct RedirectCommand {                // a module sends it to a peer
  Det ua;
  Det target;
};

struct ExpectedArrival {                // a peer reserved a place for it
  Reservation reservation;
  Tick until;
};

struct ShardInput {
  std::variant<std::monostate, Report, PathProof, CopyHeard, Contradiction, EndCommand, RedirectCommand, ExpectedArrival, PeerNews> what;
};

}  // namespace nrid
