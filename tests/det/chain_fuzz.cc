// Whether published records make a key believable. The input: who is asked for and how strictly, what time it is, then edits of what DNS
// says (level, what, where, value); an edit may also put another entity's record into its place. Law: what is believed is a key and a
// parent that the registry gave, for one that it registered, and within the times of all that it rests on; else there is one reason.
#include "base/check.h"
#include "det/chain.h"
#include "tests/det/fake_lookup.h"

using namespace nrid;
using namespace nrid::det;

namespace {

constexpr const char* kNames[] = {"sp", "ua", "hda", "raa", "hda11", "ua2"};
constexpr int64_t kTimes_s[] = {0, 0, 0, 0, -3601, -3700, 86'390, 86'403, 90'000, 400 * 86'400};
constexpr size_t kEditSize = 5;

struct FuzzedZone {
  FuzzedZone() : registry(kNow - seconds(3600), kNow + seconds(86'400)) {}
  const RegistryEntry* of(const Det& det) const {
    for (const auto& [name, entry] : registry.entries) {
      if (entry.det == det) return &entry;
    }
    return nullptr;
  }
  EntityRecords records(const Det& det, bool first) const {
    EntityRecords out{det, "x.", {}, {}, 60, true};
    const RegistryEntry* const entry = of(det);
    if (entry == nullptr) return out;
    out.hhit = {entry->records.hhit_rdata};
    if (first) out.brid = {entry->records.brid_rdata};
    return out;
  }
  SmallRegistry registry;
};

// One edit: level (upper half: of an endorsement), what to do, offset, value.
void edit(const FuzzedZone& zone, std::span<const uint8_t, kEditSize> how, size_t level, EntityRecords& records) {
  if ((how[0] & 7) != level) return;
  std::vector<Buffer>& list = (how[0] & 0x80) != 0 ? records.brid : records.hhit;
  const RegistryEntry& other = zone.registry[kNames[how[4] % std::size(kNames)]];
  const Buffer& whole = (how[0] & 0x80) != 0 ? other.records.brid_rdata : other.records.hhit_rdata;
  const size_t at = static_cast<size_t>(how[2] << 8 | how[3]);
  switch (how[1] & 7) {
    case 0: list.clear(); break;
    case 1: list.push_back(whole); break;
    case 2: list.insert(list.begin(), whole); break;
    case 3: records.authenticated = false; break;
    case 4: records.ttl_s = static_cast<uint32_t>(at); break;
    case 5: if (!list.empty() && !list[0].empty()) list[0].resize(at % list[0].size()); break;
    default: if (!list.empty() && !list[0].empty()) list[0][at % list[0].size()] = how[4]; break;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const FuzzedZone zone;
  if (size < 2) return 0;
  const RegistryEntry& asked = zone.registry[kNames[data[0] % std::size(kNames)]];
  std::vector<TrustAnchor> anchors = zone.registry.anchors;  // the RAA, the HDA, none, or the RAA with the key of another
  switch (data[1] >> 4 & 3) {
    case 1: anchors = {{zone.registry["hda"].det, zone.registry["hda"].key}}; break;
    case 2: anchors.clear(); break;
    case 3: anchors[0].key = zone.registry["hda"].key; break;
    default: break;
  }
  const ChainPolicy policy{anchors, seconds(5), (data[1] & 0x40) != 0, (data[1] & 0x80) != 0};
  const Instant now = kNow + seconds(kTimes_s[(data[1] & 0x0f) % std::size(kTimes_s)]);
  std::vector<EntityRecords> path;
  Det next = asked.det;
  for (;;) {
    path.push_back(zone.records(next, path.empty()));
    for (size_t at = 2; at + kEditSize <= size; at += kEditSize) edit(zone, std::span<const uint8_t, kEditSize>(data + at, kEditSize), path.size() - 1, path.back());
    const Verdict verdict = judge(path, policy, now);
    if (verdict.issuer) {
      CHECK(path.size() < kPathMax);
      next = *verdict.issuer;
      continue;
    }
    if (!verdict.result.ok()) {
      CHECK(verdict.result.error() != Error::none && !verdict.result.text().empty());
      return 0;
    }
    CHECK((data[1] >> 4 & 3) != 3 && verdict.result->det == asked.det && verdict.result->key == asked.key && verdict.result->valid_until >= now);
    const bool anchor = find_anchor(anchors, asked.det) != nullptr;  // believed for its key; its certificate may say anything
    CHECK(anchor || verdict.result->parent == zone.registry[asked.entity.parent].det);
    for (const auto& issuer : verdict.result->issuers) CHECK(find_anchor(anchors, issuer.det) != nullptr || zone.of(issuer.det) != nullptr);
    return 0;
  }
}
