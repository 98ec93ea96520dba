#include "apps/conform/identities.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "base/file.h"
#include "base/random.h"
#include "det/brid.h"
#include "det/certificate.h"
#include "det/det.h"
#include "det/hhit.h"
#include "nrid/server_settings.h"

namespace nrid::conform {
namespace {

using Json = nlohmann::json;

constexpr uint16_t kRaa = 16376, kHda = 10;            // private use range of RFC 9886
constexpr size_t kRegistryMax = 64 << 20;
constexpr std::string_view kSpecial[] = {"mismatch", "untrusted", "silent", "unpublished", "linkless"};
constexpr std::string_view kNext = "next";

template <size_t N>
bool read_hex(const Json& entity, const char* field, std::array<uint8_t, N>& out) {
  const auto at = entity.find(field);
  if (at == entity.end() || !at->is_string()) return false;
  const auto octets = from_hex(at->get_ref<const std::string&>());
  if (!octets || octets->size() != N) return false;
  std::copy(octets->begin(), octets->end(), out.begin());
  return true;
}

StatusOr<Identity> read_identity(const std::string& folder, const std::string& name, const Json& entity, bool with_secret) {
  Identity out;
  out.name = name;
  if (!entity.is_object() || !read_hex(entity, "det", out.det.octets) || !read_hex(entity, "hi", out.key) || !read_hex(entity, "be", out.endorsement)) {
    return Status::failed(folder + "/registry.json: " + name + ": det, hi and be are wanted, in hex");
  }
  if (!with_secret) return out;
  TRY(signer, read_key_file(folder + "/" + name + ".key", out.det));
  out.signer = std::shared_ptr<const SeedSigner>(std::move(signer));
  return out;
}

StatusOr<Identity> find_provider(const std::string& folder, const Json& entities, const std::string& wanted) {
  const auto det = det_from_text(wanted);
  for (const auto& [name, entity] : entities.items()) {
    const bool is_it = wanted.empty() ? entity.value("type", "") == "sp" : name == wanted || (det && entity.value("det", "") == to_hex(*det));
    if (is_it) return read_identity(folder, name, entity, false);
  }
  return Status::failed(folder + "/registry.json: no provider " + (wanted.empty() ? "(type sp)" : wanted));
}

// Who endorsed the provider: by the DET in its endorsement.
StatusOr<Identity> find_registry(const std::string& folder, const Json& entities, const Identity& sp) {
  const auto endorsement = det::decode_endorsement(sp.endorsement);
  if (!endorsement.ok()) return Status::failed(folder + "/registry.json: " + sp.name + ": be: " + std::string(info(endorsement.error()).text));
  for (const auto& [name, entity] : entities.items()) {
    if (entity.value("det", "") == to_hex(endorsement->parent)) return read_identity(folder, name, entity, false);
  }
  return Status::failed(folder + "/registry.json: " + to_text(endorsement->parent) + ", which endorsed " + sp.name + ", is not there");
}

std::vector<det::RegistryEntity> wanted_entities(size_t pairs, uint16_t raa) {
  const auto entity = [&](std::string name, std::string type, std::string parent, uint16_t hda = kHda) {
    det::RegistryEntity out;
    out.name = std::move(name);
    out.type = std::move(type);
    out.raa = raa;
    out.hda = hda;
    out.parent = std::move(parent);
    return out;
  };
  std::vector<det::RegistryEntity> out{entity("raa", "raa", "raa", 0), entity("hda", "hda", "raa"), entity("hda2", "hda", "raa", kHda + 1),
                                       entity("sp", "sp", "hda"), entity("sp2", "sp", "hda"), entity("sp3", "sp", "hda"), entity("sp4", "sp", "hda"),
                                       entity("sp5", "sp", "hda"), entity(std::string(kNext), "sp", "hda")};
  for (const std::string_view name : kSpecial) out.push_back(entity(std::string(name), "ua", "hda"));
  for (size_t i = 1; i <= pairs; ++i) {
    out.push_back(entity("ua" + std::to_string(i), "ua", "hda"));
    out.push_back(entity("gw" + std::to_string(i), "gcs", "hda"));
  }
  return out;
}

// records in good order, but for another key than the one that the DET is made of; who holds that key signs well.
Status make_mismatch(MadeRegistry& out, Random& random) {
  const auto found = std::find_if(out.entries.begin(), out.entries.end(), [](const auto& each) { return each.entity.name == "mismatch"; });
  const det::RegistryEntry& hda = out.entry("hda");
  const SeedSigner parent(*hda.entity.seed);
  Identity liar = stranger(kRaa, kHda, random);
  liar.name = "mismatch";
  liar.det = found->det;
  det::CertificateRequest request{.det = found->det, .key = liar.key, .issuer = hda.det, .not_before = *hda.entity.not_before,
                                  .not_after = *hda.entity.not_after, .serial = Buffer(20, 0x41)};
  const auto certificate = det::make_certificate(request, parent);
  const auto endorsement = det::make_endorsement(liar.det, liar.key, hda.det, parent, request.not_before, request.not_after);
  if (!certificate.ok() || !endorsement.ok()) return Status::failed("records of the mismatched identity cannot be made");
  uint64_t type = 0;
  det::entity_from_text("ua", type);
  const auto hhit = det::encode_hhit({.entity_type = type, .abbreviation = det::default_abbreviation(liar.det), .certificate = *certificate});
  det::Brid brid;
  brid.add_det(liar.det);
  brid.add_endorsement(*endorsement);
  const auto rdata = det::encode_brid(brid);
  if (!hhit.ok() || !rdata.ok()) return Status::failed("records of the mismatched identity cannot be written");
  found->records.hhit_rdata = *hhit;
  found->records.brid_rdata = *rdata;
  out.all.special.insert_or_assign("mismatch", liar);
  return {};
}

}  // namespace

Identity stranger(uint16_t raa, uint16_t hda, Random& random) {
  Seed seed{};
  random.fill(seed);
  Identity out;
  out.name = "stranger";
  out.signer = std::make_shared<const SeedSigner>(seed);
  out.key = out.signer->public_key();
  out.det = det::derive(raa, hda, out.key);
  return out;
}

Identity identity_of(const det::RegistryEntry& entry) {
  Identity out;
  out.name = entry.entity.name;
  out.det = entry.det;
  out.key = entry.key;
  out.endorsement = entry.endorsement;
  if (entry.entity.seed) out.signer = std::make_shared<const SeedSigner>(*entry.entity.seed);
  return out;
}

const det::RegistryEntry& MadeRegistry::entry(std::string_view name) const {
  const auto found = std::find_if(entries.begin(), entries.end(), [&](const auto& each) { return each.entity.name == name; });
  CHECK(found != entries.end());
  return *found;
}

StatusOr<Identities> load_identities(const std::string& folder, const std::string& sp) {
  TRY(text, read_file(folder + "/registry.json", kRegistryMax));
  const Json registry = Json::parse(text, nullptr, false);
  if (registry.is_discarded() || !registry.is_object() || !registry.contains("entities") || !registry["entities"].is_object()) {
    return Status::failed(folder + "/registry.json is not what `nrid zone make` writes");
  }
  const Json& entities = registry["entities"];
  Identities out;
  TRY(provider, find_provider(folder, entities, sp));
  out.sp = provider;
  TRY(hda, find_registry(folder, entities, provider));
  out.hda = hda;
  for (const auto& [name, entity] : entities.items()) {
    if (std::find(std::begin(kSpecial), std::end(kSpecial), name) != std::end(kSpecial)) {
      TRY(special, read_identity(folder, name, entity, true));
      out.special.emplace(name, special);
    }
    if (name == kNext) {
      TRY(next, read_identity(folder, name, entity, false));
      out.special.emplace(name, next);
    }
    if (name.rfind("ua", 0) != 0) continue;
    const std::string gateway = "gw" + name.substr(2);
    if (!entities.contains(gateway)) continue;
    TRY(ua, read_identity(folder, name, entity, true));
    TRY(gw, read_identity(folder, gateway, entities[gateway], true));
    out.pairs.push_back({ua, gw});
  }
  if (out.pairs.size() < 2) return Status::failed(folder + ": two pairs of an aircraft uaN and a gateway gwN are wanted at least");
  return out;
}

StatusOr<MadeRegistry> make_registry(size_t pairs, Random& random) {
  const Instant now = SystemClock().now().wall;
  const Instant from = at_second(now.seconds() - 3600), to = at_second(now.seconds() + 30 * 86'400);
  MadeRegistry out;
  TRY(entries, det::build_registry(wanted_entities(pairs, kRaa), from, to, random));
  TRY(foreign, det::build_registry(wanted_entities(1, kRaa), from, to, random));
  out.entries = std::move(entries);
  out.foreign = std::move(foreign);
  out.all.sp = identity_of(out.entry("sp"));
  out.all.hda = identity_of(out.entry("hda"));
  out.all.special.emplace(kNext, identity_of(out.entry(kNext)));
  for (size_t i = 1; i <= pairs; ++i) {
    out.all.pairs.push_back({identity_of(out.entry("ua" + std::to_string(i))), identity_of(out.entry("gw" + std::to_string(i)))});
  }
  for (const std::string_view name : kSpecial) out.all.special.emplace(name, identity_of(out.entry(name)));
  for (const auto& each : out.foreign) {
    if (each.entity.name == "untrusted") out.all.special.insert_or_assign("untrusted", identity_of(each));
  }
  TRY_VOID(make_mismatch(out, random));
  out.anchor = to_hex(out.entry("raa").det) + "=" + to_hex(Bytes(out.entry("raa").key));
  return out;
}

}  // namespace nrid::conform
