// Supplementary evidence (RFC 9575 section 4.4, R-054): a verified Manifest says which of the packs and messages heard before are
// the aircraft's. It feeds no track and no flag; modules are told how many it confirms, and the evidence of what comes after
// names it.
#include <algorithm>

#include "nrid/shard.h"

namespace nrid {

void Shard::supplement(Operation& op, const Report& report) {
  if (report.link_hashes) op.link_hashes = report.link_hashes;
  if (report.frame || report.manifest) parts_.counters.add(Counter::manifest_seen);
  if (report.manifest) {
    const rid::Manifest& manifest = *report.manifest;
    const bool link_known = !op.link_hashes || std::find(op.link_hashes->begin(), op.link_hashes->end(), manifest.link) != op.link_hashes->end();
    if (!link_known || !rid::current_hash_ok(manifest)) {
      parts_.counters.add(Counter::manifest_odd);
    } else {
      const auto heard = [&](const rid::Hash8& hash) { return op.hashes.contains(hash); };
      const auto known = static_cast<uint64_t>(std::count_if(manifest.messages.begin(), manifest.messages.begin() + static_cast<std::ptrdiff_t>(manifest.count), heard));
      op.confirmed += known;
      op.evidence.reset();  // made anew with the next sighting
      parts_.counters.add(Counter::manifest_confirmed, known);
      tell(op, FlightEventKind::confirmed, report.received, std::to_string(known) + " of " + std::to_string(manifest.count) + " hashes are of what was heard");
    }
  }
  // Hashed here and not by the worker, which has a core's work to do with signatures; once for a pack, however often it comes.
  const auto pack = rid::decode_pack(report.raw.bytes().subspan(report.pack_at, report.pack_size));
  if (!pack.ok()) return;  // a worker has read it before
  std::array<rid::Hash8, 1 + rid::kPackMessagesMax> hashes;
  const size_t count = rid::pack_hashes(*pack, hashes);
  for (size_t i = 0; i < count; ++i) op.hashes.add(hashes[i]);
}

}  // namespace nrid
