// Where the journey gets the key of a DET. find() never blocks; what it does not hold is asked for with request() and
// comes back as one Answer per request, on the thread that calls poll(). Owned on the left, implemented by det/'s
// resolver and by tests, joined in apps/.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"

namespace nrid {

// Why a key is believed. "anchor": its chain of Broadcast Endorsements and certificates ends in a configured anchor.
enum class Trust : uint8_t { anchor, local };

struct KeyEntry {
  Det det;
  PreparedKey key;
  Trust trust = Trust::anchor;
  Instant valid_until;          // min(RR TTL, endorsement VNA, one hour), R-009; a stale key is served past it
  bool stale = false;           // served past valid_until because the resolver is down (R-009: at most 24 h, never past VNA)
  std::string chain;            // for people: "2001:..:dfe5 < 2001:..:eee5 < 2001:..:7789 (anchor)"
};
using KeyPtr = std::shared_ptr<const KeyEntry>;

class KeySource {
 public:
  struct Answer {
    Det det;
    KeyPtr key;                        // null on failure
    Error error = Error::none;         // unknown_key, key_unavailable, det_hi_mismatch, untrusted_chain, det_revoked ...
    std::string reason;                // one sentence for the operator; may be empty
  };

  virtual ~KeySource() = default;
  // Cached key or the cached negative answer; Error::key_unavailable means "not known yet: call request()".
  // Safe from any thread.
  virtual Result<KeyPtr> find(const Det& det, Now now) = 0;
  // A find() of this DET comes soon: what it reads may be fetched meanwhile.
  virtual void prefetch(const Det&) {}
  // Starts one look-up for this DET unless one is under way (single flight). Safe from any thread.
  virtual void request(const Det& det) = 0;
  // Called with each Answer, on the resolver's thread, in order of completion. Set once, before the first request.
  virtual void on_answer(std::function<void(const Answer&)> callback) = 0;
  // A Broadcast Endorsement chain link learned from a verified Link: becomes a key if its parent is trusted.
  virtual Result<KeyPtr> learn(Bytes endorsement136, Now now) = 0;
};

}  // namespace nrid
