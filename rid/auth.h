// DRIP authentication (RFC 9575): pages to authentication data, Wrapper in both forms, Link, Manifest, Frame; checked
// and built. Signatures are judged elsewhere in batches: here are the octets that must be signed.
#pragma once

#include "base/det.h"
#include "base/ed25519.h"
#include "rid/pack.h"

namespace nrid::rid {

enum class Sam : uint8_t { link = 1, wrapper = 2, manifest = 3, frame = 4 };

inline constexpr size_t kAuthDataMax = 201;
inline constexpr size_t kEvidenceMax = 112;
inline constexpr size_t kEndorsementSize = 136;

struct AuthPolicy {
  Duration skew = seconds(5);
  bool conformance = false;           // Unix seconds in UA evidence are refused
};

// One authentication message of a pack, reassembled.
struct AuthData {
  Sam sam = Sam::wrapper;
  std::array<uint8_t, kAuthDataMax> octets{};  // from the SAM octet on
  size_t size = 0;
  uint8_t extra_pages = 0;            // parity pages ignored
  Bytes bytes() const { return {octets.data(), size}; }
};

// What the UA signed, for SAM 2, 3, 4.
struct Evidence {
  Sam sam = Sam::wrapper;
  bool extended = false;              // evidence was rebuilt from the pack
  Det ua;
  Instant not_before;
  Instant not_after;
  bool unix_epoch = false;            // times were Unix seconds
  std::array<uint8_t, 4 + 4 + kEvidenceMax + 16> signed_octets{};
  size_t signed_size = 0;
  Signature signature{};
  size_t message_count = 0;           // covered messages, Wrapper only
  Bytes signed_bytes() const { return {signed_octets.data(), signed_size}; }
  // Covered message i; valid for a Wrapper.
  RawMessage message(size_t index) const { return RawMessage(signed_octets.data() + 8 + index * kMessageSize, kMessageSize); }
};

struct PackAuth {                     // all that a pack says of its authenticity
  std::optional<Evidence> wrapper;    // SAM 2; a pack with two is refused
  std::optional<std::array<uint8_t, kEndorsementSize>> link;  // SAM 1: a Broadcast Endorsement, not judged here
  std::optional<Evidence> other;      // SAM 3 or 4: verified, feeds nothing
  uint8_t extra_pages = 0;
};

// Reassembles and checks form and evidence, not times and not signatures.
// Errors: bad_auth (pages, or a SAM that is not DRIP's), bad_wrapper (evidence, or a UA that is no DET). The SAM octet alone
// decides: the Link that RFC 9575 appendix B prints with SAM 4 is a Frame whose signature fails, never a Link.
Result<PackAuth> read_auth(const Pack& pack);

// VNB < VNA, window <= 300 s, VNB <= now + skew, now <= VNA + skew. Error::wrapper_expired.
Result<void> check_window(const Evidence& evidence, Instant now, const AuthPolicy& policy);

// Sender's side. The messages must be of types 0, 1, 3, 4, 5 and ascending, 1..4 of them: Error::bad_wrapper.
// extended: the messages stand beside 5 pages; full: they stand inside 6..9 pages.
enum class WrapperForm : uint8_t { extended, full };
Result<Bytes> build_wrapper_pack(std::span<const MessageOctets> messages, WrapperForm form, const Det& ua, const Signer& signer,
                                 Instant now, std::span<uint8_t> out);
// 7 pages with the endorsement, after up to 2 plain messages.
Result<Bytes> build_link_pack(std::span<const MessageOctets> messages, std::span<const uint8_t, kEndorsementSize> endorsement,
                              Instant now, std::span<uint8_t> out);

}  // namespace nrid::rid
