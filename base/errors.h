// Every way in which a peer's input can be refused: one Error, one reply, one counter word, one sentence.
// The counter word is also what the inspector prints as "error" and what /metrics shows as reason="...".
// To add one: a line in the enum and a row at the same place in the table; the static_assert finds a slip.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace nrid {

enum class Error : uint8_t {
  none = 0,
  // datagram and SCHC
  bad_length, schc_no_rule, schc_truncated, schc_mapping, schc_size, schc_padding, schc_too_large,
  // CoAP
  coap_version, coap_format, coap_option, coap_path, coap_method, coap_accept, coap_content_format, coap_too_large,
  coap_block, coap_proxy, coap_unmatched,
  // CBOR, COSE, CWT
  malformed, bad_alg, bad_kid, unsupported_suite, bad_claims, hid_not_accepted, expired, not_yet_valid, wrong_sp,
  // identity and signatures
  bad_pack, signature_form, bad_signature, unknown_key, key_unavailable, det_hi_mismatch, det_revoked, bad_endorsement,
  bad_certificate, certificate_expired, certificate_not_yet_valid, untrusted_chain, endorsement_expired, endorsement_not_yet_valid,
  endorsement_parent, dns_nxdomain, dns_servfail, dns_timeout, dns_unreachable, dns_insecure,
  // ASTM F3411 and DRIP
  truncated, rid_type, bad_auth, bad_wrapper, wrapper_signature, wrapper_expired, basic_id_mismatch, c2_origin, value_range,
  // operation and load
  not_owner, rate, late_after_end, overload, parking_full, source_budget, shed,
  // the gateway's side: what it refuses of a provider's words (R-064, R-065)
  wrong_signer, wrong_ua, stale_word,
  // and of what flight controllers and Broadcast RID senders bring it
  mavlink_frame, mavlink_crc, mavlink_flags, foreign_source,
  // local: a caller's buffer or argument
  no_space, internal,
  count_
};

// CoAP reply codes, RFC 7252 section 12.1.2; the two below 0x80 are message-layer reactions.
inline constexpr uint8_t kSilence = 0x00;
inline constexpr uint8_t kResetIfConfirmable = 0x01;  // RFC 7252 4.2: CON gets RST, NON silence (R-028)

struct ErrorInfo {
  Error error;
  uint8_t reply;             // CoAP code as on the wire (class << 5 | detail), or one of the two above
  std::string_view counter;  // unique; kept for good
  std::string_view text;     // what the operator reads
};

inline constexpr ErrorInfo kErrors[] = {
    // error                      reply                counter                 what the operator reads
    {Error::none,                 kSilence,            "none",                 "no error"},
    {Error::bad_length,           kSilence,            "bad_length",           "datagram under 4 (SCHC: 1) or over 1280 octets"},
    {Error::schc_no_rule,         kSilence,            "schc_no_rule",         "no SCHC rule has this RuleID"},
    {Error::schc_truncated,       kSilence,            "schc_truncated",       "SCHC residue ends inside a field"},
    {Error::schc_mapping,         kSilence,            "schc_mapping",         "SCHC mapping index beyond its list"},
    {Error::schc_size,            kSilence,            "schc_size",            "SCHC size prefix not in its shortest form, or a size the field cannot have"},
    {Error::schc_padding,         kSilence,            "schc_padding",         "SCHC padding bits are not zero"},
    {Error::schc_too_large,       kSilence,            "schc_too_large",       "decompressed CoAP message over the rule set's limit"},
    {Error::coap_version,         kSilence,            "coap_version",         "CoAP version is not 1"},
    {Error::coap_format,          kResetIfConfirmable, "coap_format",          "CoAP message format error (RFC 7252 section 3)"},
    {Error::coap_option,          0x82,                "coap_option",          "CoAP critical option unknown, repeated or of wrong length"},
    {Error::coap_path,            0x84,                "coap_path",            "CoAP Uri-Path is not the Net-RID resource"},
    {Error::coap_method,          0x85,                "coap_method",          "CoAP method is not POST"},
    {Error::coap_accept,          0x86,                "coap_accept",          "CoAP Accept is not 61 (application/cwt)"},
    {Error::coap_content_format,  0x8f,                "coap_content_format",  "CoAP Content-Format is neither 61 nor 18"},
    {Error::coap_too_large,       0x8d,                "coap_too_large",       "CoAP payload over 1024 octets"},
    {Error::coap_block,           0x82,                "coap_block",           "CoAP block-wise transfer is not offered"},
    {Error::coap_proxy,           0xa5,                "coap_proxy",           "CoAP proxying is not offered"},
    {Error::coap_unmatched,       kResetIfConfirmable, "coap_unmatched",       "CoAP response to a request that we did not send"},
    {Error::malformed,            0x80,                "malformed",            "payload is not a deterministic CBOR COSE_Sign1 with a claims map"},
    {Error::bad_alg,              0x80,                "bad_alg",              "COSE alg is not -8 or -19 in the protected header alone"},
    {Error::bad_kid,              0x80,                "bad_kid",              "COSE kid is not a DET (2001:30::/28)"},
    {Error::unsupported_suite,    0x80,                "unsupported_suite",    "DET suite is not 5 (EdDSA/cSHAKE128)"},
    {Error::bad_claims,           0x80,                "bad_claims",           "CWT claim missing, of wrong type, out of range, or body not of its subject"},
    {Error::hid_not_accepted,     0x83,                "hid_not_accepted",     "RAA/HDA of the DET is not in accept_hids"},
    {Error::expired,              0x81,                "expired",              "CWT expired before it was received"},
    {Error::not_yet_valid,        0x81,                "not_yet_valid",        "CWT nbf or iat lies in the future beyond the accepted skew"},
    {Error::wrong_sp,             0x83,                "wrong_sp",             "CWT is addressed to another service provider"},
    {Error::bad_pack,             0x80,                "bad_pack",             "ASTM F3411 message pack header, length or content inconsistent"},
    {Error::signature_form,       0x81,                "signature_form",       "Ed25519 signature has S >= L or a small-order R"},
    {Error::bad_signature,        0x81,                "bad_signature",        "CWT signature does not verify"},
    {Error::unknown_key,          0x81,                "unknown_key",          "no key is registered for this DET"},
    {Error::key_unavailable,      0xa3,                "key_unavailable",      "key of this DET could not be fetched in time"},
    {Error::det_hi_mismatch,      0x81,                "det_hi_mismatch",      "key does not hash to its DET (RFC 9374)"},
    {Error::det_revoked,          0x83,                "det_revoked",          "DET is revoked"},
    {Error::bad_endorsement,      0x81,                "bad_endorsement",      "Broadcast Endorsement wrong in form or signature"},
    {Error::bad_certificate,      0x81,                "bad_certificate",      "registration certificate wrong in form or signature"},
    {Error::certificate_expired,  0x81,                "certificate_expired",  "registration certificate has expired"},
    {Error::certificate_not_yet_valid, 0x81,           "certificate_not_yet_valid", "registration certificate is not valid yet"},
    {Error::untrusted_chain,      0x81,                "untrusted_chain",      "chain of the key ends in no configured trust anchor"},
    {Error::endorsement_expired,  0x81,                "endorsement_expired",  "Broadcast Endorsement has expired"},
    {Error::endorsement_not_yet_valid, 0x81,           "endorsement_not_yet_valid", "Broadcast Endorsement is not valid yet"},
    {Error::endorsement_parent,   0x81,                "endorsement_parent",   "Broadcast Endorsement is not by the HDA of the DET's HID"},
    {Error::dns_nxdomain,         0x81,                "dns_nxdomain",         "no such DET in DNS"},
    {Error::dns_servfail,         0xa3,                "dns_servfail",         "DNS resolver failed (SERVFAIL: DNSSEC bogus, or its upstream is broken)"},
    {Error::dns_timeout,          0xa3,                "dns_timeout",          "DNS resolver did not answer in time"},
    {Error::dns_unreachable,      0xa3,                "dns_unreachable",      "no DNS resolver reached at the configured address"},
    {Error::dns_insecure,         0xa3,                "dns_insecure",         "DNS answer is not DNSSEC-validated, and dns.require_ad is on"},
    {Error::truncated,            0x80,                "truncated",            "message ends inside a field"},
    {Error::rid_type,             0x80,                "rid_type",             "ASTM F3411 message type unknown or out of place"},
    {Error::bad_auth,             0x80,                "bad_auth",             "ASTM F3411 authentication pages missing, repeated or inconsistent"},
    {Error::bad_wrapper,          0x80,                "bad_wrapper",          "DRIP Wrapper evidence has a wrong length, type or order"},
    {Error::wrapper_signature,    0x81,                "wrapper_signature",    "DRIP signature of the aircraft does not verify"},
    {Error::wrapper_expired,      0x81,                "wrapper_expired",      "DRIP VNB/VNA window does not hold now, or is too long"},
    {Error::basic_id_mismatch,    0x83,                "basic_id_mismatch",    "Basic ID session id differs from the Wrapper's DET"},
    {Error::c2_origin,            0x83,                "c2_origin",            "pack without a Wrapper, and allow_c2_origin is off"},
    {Error::value_range,          0x80,                "value_range",          "value outside the range of its field"},
    {Error::not_owner,            0x83,                "not_owner",            "this gateway may not speak for this aircraft"},
    {Error::rate,                 0x9d,                "rate",                 "more messages a second than this DET may send"},
    {Error::late_after_end,       0x83,                "late_after_end",       "message is not newer than the end of its operation"},
    {Error::overload,             0xa3,                "overload",             "no room: a bounded queue or table is full"},
    {Error::parking_full,         0xa3,                "parking_full",         "too many messages wait for keys"},
    {Error::source_budget,        kSilence,            "source_budget",        "under load: the address or its network sends more than it may unproven"},
    {Error::shed,                 0xa3,                "shed",                 "under load: others of its class, or newer messages, went first"},
    {Error::wrong_signer,         kSilence,            "wrong_signer",         "Heartbeat or end signed by another than the current service provider"},
    {Error::wrong_ua,             kSilence,            "wrong_ua",             "Heartbeat or end about another aircraft"},
    {Error::stale_word,           kSilence,            "stale_word",           "Heartbeat or end older than the last accepted one"},
    {Error::mavlink_frame,        kSilence,            "mavlink_frame",        "octets that are no MAVLink frame, or a cut one"},
    {Error::mavlink_crc,          kSilence,            "mavlink_crc",          "MAVLink frame whose CRC does not hold"},
    {Error::mavlink_flags,        kSilence,            "mavlink_flags",        "MAVLink frame with an incompatibility flag that is unknown here"},
    {Error::foreign_source,       kSilence,            "foreign_source",       "message of another vehicle, or of a component that may not say it"},
    {Error::no_space,             kSilence,            "no_space",             "output buffer too small"},
    {Error::internal,             0xa0,                "internal",             "internal error"},
};

constexpr bool errors_in_order() {
  if (std::size(kErrors) != static_cast<size_t>(Error::count_)) return false;
  for (size_t i = 0; i < std::size(kErrors); ++i) {
    if (static_cast<size_t>(kErrors[i].error) != i) return false;
    for (size_t j = 0; j < i; ++j) {
      if (kErrors[i].counter == kErrors[j].counter) return false;
    }
  }
  return true;
}
static_assert(errors_in_order());

inline constexpr const ErrorInfo& info(Error error) { return kErrors[static_cast<size_t>(error)]; }

}  // namespace nrid
