// nrid det, endorse, resolve, zone: keys and names, who vouches for whom, and what DNS says of it. No command opens a
// socket but `resolve`.
#include "det/det.h"

#include <algorithm>

#include "apps/inspect/command.h"
#include "apps/inspect/zone_make.h"
#include "base/clock.h"
#include "base/random.h"
#include "det/endorsement.h"
#include "det/hhit.h"
#include "det/resolver.h"

namespace nrid::inspect {
namespace {

std::string hex(Bytes octets) { return to_hex(octets); }

bool number_field(const Json& input, std::string_view name, int64_t max, int64_t& out, Json& refused) {
  const auto at = input.find(name);
  if (at == input.end()) return true;
  out = at->get<int64_t>();
  if (out >= 0 && out <= max) return true;
  refused = refusal("bad_request", "field " + std::string(name) + " must be 0 to " + std::to_string(max));
  return false;
}

Json describe(const Det& det) {
  return {{"det", to_hex(det)}, {"ipv6", to_text(det)}, {"raa", det.raa()}, {"hda", det.hda()}, {"suite", det.suite()},
          {"owner", det::owner_name(det)}, {"fallback", det::fallback_name(det)}};
}

Json det_key(const Json& input) {
  Json refused;
  Seed seed;
  int64_t raa = 0, hda = 0;
  SystemRandom().fill(seed);
  if (!key_field(input, "seed", seed, refused)) return refused;
  if (!number_field(input, "raa", kRaaMax, raa, refused) || !number_field(input, "hda", kHdaMax, hda, refused)) return refused;
  const SeedSigner signer(seed);
  Json out = {{"seed", hex(seed)}, {"hi", hex(signer.public_key())}};
  wipe(seed);
  if (input.contains("raa")) {
    out.update(describe(det::derive(static_cast<uint16_t>(raa), static_cast<uint16_t>(hda), signer.public_key())));
  }
  return out;
}

Json det_make(const Json& input) {
  Json refused;
  PublicKey key{};
  int64_t raa = 0, hda = 0;
  if (!number_field(input, "raa", kRaaMax, raa, refused) || !number_field(input, "hda", kHdaMax, hda, refused) ||
      !key_field(input, "hi", key, refused)) {
    return refused;
  }
  return describe(det::derive(static_cast<uint16_t>(raa), static_cast<uint16_t>(hda), key));
}

Json det_check(const Json& input) {
  Json refused;
  Det det;
  PublicKey key{};
  if (!det_field(input, "det", det, refused) || !key_field(input, "hi", key, refused)) return refused;
  const auto checked = det::check(det, key);
  if (checked.ok()) return {{"ok", true}};
  Json out = refusal(checked.error());
  out["ok"] = false;
  return out;
}

Json det_name(const Json& input) {
  Json refused;
  Det det;
  if (!det_field(input, "det", det, refused)) return refused;
  if (!det.has_prefix()) return refusal(Error::bad_kid);
  Json out = describe(det);
  if (input.contains("manufacturer")) {
    const std::string serial = det::serial_number(det, input["manufacturer"].get_ref<const std::string&>());
    if (serial.empty()) return refusal("bad_request", "field manufacturer must be four CTA-2063-A characters");
    out["serial"] = serial;
  }
  return out;
}

Json endorse_make(const Json& input) {
  Json refused;
  Det child, parent;
  PublicKey child_key{};
  Seed seed{};
  if (!key_field(input, "seed", seed, refused) || !det_field(input, "parent", parent, refused) ||
      !det_field(input, "child", child, refused) || !key_field(input, "hi", child_key, refused)) {
    return refused;
  }
  const SeedSigner signer(seed);
  wipe(seed);
  if (const auto ok = det::check(child, child_key); !ok.ok()) return refusal(ok.error());
  if (const auto ok = det::check(parent, signer.public_key()); !ok.ok()) return refusal(ok.error());
  if (!det::may_register(parent, child)) return refusal(Error::endorsement_parent);
  const int64_t from = input.value("not_before", SystemClock().now().wall.seconds());
  const int64_t to = input.value("not_after", from + 365 * 86'400);
  if (from < 0 || from > kSignedDateMax || to < 0 || to > kSignedDateMax) return refusal(Error::value_range);
  const auto be = det::make_endorsement(child, child_key, parent, signer, at_second(from), at_second(to));
  if (!be.ok()) return refusal(be.error());
  return {{"hex", hex(*be)}, {"child", to_hex(child)}, {"parent", to_hex(parent)}, {"not_before", from}, {"not_after", to}};
}

Json endorse_verify(const Json& input) {
  Json refused;
  Buffer octets;
  PublicKey key{};
  if (!hex_field(input, "hex", octets, refused) || !key_field(input, "key", key, refused)) return refused;
  const auto no = [](Error error, Json out) {
    out.update(refusal(error));
    out["ok"] = false;
    return out;
  };
  const auto be = det::decode_endorsement(octets);
  if (!be.ok()) return no(be.error(), Json::object());
  Json out = {{"child", to_hex(be->child)}, {"hi", hex(be->child_key)}, {"parent", to_hex(be->parent)},
              {"not_before", be->not_before.seconds()}, {"not_after", be->not_after.seconds()}, {"unix_epoch", be->unix_epoch},
              {"self_signed", be->self_signed()}};
  if (const auto hashed = det::check(be->parent, key); !hashed.ok()) return no(hashed.error(), out);
  if (!det::may_register(be->parent, be->child)) return no(Error::endorsement_parent, out);
  const auto verdict = det::verify_endorsement(*be, key, now_field(input), seconds(5));
  if (!verdict.ok()) return no(verdict.error(), out);
  out["ok"] = true;
  return out;
}

Json resolve(const Json& input) {
  Json refused;
  Det det;
  if (!det_field(input, "det", det, refused)) return refused;
  det::ResolverSettings settings;
  settings.servers = input.value("servers", settings.servers);
  settings.require_ad = input.value("require-ad", false);
  int64_t timeout_ms = 5000;
  if (!number_field(input, "timeout-ms", 60'000, timeout_ms, refused)) return refused;
  std::string_view anchors = input["anchor"].get_ref<const std::string&>();
  while (!anchors.empty()) {
    const size_t comma = std::min(anchors.find(','), anchors.size());
    const auto anchor = det::anchor_from_text(anchors.substr(0, comma));
    if (!anchor.ok()) return refusal("bad_request", anchor.text());
    settings.anchors.push_back(*anchor);
    anchors.remove_prefix(std::min(comma + 1, anchors.size()));
  }
  const bool addresses = input.value("addresses", false);
  const det::Resolved found = det::resolve_now(settings, det, addresses, milliseconds(timeout_ms));
  if (!found.ok()) return refusal(info(found.error()).counter, found.text());
  Json out = describe(found->det);
  out.update({{"ok", true}, {"hi", hex(found->key)}, {"type", det::entity_name(found->entity_type)}, {"abbreviation", found->abbreviation},
              {"parent", to_hex(found->parent)}, {"chain", found->chain}, {"name", found->name}, {"uri", found->uri},
              {"dnssec", found->authenticated}, {"valid_until", found->valid_until.seconds()}, {"endorsement", hex(found->endorsement)}});
  out["addresses"] = Json::array();
  for (const det::IpAddress& address : found->addresses) out["addresses"].push_back(to_text(address));
  return out;
}

constexpr Field kRaa = {"raa", FieldKind::integer, true, "Registered Assigning Authority, 0 to 16383"};
constexpr Field kHda = {"hda", FieldKind::integer, true, "HHIT Domain Authority, 0 to 16383"};
constexpr Field kDet = {"det", FieldKind::text, true, "DET: 32 hex digits or colon form"};

}  // namespace

std::vector<Command> det_commands() {
  Field raa = kRaa, hda = kHda;
  raa.required = hda.required = false;
  return {
      {"det", "key", "Make an Ed25519 key (or take a seed), and with --raa and --hda its DET",
       {raa, hda, {"seed", FieldKind::text, false, "64 hex digits; drawn at random without it"}}, det_key, nullptr},
      {"det", "make", "The DET of a key", {kRaa, kHda, {"hi", FieldKind::text, true, "public key, 64 hex digits"}}, det_make, nullptr},
      {"det", "check", "Does this key hash to this DET (RFC 9374 section 3.5.2)?",
       {kDet, {"hi", FieldKind::text, true, "public key, 64 hex digits"}}, det_check, nullptr},
      {"det", "name", "The DET's parts and its names in DNS",
       {kDet, {"manufacturer", FieldKind::text, false, "four characters: adds the CTA-2063-A serial number"}}, det_name, nullptr},
      {"endorse", "make", "A Broadcast Endorsement (RFC 9575 section 3.1.2.1)",
       {{"seed", FieldKind::text, true, "the parent's seed, 64 hex digits"},
        {"parent", FieldKind::text, true, "the parent's DET"},
        {"child", FieldKind::text, true, "the child's DET"},
        {"hi", FieldKind::text, true, "the child's public key"},
        {"not_before", FieldKind::integer, false, "Unix seconds; default now"},
        {"not_after", FieldKind::integer, false, "Unix seconds; default a year later"}}, endorse_make, nullptr},
      {"endorse", "verify", "Form, window and signature of a Broadcast Endorsement",
       {{"hex", FieldKind::text, true, "272 hex digits"},
        {"key", FieldKind::text, true, "the parent's public key"},
        {"now", FieldKind::integer, false, "Unix seconds; default the clock"}}, endorse_verify, nullptr},
      zone_make_command(),
      {"resolve", "", "From a DET to its key through DNS, checked up to a trust anchor",
       {kDet,
        {"anchor", FieldKind::text, true, "DET=HI of what you trust; several with commas between"},
        {"servers", FieldKind::text, false, "resolvers, as 127.0.0.1:5353; default 127.0.0.1:53"},
        {"addresses", FieldKind::flag, false, "also AAAA and A, and demand an endorsement"},
        {"require-ad", FieldKind::flag, false, "refuse answers that are not DNSSEC-validated"},
        {"timeout-ms", FieldKind::integer, false, "for the whole walk; default 5000"}}, resolve, nullptr},
  };
}

}  // namespace nrid::inspect
