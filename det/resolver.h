// From a DET to a key that can be believed: the walk of RFC 9886 with the rules of drip.md 4.6. One HHIT record per level,
// each certificate checked against its DET, its issuer's key and its window, up to a configured trust anchor; every
// Broadcast Endorsement of the DET's BRID record checked along that same path (R-003, R-005..R-008). DNS carries
// records, it never gives trust. The judging (det/chain.h) is pure; this file asks, and hands it what came back.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/result.h"
#include "det/lookup.h"

namespace nrid::det {

struct TrustAnchor {
  Det det;
  PublicKey key{};
};
// "DET=HI": 32 hex digits or colon form, '=', 64 hex digits. The key must hash to the DET.
StatusOr<TrustAnchor> anchor_from_text(std::string_view text);

struct ResolverSettings {
  std::string servers = "127.0.0.1:53";    // "127.0.0.1:5353,[::1]:53"; port 53 if none is given
  int timeout_ms = 1000;                   // first try; later ones wait longer
  int tries = 2;
  bool require_ad = false;                 // every answer must carry AD, or the walk ends with dns_insecure
  bool require_endorsement = false;        // a DET without BRID endorsements is refused; a wish for addresses implies it
  bool fallback_name = true;               // {hash}.{suite}.{hda}.{raa}.2001003.hhit.arpa. after NXDOMAIN
  Duration skew = seconds(5);              // of endorsement windows (drip.md 2.3)
  Duration walk_max = seconds(5);          // the whole walk; what is later counts as a timeout
  std::vector<TrustAnchor> anchors;        // Apex, RAA or HDA; without any, every walk ends with untrusted_chain
};

// An authority on the way up, believed as far as the same walk believed the DET below it.
struct Issuer {
  Det det;
  PublicKey key{};
  Instant valid_until;                     // min(TTL, trust_until)
  Instant trust_until;                     // of its certificate and of all above it
};

struct Resolution {
  Det det;
  PublicKey key{};
  uint64_t entity_type = 0;                // RFC 9886 HHIT entity type
  std::string abbreviation;
  bool authority = false;                  // its certificate lets it register others
  Det parent;                              // issuer of the certificate; the DET itself for an anchor
  Buffer endorsement;                      // parent's Broadcast Endorsement of this DET, 136 octets; empty if none is published
  std::vector<IpAddress> addresses;        // AAAA, then A; only if they were wanted
  std::string uri;                         // URI of the certificate's subjectAltName, for when there is no address
  std::string name;                        // owner name that answered
  bool by_fallback = false;                // the fallback name answered, of the DET or of an issuer
  std::vector<Issuer> issuers;             // between the DET and the anchor, which is not among them
  Det anchor;                              // where the chain ends
  bool authenticated = false;              // every answer carried AD
  Instant valid_until;                     // min(TTL, notAfter, VNA, one hour), R-009
  Instant trust_until;                     // min(notAfter, VNA): nothing may serve the key beyond it
  std::string chain;                       // for people: "2001:..:dfe5 < 2001:..:eee5 < 2001:..:7789 (anchor)"
};

// One record that the walk rests on, or fails at, for whoever asks why.
struct Step {
  size_t level = 1;                        // 1: the DET that was asked for, 2: its issuer ...
  Det det;                                 // whom the record is about
  std::string_view record;                 // "HHIT", "BRID" for each endorsement in it, "anchor": what was configured
  std::optional<Instant> valid_until = {}; // notAfter, VNA; none where nothing was read
  bool judged = false;                     // false: the walk ended before
  Error error = Error::none;               // why it does not hold
};

// Where a walk failed, before the sentence that says why: "2001:..:dfe5: level 2, HHIT record of 2001:..:eee5: ".
std::string place_of(const Det& asked, const Step& step);

// A Resolution, or the Error with a sentence that begins with its place. Reads like StatusOr and keeps the kind:
//   dns_nxdomain           no such DET in DNS
//   dns_servfail           the resolver failed: DNSSEC bogus, or its upstream is broken
//   dns_timeout            silence
//   dns_unreachable        no resolver at that address
//   dns_insecure           require_ad, and an answer was not authenticated
//   bad_endorsement        Broadcast Endorsement wrong in form, or its signature does not verify, or is missing
//   endorsement_expired, endorsement_not_yet_valid   its window does not hold now
//   endorsement_parent     its parent is not the HDA of the DET's HID
//   bad_certificate        certificate wrong in form or signature; HHIT record unreadable
//   certificate_expired, certificate_not_yet_valid   its window does not hold now
//   untrusted_chain        ends in no configured anchor, loops, or a parent that may not register its child
//   det_hi_mismatch        key does not hash to the DET
//   bad_kid, unsupported_suite   the DET itself
class Resolved {
 public:
  Resolved() = default;
  Resolved(Resolution value) : value_(std::move(value)), error_(Error::none) {}  // NOLINT: reads as a value
  static Resolved failed(Error error, std::string reason, bool fallback_in_trouble = false);
  bool ok() const { return error_ == Error::none; }
  explicit operator bool() const { return ok(); }
  Error error() const { return error_; }
  // The proper name has no records, and about the fallback name DNS gave no answer that counts. The error is the proper name's; who
  // holds a key that the fallback name gave knows better.
  bool fallback_in_trouble() const { return fallback_in_trouble_; }
  const std::string& text() const { return reason_; }             // "2001:..:dfe5: level 1, HHIT record of 2001:..:dfe5: no such DET ..."
  const std::vector<Step>& steps() const { return steps_; }       // from the DET upwards; empty where nothing was asked
  void set_steps(std::vector<Step> steps) { steps_ = std::move(steps); }
  Status failure() const { return Status::failed(reason_); }
  const Resolution& operator*() const { CHECK(ok()); return value_; }
  const Resolution* operator->() const { CHECK(ok()); return &value_; }

 private:
  Resolution value_;
  Error error_ = Error::internal;
  bool fallback_in_trouble_ = false;
  std::string reason_;
  std::vector<Step> steps_;
};

// Does the name exist, and the question was answered, so that "unknown" may be remembered (unknown_key)? Everything
// else that begins with dns_ is trouble of the resolver (key_unavailable).
bool is_resolver_trouble(Error error);

class Resolver {
 public:
  // Both references outlive the resolver and every walk.
  Resolver(ResolverSettings settings, Lookup& lookup, const Clock& clock);
  ~Resolver();
  // Calls `done` once, on the look-up's thread. Safe from any thread.
  void resolve(const Det& det, bool want_addresses, std::function<void(const Resolved&)> done);
  const ResolverSettings& settings() const;

  struct Shared;

 private:
  std::shared_ptr<Shared> shared_;
};

// One DET, one answer, at most `deadline` from now: for tools and the gateway's setup. Opens its own DNS client.
Resolved resolve_now(const ResolverSettings& settings, const Det& det, bool want_addresses, Duration deadline, const Clock& clock = SystemClock());
// The same with the caller's look-up and clock.
Resolved resolve_now(const ResolverSettings& settings, Lookup& lookup, const Clock& clock, const Det& det, bool want_addresses,
                     Duration deadline);

}  // namespace nrid::det
