// The registry of zone.h: what RAA and HDA would do by hand, in order from the root down.
#include <algorithm>
#include <map>

#include "det/brid.h"
#include "det/certificate.h"
#include "det/det.h"
#include "det/hhit.h"
#include "det/zone.h"

namespace nrid::det {
namespace {

class Builder {
 public:
  Builder(std::vector<RegistryEntity> entities, Instant not_before, Instant not_after, Random& random)
      : entities_(std::move(entities)), not_before_(not_before), not_after_(not_after), random_(random) {}

  StatusOr<std::vector<RegistryEntry>> run() {
    for (size_t i = 0; i < entities_.size(); ++i) {
      if (!index_.emplace(entities_[i].name, i).second) return failed(i, "name is used twice");
    }
    entries_.resize(entities_.size());
    signers_.resize(entities_.size());
    for (size_t i = 0; i < entities_.size(); ++i) TRY_VOID(make_key(i));
    for (size_t i = 0; i < entities_.size(); ++i) TRY_VOID(endorse(i));
    for (size_t i = 0; i < entities_.size(); ++i) TRY_VOID(publish(i));
    return std::move(entries_);
  }

 private:
  Status failed(size_t i, const std::string& what) const { return Status::failed("entity " + entities_[i].name + ": " + what); }
  Status make_key(size_t i);
  Status endorse(size_t i);
  Status take(size_t i, size_t parent);
  Status publish(size_t i);
  StatusOr<Buffer> certify(size_t i, size_t parent);

  std::vector<RegistryEntity> entities_;
  Instant not_before_, not_after_;
  Random& random_;
  std::map<std::string, size_t> index_;
  std::vector<RegistryEntry> entries_;
  std::vector<std::unique_ptr<SeedSigner>> signers_;
  std::vector<size_t> parents_;
};

Status Builder::make_key(size_t i) {
  RegistryEntity& entity = entities_[i];
  RegistryEntry& entry = entries_[i];
  if (entity.raa > kRaaMax || entity.hda > kHdaMax) return failed(i, "raa and hda are numbers up to 16383");
  const auto parent = index_.find(entity.parent);
  if (parent == index_.end()) return failed(i, "parent \"" + entity.parent + "\" is not in the list");
  parents_.push_back(parent->second);
  if (entity.key && entity.seed) return failed(i, "has both a key and a seed");
  if (entity.key) {
    if (!PreparedKey::from(*entity.key).ok()) return failed(i, "key is no acceptable Ed25519 key");
    entry.key = *entity.key;
  } else {
    if (!entity.seed) random_.fill(entity.seed.emplace());
    signers_[i] = std::make_unique<SeedSigner>(*entity.seed);
    entry.key = signers_[i]->public_key();
  }
  entry.det = derive(entity.raa, entity.hda, entry.key);
  entry.entity = entity;
  if (!entry.entity.not_before) entry.entity.not_before = not_before_;
  if (!entry.entity.not_after) entry.entity.not_after = not_after_;
  return {};
}

Status Builder::endorse(size_t i) {
  RegistryEntry& entry = entries_[i];
  const size_t parent = parents_[i];
  if (!may_register(entries_[parent].det, entry.det)) {
    return failed(i, "parent " + entities_[parent].name + " (RAA " + std::to_string(entities_[parent].raa) + ", HDA " +
                         std::to_string(entities_[parent].hda) + ") may not register RAA " + std::to_string(entry.entity.raa) +
                         ", HDA " + std::to_string(entry.entity.hda));
  }
  if (entry.entity.registered) return take(i, parent);
  if (!signers_[parent]) return failed(i, "parent " + entities_[parent].name + " has no seed to sign with");
  const auto be = make_endorsement(entry.det, entry.key, entries_[parent].det, *signers_[parent], *entry.entity.not_before,
                                   *entry.entity.not_after);
  if (!be.ok()) return failed(i, "endorsement: " + std::string(info(be.error()).text));
  entry.endorsement = *be;
  TRY(certificate, certify(i, parent));
  entry.certificate = std::move(certificate);
  return {};
}

// Whether they hold now is not asked: who resolves the DET will, and who renews them must be able to read the old ones.
Status Builder::take(size_t i, size_t parent) {
  RegistryEntry& entry = entries_[i];
  const RegistryEntry& by = entries_[parent];
  const auto be = decode_endorsement(entry.entity.registered->endorsement);
  if (!be.ok()) return failed(i, "its endorsement: " + std::string(info(be.error()).text));
  if (be->child != entry.det || be->child_key != entry.key) return failed(i, "its endorsement is of " + to_text(be->child) + ", not of " + to_text(entry.det));
  if (be->parent != by.det || !verify_one(by.key, be->signed_octets, be->signature)) return failed(i, "its endorsement is not signed by parent " + by.entity.name);
  const auto certificate = read_certificate(entry.entity.registered->certificate);
  if (!certificate.ok()) return failed(i, "its certificate: " + std::string(info(certificate.error()).text));
  if (certificate->det != entry.det || certificate->key != entry.key) return failed(i, "its certificate is of " + to_text(certificate->det) + ", not of " + to_text(entry.det));
  if (certificate->issuer != by.det || !signed_by(*certificate, by.key)) return failed(i, "its certificate is not signed by parent " + by.entity.name);
  std::copy(entry.entity.registered->endorsement.begin(), entry.entity.registered->endorsement.end(), entry.endorsement.begin());
  entry.certificate = entry.entity.registered->certificate;
  entry.entity.not_before = be->not_before;
  entry.entity.not_after = be->not_after;
  return {};
}

StatusOr<Buffer> Builder::certify(size_t i, size_t parent) {
  const RegistryEntry& entry = entries_[i];
  uint64_t type = 0;
  if (!entity_from_text(entry.entity.type, type)) return failed(i, "type \"" + entry.entity.type + "\" is unknown");
  CertificateRequest request{.det = entry.det, .key = entry.key, .issuer = entries_[parent].det,
                             .not_before = *entry.entity.not_before, .not_after = *entry.entity.not_after,
                             .authority = is_authority(type), .uri = entry.entity.uri};
  if (request.authority) {
    std::string kind = entity_name(type);
    for (char& c : kind) c = static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    request.subject = "DRIP-" + kind + "-" + std::to_string(entry.entity.raa) + "-" + std::to_string(entry.entity.hda);
  }
  request.serial.resize(20);
  random_.fill(request.serial);
  request.serial[0] = static_cast<uint8_t>((request.serial[0] & 0x7f) | 0x40);  // positive, and 20 octets long
  const auto der = make_certificate(request, *signers_[parent]);
  if (!der.ok()) return failed(i, "certificate: " + std::string(info(der.error()).text));
  return *der;
}

// HHIT of the entity; BRID with the endorsements from the root down to it.
Status Builder::publish(size_t i) {
  RegistryEntry& entry = entries_[i];
  std::vector<size_t> path{i};
  while (parents_[path.back()] != path.back()) {
    path.push_back(parents_[path.back()]);
    if (path.size() > entities_.size()) return failed(i, "its parents go in a circle");
  }
  uint64_t type = 0;
  entity_from_text(entry.entity.type, type);
  const auto hhit = encode_hhit({.entity_type = type, .abbreviation = default_abbreviation(entry.det), .certificate = entry.certificate});
  Brid brid;
  brid.uas_type = 0;
  brid.add_det(entry.det);
  for (size_t j = path.size(); j-- > 0;) brid.add_endorsement(entries_[path[j]].endorsement);
  const auto brid_rdata = encode_brid(brid);
  if (!hhit.ok() || !brid_rdata.ok()) return failed(i, "has too many levels above it, or too long a certificate");
  entry.records = {.det = entry.det, .comment = entry.entity.name + ": " + entry.entity.type + " " + to_text(entry.det),
                   .hhit_rdata = *hhit, .brid_rdata = *brid_rdata, .addresses = entry.entity.addresses};
  return {};
}

}  // namespace

StatusOr<std::vector<RegistryEntry>> build_registry(std::vector<RegistryEntity> entities, Instant not_before, Instant not_after,
                                                    Random& random) {
  return Builder(std::move(entities), not_before, not_after, random).run();
}

}  // namespace nrid::det
