// nrid det, endorse; and, from files of their own, zone and resolve: keys and names, who vouches for whom, and what DNS says of it.
#include "det/det.h"

#include <sys/stat.h>

#include "apps/inspect/command.h"
#include "apps/inspect/key_file.h"
#include "apps/inspect/resolve.h"
#include "apps/inspect/zone_make.h"
#include "apps/inspect/zone_update.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/random.h"
#include "det/endorsement.h"

namespace nrid::inspect {
namespace {

std::string hex(Bytes octets) { return to_hex(octets); }

// A key file that is not there yet, and its public half, which may go to the registry as it is.
Status make_key(const std::string& path) {
  struct stat found{};
  if (lstat(path.c_str(), &found) == 0) return {};
  Seed seed;
  SystemRandom().fill(seed);
  TRY_VOID(store_seed(path, seed));
  const SeedSigner signer(seed);
  wipe(seed);
  return write_file_atomic(path + ".pub", hex(signer.public_key()) + "\n");
}

Json det_key(const Json& input) {
  Json refused;
  Seed seed;
  int64_t raa = 0, hda = 0;
  if (!number_field(input, "raa", kRaaMax, raa, refused) || !number_field(input, "hda", kHdaMax, hda, refused)) return refused;
  if (input.contains("key_file") && !input.contains("seed")) {
    if (const Status made = make_key(input["key_file"]); !made.ok()) return refusal("bad_request", made.text());
  }
  if (!seed_field(input, seed, refused)) return refused;
  const SeedSigner signer(seed);
  wipe(seed);
  Json out = {{"hi", hex(signer.public_key())}};
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
  if (!seed_field(input, seed, refused) || !det_field(input, "parent", parent, refused) ||
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

constexpr Field kRaa = {"raa", FieldKind::integer, true, "Registered Assigning Authority, 0 to 16383"};
constexpr Field kHda = {"hda", FieldKind::integer, true, "HHIT Domain Authority, 0 to 16383"};
constexpr Field kDet = {"det", FieldKind::text, true, "DET: 32 hex digits or colon form"};

}  // namespace

Json describe(const Det& det) {
  return {{"det", to_hex(det)}, {"ipv6", to_text(det)}, {"raa", det.raa()}, {"hda", det.hda()}, {"suite", det.suite()},
          {"owner", det::owner_name(det)}, {"fallback", det::fallback_name(det)}};
}

std::vector<Command> det_commands() {
  Field raa = kRaa, hda = kHda;
  raa.required = hda.required = false;
  return {
      {"det", "key", "The public key of a key file, and with --raa and --hda its DET; a file that is not there is made, FILE.pub beside it",
       {kKeyFile, raa, hda}, det_key, nullptr},
      {"det", "make", "The DET of a key", {kRaa, kHda, {"hi", FieldKind::text, true, "public key, 64 hex digits"}}, det_make, nullptr},
      {"det", "check", "Does this key hash to this DET (RFC 9374 section 3.5.2)?",
       {kDet, {"hi", FieldKind::text, true, "public key, 64 hex digits"}}, det_check, nullptr},
      {"det", "name", "The DET's parts and its names in DNS",
       {kDet, {"manufacturer", FieldKind::text, false, "four characters: adds the CTA-2063-A serial number"}}, det_name, nullptr},
      {"endorse", "make", "A Broadcast Endorsement (RFC 9575 section 3.1.2.1)",
       {kKeyFile,
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
      zone_update_command(),
      resolve_command(),
  };
}

}  // namespace nrid::inspect
