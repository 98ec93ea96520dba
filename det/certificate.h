// The registration certificate inside an HHIT record: X.509v3, Ed25519, issuer = one CN of the issuer's DET in 32 hex
// digits, subject empty for end entities and a CN for DIMEs, subjectAltName critical with the DET as iPAddress and a URI,
// basicConstraints CA critical for RAA and HDA (the profile of RFC 9886 appendix A). OpenSSL knows the form and nothing
// more: what is signed is cut out as received and judged by base/, and a secret never enters OpenSSL.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"

namespace nrid::det {

// AlgorithmIdentifier ::= SEQUENCE { OID 1.3.101.112 }: RFC 8410 section 3, no parameters.
inline constexpr uint8_t kEd25519Algorithm[] = {0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70};
inline constexpr size_t kCertificateMax = 4096;  // octets of DER; those of the profile have 270 to 400

struct Certificate {
  Det det;                       // subjectAltName iPAddress
  PublicKey key{};
  Det issuer;
  Instant not_before;
  Instant not_after;
  bool authority = false;        // basicConstraints CA: it may register others
  std::string subject;           // CN; empty for end entities
  std::string uri;               // first URI of the subjectAltName; may be empty
  Buffer tbs;                    // what the signature covers, as received
  Signature signature{};
  bool self_signed() const { return det == issuer; }
};

// Exactly one certificate and nothing behind it. Error::bad_certificate when it is not of the profile. Whether the key
// hashes to the DET, the window holds and the signature is the issuer's is judged by who believes it (chain.cc).
Result<Certificate> read_certificate(Bytes der);

// The two rules of a certificate's validity, apart because the window is judged before the issuer's key is known.
Error window_fault(const Certificate& certificate, Instant now);  // certificate_expired, certificate_not_yet_valid, none
inline bool in_window(const Certificate& certificate, Instant now) { return window_fault(certificate, now) == Error::none; }
bool signed_by(const Certificate& certificate, const PublicKey& issuer_key);

struct CertificateRequest {
  Det det;
  PublicKey key{};
  Det issuer;
  Instant not_before;            // whole seconds
  Instant not_after;
  bool authority = false;
  std::string subject;           // CN for authorities; empty otherwise
  std::string uri;               // empty: none
  Buffer serial;                 // positive, big-endian, 1 to 20 octets
};
// DER, signed by `issuer_signer`. Error::value_range for a request that cannot be written, Error::internal when the signer
// fails.
Result<Buffer> make_certificate(const CertificateRequest& request, const Signer& issuer_signer);

}  // namespace nrid::det
