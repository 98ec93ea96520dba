// Any text: a list of peers or one reason. A text that is a list as somebody might sign it is signed and read again, so that
// what stands behind the signature is reached too; what comes out is within its limits and answers every question.
#include "base/check.h"
#include "det/det.h"
#include "nrid/peer_file.h"
#include "wire/json.h"

namespace {

using namespace nrid;

struct Registry {
  Registry()
      : signer(seed(200)), above(seed(201)), hda(det::derive(16376, 10, signer.public_key())),
        anchors{{{hda, signer.public_key()}, {det::derive(16376, 0, above.public_key()), above.public_key()}}} {}
  static Seed seed(uint8_t fill) {
    Seed out{};
    out.fill(fill);
    return out;
  }
  SeedSigner signer, above;
  Det hda;
  std::array<det::TrustAnchor, 2> anchors;  // the HDA, and the RAA above it for files with a chain
};

void check(const PeerTable& table) {
  CHECK(table.peers.size() + (table.self ? 1 : 0) <= kPeersMax);
  for (const Peer& peer : table.peers) {
    CHECK(!peer.addresses.empty() && peer.addresses.size() <= kPeerAddressesMax);
    CHECK(peer.capacity > 0 && peer.capacity <= kPeerCapacityMax);
    for (const bool ipv4 : {true, false}) CHECK(equal(peer.move_sp(ipv4).endorsement, peer.endorsement));
    static_cast<void>(peer.region.contains({473'900'000, 85'400'000}));
    CHECK(expiry_level(peer, peer.not_after + seconds(1)) == ExpiryLevel::expired && !to_word(expiry_level(peer, peer.not_after)).empty());
  }
}

// JSON itself keeps to whatever limits it is given.
void within(const JsonValue& value, int depth, size_t& count) {
  CHECK(depth >= 0 && count-- > 0);
  CHECK(value.kind != JsonValue::Kind::object || value.names.size() == value.items.size());
  for (const JsonValue& item : value.items) within(item, depth - 1, count);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const Registry registry;
  const PeerTrust trust{registry.hda, registry.signer.public_key(), registry.anchors};
  const std::string_view text = as_text({data, size});
  const auto signed_text = sign_peer_file(text, "fuzz.json", registry.hda, registry.signer);
  const auto table = parse_peer_file(signed_text.ok() ? std::string_view(*signed_text) : text, "fuzz.json", trust);
  if (table.ok()) check(*table);
  CHECK(table.ok() || !table.text().empty());
  constexpr JsonLimits kSmall{512, 8, 4};
  const auto value = read_json(text, "fuzz.json", kSmall);
  CHECK(!value.ok() || size <= kSmall.octets_max);
  size_t values = kSmall.values_max;
  if (value.ok()) within(*value, kSmall.depth_max, values);
  return 0;
}
