// Any text: a list of peers or one reason. A text that is a list as somebody might sign it is signed and read again, so that
// what stands behind the signature is reached too; what comes out is within its limits and answers every question.
#include "base/check.h"
#include "det/det.h"
#include "nrid/peer_file.h"

namespace {

using namespace nrid;

struct Registry {
  Registry() : signer(seed()), hda(det::derive(16376, 10, signer.public_key())), anchor{hda, signer.public_key()} {}
  static Seed seed() {
    Seed out{};
    out.fill(200);
    return out;
  }
  SeedSigner signer;
  Det hda;
  det::TrustAnchor anchor;
};

void check(const PeerTable& table) {
  CHECK(table.peers.size() + (table.self ? 1 : 0) <= kPeersMax);
  for (const Peer& peer : table.peers) {
    CHECK(!peer.addresses.empty() && peer.addresses.size() <= kPeerAddressesMax);
    CHECK(peer.capacity > 0 && peer.capacity <= kPeerCapacityMax);
    CHECK(peer.move_sp(true).endorsement.size() == det::kEndorsementSize);
    static_cast<void>(peer.region.contains({473'900'000, 85'400'000}));
    static_cast<void>(expiry_level(peer, peer.not_after));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Registry registry;
  const PeerTrust trust{registry.hda, registry.signer.public_key(), {&registry.anchor, 1}};
  const std::string_view text = as_text({data, size});
  const auto signed_text = sign_peer_file(text, "fuzz.json", registry.hda, registry.signer);
  const auto table = parse_peer_file(signed_text.ok() ? std::string_view(*signed_text) : text, "fuzz.json", trust);
  if (table.ok()) check(*table);
  CHECK(table.ok() || !table.text().empty());
  return 0;
}
