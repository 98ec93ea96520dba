#include "apps/gateway/remembered.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "base/errors.h"
#include "base/file.h"
#include "base/text.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "det/key_source.h"
#include "wire/json.h"

namespace nrid::gateway {
namespace {

using Kind = JsonValue::Kind;

constexpr JsonLimits kLimits{8192, 64, 3};
constexpr size_t kAddressesMax = 16;
constexpr size_t kTextMax = 500;
constexpr unsigned kOwnerOnly = 0600;
constexpr int64_t kSecondsMax = 253'402'300'799;   // the year 9999

struct Member {
  std::string_view name;
  Kind kind;
};
constexpr Member kMembers[] = {{"det", Kind::text},         {"key", Kind::text},           {"parent", Kind::text},   {"endorsement", Kind::text},
                               {"addresses", Kind::list},   {"name", Kind::text},          {"anchor", Kind::text},   {"chain", Kind::text},
                               {"dnssec", Kind::boolean},   {"by_fallback", Kind::boolean}, {"fetched", Kind::integer}, {"trust_until", Kind::integer}};

std::string as_json(std::string_view text) {  // names and chains of DETs; what is neither could not be read back
  std::string out = printable(text.substr(0, kTextMax));
  std::replace_if(out.begin(), out.end(), [](char c) { return c == '"' || c == '\\'; }, '?');
  return "\"" + out + "\"";
}

Status bad(const std::string& file, const std::string& what) { return Status::failed(file + ": " + what); }

Status check_members(const JsonValue& json, const std::string& file) {
  if (json.kind != Kind::object) return bad(file, "is no remembered set-up");
  for (const Member& member : kMembers) {
    const JsonValue* const value = json.member(member.name);
    if (value == nullptr || value->kind != member.kind) return bad(file, "\"" + std::string(member.name) + "\" is missing or of another kind");
  }
  return {};
}

StatusOr<Det> read_det(const JsonValue& json, std::string_view name, const std::string& file) {
  const auto det = det_from_text(json.member(name)->text);
  if (!det || !det->has_prefix()) return bad(file, "\"" + std::string(name) + "\" is no DET of 2001:30::/28");
  return *det;
}

Status read_key(const JsonValue& json, const std::string& file, det::Resolution& out) {
  const auto key = from_hex(json.member("key")->text);
  if (!key || key->size() != out.key.size()) return bad(file, "\"key\" is not 64 hex digits");
  std::copy(key->begin(), key->end(), out.key.begin());
  const auto own = det::check(out.det, out.key);
  if (!own.ok()) return bad(file, std::string(info(own.error()).text));
  return PreparedKey::from(out.key).ok() ? Status() : bad(file, "\"key\" is of small order or not canonical");
}

// None is as good as one: not everybody's is published.
Status read_endorsement(const JsonValue& json, const std::string& file, det::Resolution& out) {
  const auto octets = from_hex(json.member("endorsement")->text);
  if (!octets) return bad(file, "\"endorsement\" is not hex digits");
  out.endorsement = *octets;
  if (octets->empty()) return {};
  const auto endorsement = det::decode_endorsement(*octets);
  if (!endorsement.ok()) return bad(file, std::string(info(endorsement.error()).text));
  if (endorsement->child != out.det || endorsement->child_key != out.key) return bad(file, "\"endorsement\" is about another DET");
  if (endorsement->not_after < out.trust_until) return bad(file, "\"trust_until\" is past the endorsement's end");
  return {};
}

Status read_addresses(const JsonValue& json, const std::string& file, det::Resolution& out) {
  const JsonValue& list = *json.member("addresses");
  if (list.items.size() > kAddressesMax) return bad(file, "\"addresses\" are more than " + std::to_string(kAddressesMax));
  for (const JsonValue& one : list.items) {
    det::IpAddress address;
    if (one.kind != Kind::text || !det::address_from_text(one.text, address)) return bad(file, "\"addresses\": " + shown(one) + " is no IP address");
    out.addresses.push_back(address);
  }
  return {};
}

}  // namespace

std::string write_remembered(const Remembered& entry) {
  const det::Resolution& found = entry.found;
  std::string addresses;
  for (size_t i = 0; i < std::min(found.addresses.size(), kAddressesMax); ++i) addresses += (i == 0 ? "\"" : ", \"") + det::to_text(found.addresses[i]) + "\"";
  const auto yes = [](bool value) { return value ? "true" : "false"; };
  return "{\"det\": \"" + to_hex(found.det) + "\",\n \"key\": \"" + to_hex(Bytes(found.key)) + "\",\n \"parent\": \"" + to_hex(found.parent) +
         "\",\n \"endorsement\": \"" + to_hex(found.endorsement) + "\",\n \"addresses\": [" + addresses + "],\n \"name\": " + as_json(found.name) +
         ",\n \"anchor\": \"" + to_hex(found.anchor) + "\",\n \"chain\": " + as_json(found.chain) + ",\n \"dnssec\": " + yes(found.authenticated) +
         ",\n \"by_fallback\": " + yes(found.by_fallback) + ",\n \"fetched\": " + std::to_string(entry.fetched.seconds()) +
         ",\n \"trust_until\": " + std::to_string(found.trust_until.seconds()) + "}\n";
}

StatusOr<Remembered> read_remembered(std::string_view text, const std::string& file, const Det& det) {
  TRY(json, read_json(text, file, kLimits));
  TRY_VOID(check_members(json, file));
  Remembered out;
  det::Resolution& found = out.found;
  TRY(of, read_det(json, "det", file));
  if (of != det) return bad(file, "is about " + to_text(of) + ", not " + to_text(det));
  found.det = of;
  TRY(parent, read_det(json, "parent", file));
  found.parent = parent;
  TRY(anchor, read_det(json, "anchor", file));
  found.anchor = anchor;
  for (const auto& [name, place] : {std::pair{"fetched", &out.fetched}, {"trust_until", &found.trust_until}}) {
    const int64_t at = json.member(name)->integer;
    if (at < 0 || at > kSecondsMax) return bad(file, "\"" + std::string(name) + "\" is no time in Unix seconds");
    *place = at_second(at);
  }
  TRY_VOID(read_key(json, file, found));
  TRY_VOID(read_endorsement(json, file, found));
  TRY_VOID(read_addresses(json, file, found));
  found.name = printable(json.member("name")->text);
  found.chain = printable(json.member("chain")->text);
  found.authenticated = json.member("dnssec")->boolean;
  found.by_fallback = json.member("by_fallback")->boolean;
  found.valid_until = found.trust_until;
  return out;
}

void Memory::keep(const det::Resolution& found) {
  std::error_code error;
  if (std::filesystem::create_directories(directory_, error)) std::filesystem::permissions(directory_, std::filesystem::perms::owner_all, error);
  const Status kept = write_file_atomic(file_of(found.det), write_remembered({found, clock_.now().wall}), kOwnerOnly);
  if (kept.ok() || told_) return;
  told_ = true;
  say_("memory", "a later start needs DNS (gateway.data_dir): " + kept.text());
}

StatusOr<Remembered> Memory::recall(const Det& det) const {
  const std::string file = file_of(det);
  TRY(text, read_file(file, kLimits.octets_max));
  TRY(entry, read_remembered(text, file, det));
  const Instant now = clock_.now().wall;
  const auto known = [&](const det::TrustAnchor& anchor) { return anchor.det == entry.found.anchor; };
  if (std::none_of(dns_.anchors.begin(), dns_.anchors.end(), known)) {
    return bad(file, "its chain ends in " + to_text(entry.found.anchor) + ", which is no longer a trust anchor (trust.anchors)");
  }
  if (dns_.require_ad && !entry.found.authenticated) return bad(file, "was not validated with DNSSEC (dns.require_ad)");
  if (entry.fetched > now + dns_.skew) return bad(file, "is of " + rfc3339(entry.fetched) + ", which is still to come: is this machine's clock right?");
  if (now - entry.fetched > det::KeySourceLimits().stale_max) return bad(file, "is of " + rfc3339(entry.fetched) + ", more than 24 h ago");
  if (now > entry.found.trust_until) return bad(file, "its certificate or endorsement ended " + rfc3339(entry.found.trust_until));
  return std::move(entry);
}

det::Resolved Memory::use(const Remembered& old, std::string_view trouble) {
  if (notice_.empty()) {
    notice_ = "DNS is in trouble (" + std::string(trouble) + "); this start stands on what it said at " + rfc3339(old.fetched);
    say_("remembered", notice_ + ", which holds until " +
                           rfc3339(std::min(old.found.trust_until, old.fetched + det::KeySourceLimits().stale_max)));
  }
  in_trouble_ = true;
  return old.found;
}

det::Resolved Memory::resolve(const Det& det, bool want_addresses) {
  if (directory_.empty()) return ask_(det, want_addresses);
  if (in_trouble_) {
    if (const auto old = recall(det); old.ok()) return use(*old, {});
  }
  const det::Resolved found = ask_(det, want_addresses);
  if (found.ok()) {
    keep(*found);
    return found;
  }
  const auto old = recall(det);
  const bool trouble = det::is_resolver_trouble(found.error()) || found.error() == Error::internal ||
                       (found.fallback_in_trouble() && old.ok() && old->found.by_fallback);
  if (trouble && old.ok()) return use(*old, info(found.error()).counter);
  if (trouble) return det::Resolved::failed(found.error(), found.text() + "; and nothing is remembered that may stand in: " + old.text());
  unlink(file_of(det).c_str());            // a definite no
  return found;
}

}  // namespace nrid::gateway
