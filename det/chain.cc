#include "det/chain.h"

#include <algorithm>

#include "base/text.h"
#include "det/brid.h"
#include "det/certificate.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "det/hhit.h"

namespace nrid::det {
namespace {

struct Level {
  const EntityRecords* records = nullptr;
  Hhit hhit;
  Certificate certificate;
};

// A failure on its way out; the Judge puts its place before the sentence.
struct Refusal {
  Error error = Error::none;
  std::string reason;
};

// HHIT record, certificate of this very DET, key that hashes to it, window.
Refusal read_level(const EntityRecords& records, const Bytes rdata, Instant now, Level& out) {
  const std::string who = to_text(records.det);
  const auto hhit = decode_hhit(rdata);
  if (!hhit.ok()) return {Error::bad_certificate, "HHIT record of " + who + " is no CBOR array of type, name, certificate"};
  const auto certificate = read_certificate(hhit->certificate);
  if (!certificate.ok()) return {Error::bad_certificate, "certificate of " + who + " is not of the DRIP profile"};
  if (certificate->det != records.det) {
    return {Error::bad_certificate, "certificate at " + who + " names " + to_text(certificate->det)};
  }
  if (const auto hashed = check(records.det, certificate->key); !hashed.ok()) {
    return {hashed.error(), "key " + to_hex(Bytes(certificate->key)) + " does not hash to " + who};
  }
  out = {&records, *hhit, *certificate};
  if (const Error fault = window_fault(*certificate, now); fault != Error::none) {
    return {fault, "certificate of " + who + " is valid from " + rfc3339(certificate->not_before) + " to " +
                       rfc3339(certificate->not_after) + ", now is " + rfc3339(now)};
  }
  return {};
}

// A DET has one key; where a name carries several records (a renewed certificate beside the old one), the first that
// holds counts, and if none does, the first one's fault is told.
Refusal read_first(const EntityRecords& records, Instant now, Level& out) {
  Refusal first{Error::dns_nxdomain, "name of " + to_text(records.det) + " exists, but has no HHIT record"};
  for (size_t i = 0; i < std::min(records.hhit.size(), kRecordsMax); ++i) {
    Level level;
    Refusal refusal = read_level(records, records.hhit[i], now, level);
    if (i == 0 || refusal.error == Error::none) out = std::move(level);
    if (refusal.error == Error::none) return {};
    if (i == 0) first = std::move(refusal);
  }
  return first;
}

class Judge {
 public:
  Judge(std::span<const EntityRecords> path, const ChainPolicy& policy, Instant now) : path_(path), policy_(policy), now_(now) {}

  Verdict run() {
    Verdict out;
    const Refusal refusal = read_all(out.issuer);
    if (refusal.error != Error::none) {
      out.issuer.reset();
      out.result = failed(refusal);
    } else if (!out.issuer) {
      out.result = finish();
    }
    std::vector<Step> read = steps(out.issuer ? Error::none : out.result.error());
    if (out.result.ok()) read.push_back({.level = levels_.size() + (anchor_->det != levels_.back().certificate.det), .det = anchor_->det, .record = "anchor", .judged = true});
    out.result.set_steps(std::move(read));
    return out;
  }

 private:
  Refusal read_all(std::optional<Det>& issuer);
  Refusal read_endorsements();
  Refusal judge_own_endorsement(const Endorsement& be) const;
  Refusal check_issuer(const Level& level) const;
  Refusal verify_signatures();
  Refusal verify_endorsements();
  Refusal judge_step(const Endorsement& be, const Certificate& certificate, const PublicKey& parent_key) const;
  std::string outside(const Endorsement& be) const;
  Resolved finish();
  Resolved failed(const Refusal& refusal) const { return Resolved::failed(refusal.error, place_of(path_[0].det, place()) + refusal.reason); }
  Step place() const { return {.level = at_level_ + 1, .det = path_[at_level_].det, .record = at_record_}; }
  std::vector<Step> steps(Error error) const;
  const PublicKey& issuer_key(size_t level) const;
  std::string chain_text() const;

  std::span<const EntityRecords> path_;
  const ChainPolicy& policy_;
  Instant now_;
  std::vector<Level> levels_;
  std::vector<Endorsement> endorsements_;
  std::vector<Buffer> endorsement_octets_;     // beside endorsements_
  std::vector<std::optional<Error>> endorsement_said_;  // beside endorsements_, once it is judged
  size_t at_level_ = 0;                        // where the judging stands
  std::string_view at_record_ = "HHIT";
  size_t signed_ = 0;                          // levels whose certificate is its issuer's, or the anchor's own
  std::optional<Instant> refused_until_;       // of a certificate that was read and does not hold
  const TrustAnchor* anchor_ = nullptr;
  std::optional<size_t> own_;                  // the endorsement of the DET itself that verified
  Instant vna_ = Instant{INT64_MAX};
};

// Reads the levels that are there, and finds out whether the path is complete.
Refusal Judge::read_all(std::optional<Det>& issuer) {
  for (const EntityRecords& records : path_) {
    at_level_ = levels_.size();
    if (policy_.require_ad && !records.authenticated) {
      return {Error::dns_insecure, "answer for " + to_text(records.det) + " is not DNSSEC-validated (no AD), dns.require_ad is on"};
    }
    Level level;
    Refusal refusal = read_first(records, now_, level);
    if (refusal.error != Error::none) {
      if (level.records != nullptr) refused_until_ = level.certificate.not_after;
      // That the DET itself is missing is "no such DET"; that an issuer is missing breaks the chain.
      if (refusal.error == Error::dns_nxdomain && !levels_.empty()) refusal.error = Error::untrusted_chain;
      return refusal;
    }
    levels_.push_back(std::move(level));
    if (levels_.size() == 1) {
      if (Refusal bad = read_endorsements(); bad.error != Error::none) return bad;
    } else if (!levels_.back().certificate.authority) {
      return {Error::untrusted_chain, to_text(records.det) + " issues certificates but is no authority (basicConstraints)"};
    }
    if (Refusal bad = check_issuer(levels_.back()); bad.error != Error::none) return bad;
  }
  const Certificate& last = levels_.back().certificate;
  if ((anchor_ = find_anchor(policy_.anchors, last.det)) != nullptr) return {};
  if ((anchor_ = find_anchor(policy_.anchors, last.issuer)) != nullptr) return {};
  if (last.self_signed()) {
    return {Error::untrusted_chain, "chain ends in " + to_text(last.det) + ", which is no configured trust anchor"};
  }
  if (levels_.size() >= kPathMax) {
    return {Error::untrusted_chain, "chain of " + to_text(path_[0].det) + " is longer than " + std::to_string(kPathMax) +
                                        " levels: the next would be " + to_text(last.issuer)};
  }
  issuer = last.issuer;
  return {};
}

// By numbers alone: may the issuer register it, and was it not here before.
Refusal Judge::check_issuer(const Level& level) const {
  const Certificate& certificate = level.certificate;
  const std::string who = to_text(certificate.det);
  const std::string issuer = to_text(certificate.issuer);
  if (!certificate.issuer.has_prefix()) return {Error::bad_certificate, "issuer " + issuer + " of " + who + " is no DET"};
  if (!may_register(certificate.issuer, certificate.det)) {
    return {Error::untrusted_chain, "issuer " + issuer + " may not register " + who + ": another RAA or HDA"};
  }
  if (certificate.self_signed()) return {};
  for (const Level& earlier : levels_) {
    if (earlier.certificate.det == certificate.issuer) return {Error::untrusted_chain, "chain loops at " + issuer};
  }
  return {};
}

// The endorsements in the BRID records of the DET itself. What can be said without keys is said here, so that an
// expired or foreign endorsement is named as such whatever else is wrong further up.
Refusal Judge::read_endorsements() {
  const EntityRecords& records = path_[0];
  const std::string who = to_text(records.det);
  at_record_ = "BRID";
  bool own = false;
  Refusal own_refusal;
  for (size_t i = 0; i < std::min(records.brid.size(), kRecordsMax); ++i) {
    const auto brid = decode_brid(records.brid[i]);
    if (!brid.ok()) return {Error::bad_endorsement, "BRID record of " + who + " is not readable"};
    for (const Bytes octets : brid->endorsements()) {
      const auto be = decode_endorsement(octets);
      if (!be.ok()) {
        return {be.error() == Error::det_hi_mismatch ? be.error() : Error::bad_endorsement,
                "a Broadcast Endorsement of " + who + " is wrong: " + std::string(info(be.error()).text)};
      }
      endorsement_octets_.emplace_back(octets.begin(), octets.end());
      endorsements_.push_back(*be);
      endorsement_said_.emplace_back();
      if (be->child != records.det) continue;
      const Refusal refusal = judge_own_endorsement(*be);
      if (refusal.error != Error::none) endorsement_said_.back() = refusal.error;
      if (refusal.error == Error::none) own = true;
      else if (own_refusal.error == Error::none) own_refusal = refusal;
    }
  }
  if (own || find_anchor(policy_.anchors, records.det) != nullptr) {
    at_record_ = "HHIT";
    return {};
  }
  if (own_refusal.error != Error::none) return own_refusal;
  if (policy_.require_endorsement || !endorsements_.empty()) {
    return {Error::bad_endorsement, "no Broadcast Endorsement of " + who + " is published"};
  }
  at_record_ = "HHIT";
  return {};
}

Refusal Judge::judge_own_endorsement(const Endorsement& be) const {
  const Certificate& certificate = levels_[0].certificate;
  const std::string text = "Broadcast Endorsement of " + to_text(be.child) + " by " + to_text(be.parent);
  // an end entity is endorsed by the HDA of its own HID, not merely by one whose numbers would permit it.
  const bool same_hid = be.parent.raa() == be.child.raa() && be.parent.hda() == be.child.hda();
  if (certificate.authority ? !may_register(be.parent, be.child) : !same_hid) {
    return {Error::endorsement_parent, text + ": that parent is not the HDA of its HID (RAA " + std::to_string(be.child.raa()) +
                                           ", HDA " + std::to_string(be.child.hda()) + ")"};
  }
  if (be.parent != certificate.issuer) {
    return {Error::endorsement_parent, text + ": its certificate is by " + to_text(certificate.issuer)};
  }
  if (const Error fault = window_fault(be, now_, policy_.skew); fault != Error::none) return {fault, text + outside(be)};
  return {};
}

const PublicKey& Judge::issuer_key(size_t level) const {
  if (level + 1 < levels_.size()) return levels_[level + 1].certificate.key;
  return anchor_->key;
}

Refusal Judge::verify_signatures() {
  at_level_ = levels_.size() - 1;
  const Certificate& last = levels_.back().certificate;
  if (anchor_->det == last.det && anchor_->key != last.key) {
    return {Error::untrusted_chain, "anchor " + to_text(last.det) + " is configured with another key than DNS publishes"};
  }
  for (size_t i = 0; i < levels_.size(); ++i) {
    at_level_ = i;
    const Certificate& certificate = levels_[i].certificate;
    // The anchor is believed for its key. Its own certificate, by whomever, adds nothing.
    if (certificate.det == anchor_->det) {
      signed_ = i + 1;
      continue;
    }
    if (!signed_by(certificate, issuer_key(i))) {
      return {Error::bad_certificate, "certificate of " + to_text(certificate.det) + " is not signed by " +
                                          to_text(certificate.issuer)};
    }
    signed_ = i + 1;
  }
  return {};
}

// Along the path below the anchor every endorsed step must have an endorsement that holds. What is above the anchor, or
// beside the path, is no evidence for anything here and is not judged.
Refusal Judge::verify_endorsements() {
  at_record_ = "BRID";
  for (size_t i = 0; i < levels_.size(); ++i) {
    const Certificate& certificate = levels_[i].certificate;
    if (certificate.det == anchor_->det) break;
    at_level_ = i;
    Refusal refusal;
    std::optional<size_t> best;
    for (size_t j = 0; j < endorsements_.size(); ++j) {
      const Endorsement& be = endorsements_[j];
      if (be.child != certificate.det) continue;
      Refusal bad = judge_step(be, certificate, issuer_key(i));
      endorsement_said_[j] = bad.error;
      if (bad.error != Error::none) {
        if (refusal.error == Error::none) refusal = std::move(bad);
      } else if (!best || be.not_after > endorsements_[*best].not_after) {
        best = j;
      }
    }
    if (!best && refusal.error != Error::none) return refusal;
    if (best) vna_ = std::min(vna_, endorsements_[*best].not_after);
    if (i == 0) own_ = best;
  }
  return {};
}

Refusal Judge::judge_step(const Endorsement& be, const Certificate& certificate, const PublicKey& parent_key) const {
  const std::string text = "Broadcast Endorsement of " + to_text(be.child) + " by " + to_text(be.parent);
  if (be.parent != certificate.issuer) return {Error::endorsement_parent, text + ": its certificate is by " + to_text(certificate.issuer)};
  const auto verdict = verify_endorsement(be, parent_key, now_, policy_.skew);
  if (verdict.ok()) return {};
  return {verdict.error(), text + (verdict.error() == Error::bad_endorsement ? " has a signature that does not verify" : outside(be))};
}

std::string Judge::outside(const Endorsement& be) const {
  return " is valid from " + rfc3339(be.not_before) + " to " + rfc3339(be.not_after) + ", now is " + rfc3339(now_);
}

// What was read, from the DET upwards, and how far the judging came: up to `error`, if there is one.
std::vector<Step> Judge::steps(const Error error) const {
  std::vector<Step> out;
  for (size_t i = 0; i < path_.size(); ++i) {
    const Det& det = path_[i].det;
    const auto until = i < levels_.size() ? std::optional(levels_[i].certificate.not_after) : refused_until_;
    out.push_back({.level = i + 1, .det = det, .record = "HHIT", .valid_until = until, .judged = i < signed_});
    for (size_t j = 0; j < endorsements_.size(); ++j) {
      const auto& said = endorsement_said_[j];
      if (endorsements_[j].child != det) continue;
      out.push_back({i + 1, det, "BRID", endorsements_[j].not_after, said.has_value(), said.value_or(Error::none)});
    }
  }
  if (error == Error::none) return out;
  Step refused = place();
  refused.judged = true;
  refused.error = error;
  for (Step& step : out) {  // of several endorsements the first that does not hold
    if (step.level != refused.level || step.record != refused.record || (step.record == "BRID" && step.error == Error::none)) continue;
    refused.valid_until = step.valid_until;
    step = refused;
    return out;
  }
  out.push_back(refused);   // its record is missing, or not readable
  return out;
}

std::string Judge::chain_text() const {
  std::string out;
  for (const Level& level : levels_) {
    if (!out.empty()) out += " < ";
    out += to_text(level.certificate.det);
  }
  if (anchor_->det != levels_.back().certificate.det) out += " < " + to_text(anchor_->det);
  return out + " (anchor)";
}

Resolved Judge::finish() {
  if (Refusal bad = verify_signatures(); bad.error != Error::none) return failed(bad);
  if (Refusal bad = verify_endorsements(); bad.error != Error::none) return failed(bad);
  const Level& own = levels_[0];
  if (!PreparedKey::from(own.certificate.key).ok()) {
    at_level_ = 0;
    at_record_ = "HHIT";
    return failed({Error::unknown_key, "key of " + to_text(own.certificate.det) + " is of small order or not canonical"});
  }
  Resolution out;
  out.det = own.certificate.det;
  out.key = own.certificate.key;
  out.entity_type = own.hhit.entity_type;
  out.authority = own.certificate.authority;
  out.abbreviation = own.hhit.abbreviation;
  out.parent = own.certificate.issuer;
  out.anchor = anchor_->det;
  out.uri = own.certificate.uri;
  out.name = path_[0].name;
  out.chain = chain_text();
  out.authenticated = true;
  out.trust_until = vna_;
  uint32_t ttl_s = UINT32_MAX;
  for (size_t i = 0; i < levels_.size(); ++i) {
    out.authenticated = out.authenticated && path_[i].authenticated;
    out.trust_until = std::min(out.trust_until, levels_[i].certificate.not_after);
    ttl_s = std::min(ttl_s, path_[i].ttl_s);
  }
  const Instant by_ttl = now_ + std::min(seconds(std::max(ttl_s, 1U)), kCacheMax);
  out.valid_until = std::min(out.trust_until, by_ttl);
  if (own_) out.endorsement = std::move(endorsement_octets_[*own_]);
  Instant until = Instant{INT64_MAX};
  for (size_t i = levels_.size(); i-- > 1;) {  // an issuer holds as long as all above it
    until = std::min(until, levels_[i].certificate.not_after);
    out.issuers.insert(out.issuers.begin(), {levels_[i].certificate.det, levels_[i].certificate.key, std::min(until, by_ttl), until});
  }
  return Resolved(std::move(out));
}

}  // namespace

const TrustAnchor* find_anchor(std::span<const TrustAnchor> anchors, const Det& det) {
  const auto at = std::find_if(anchors.begin(), anchors.end(), [&](const TrustAnchor& anchor) { return anchor.det == det; });
  return at == anchors.end() ? nullptr : &*at;
}

Verdict judge(std::span<const EntityRecords> path, const ChainPolicy& policy, Instant now) {
  CHECK(!path.empty());
  return Judge(path, policy, now).run();
}

}  // namespace nrid::det
