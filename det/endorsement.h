// Broadcast Endorsement, RFC 9575 section 3.1.2.1: VNB 4 | VNA 4 | child DET 16 | child HI 32 | parent DET 16 | signature 64.
#pragma once

#include <array>

#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"

namespace nrid::det {

inline constexpr size_t kEndorsementSize = 136;

struct Endorsement {
  Instant not_before;
  Instant not_after;
  bool unix_epoch = false;                     // counts Unix seconds, as the examples of RFC 9575 and 9886 do (drip.md 2.3)
  Det child;
  PublicKey child_key{};
  Det parent;
  Signature signature{};
  std::array<uint8_t, 72> signed_octets{};
  bool self_signed() const { return child == parent; }
};

// Form and DET = hash(HI) of the child: bad_endorsement, det_hi_mismatch. Times and signature are judged below.
Result<Endorsement> decode_endorsement(Bytes octets);
// endorsement_expired, endorsement_not_yet_valid when the window does not hold at `now` (with skew); bad_endorsement when the
// signature is not the parent's. That parent may register child (det.h) is the caller's to ask.
Result<void> verify_endorsement(const Endorsement& endorsement, const PublicKey& parent_key, Instant now, Duration skew);
Error window_fault(const Endorsement& endorsement, Instant now, Duration skew);  // one of the first two, or none
inline bool in_window(const Endorsement& endorsement, Instant now, Duration skew) { return window_fault(endorsement, now, skew) == Error::none; }
// Error::value_range for times before 2019 or after 2067, or not ascending; Error::internal when the signer fails.
Result<std::array<uint8_t, kEndorsementSize>> make_endorsement(const Det& child, const PublicKey& child_key, const Det& parent,
                                                               const Signer& parent_signer, Instant not_before, Instant not_after);

}  // namespace nrid::det
