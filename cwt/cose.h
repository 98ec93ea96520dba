// COSE_Sign1 (RFC 9052 section 4.2) with Ed25519, as profile NRID-00/R1 uses it: decode is free (shape only), verify
// is dear (base/ed25519.h). Views borrow from the octets that were decoded.
#pragma once

#include <optional>

#include "base/bytes.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"

namespace nrid::cwt {

// How a peer wrote its kid; we answer in the form that it used.
enum class KidForm : uint8_t {
  tagged_in_bstr,  // bstr(19) D8 36 50 || DET: what we emit
  bare,            // bstr(16)
  literal_tag,     // the draft's 54(bstr 16) in place of a bstr
};

struct Sign1 {
  Bytes protected_header;   // content of the bstr, as received
  Bytes payload;            // content of the bstr
  std::span<const uint8_t, 64> signature = std::span<const uint8_t, 64>(VerifyJob::kZeros);
  Det kid;
  KidForm kid_form = KidForm::tagged_in_bstr;
  int64_t alg = 0;
};

// Errors: malformed, bad_alg, bad_kid (also DET outside 2001:30::/28), unsupported_suite. R-040..R-042, R-046.
Result<Sign1> decode_sign1(Bytes message);

// ["Signature1", protected, h'', payload] contiguous, because Ed25519 reads its message twice. Error::no_space.
Result<Bytes> signed_bytes(const Sign1& sign1, std::span<uint8_t> out);
inline constexpr uint64_t kTagIpv6 = 54;           // RFC 9164
inline constexpr size_t kSignedBytesMax = 1300;  // a datagram and its head

// A COSE_Sign1 around `payload`. Errors: no_space, internal (the signer failed).
Result<Bytes> sign1(Bytes payload, const Det& kid, KidForm form, const Signer& signer, std::span<uint8_t> out);

}  // namespace nrid::cwt
