// The signed list of the providers that we may send aircraft to (nrid.md R-094): a JSON document of one registry (HDA),
// signed by that HDA, which hands the same file to all its providers, or by the provider that reads it.
//
//   { "format": "nrid-peers-1",
//     "signer": DET,                      the HDA's or our own
//     "chain": [hex, ...],                136-octet endorsements (RFC 9575) from the HDA up to a trust anchor; [] when the
//                                         HDA is one
//     "peers": [ { "sp": DET, "name": text?, "addresses": ["192.0.2.1", "2001:db8::1", "coap://192.0.2.1:5683"],
//                  "endorsement": hex, "capacity": operations, "priority": 0..9?, "region": MultiPolygon coordinates? } ],
//     "signature": hex }
//
// The signature (Ed25519) covers kPeerFileContext and then the file, octet for octet, with the 128 digits of the
// signature itself read as '0'; so no canonical form is needed and the file stays one that people can read. Our own entry
// gives our own region and capacity; while we rotate our key an entry of the former DET counts where none of the new one stands. Reading is pure; who swaps the table is nrid/peer_table.h.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "cwt/claims.h"
#include "det/endorsement.h"
#include "det/resolver.h"
#include "nrid/region.h"

namespace nrid {

inline constexpr std::string_view kPeerFileFormat = "nrid-peers-1";
inline constexpr std::string_view kPeerFileContext = "nrid-peers-1 signed\n";
inline constexpr size_t kPeerFileMax = 1 << 20;
inline constexpr size_t kPeersMax = 64;
inline constexpr size_t kPeerAddressesMax = 8;
inline constexpr size_t kPeerUriMax = 64;
inline constexpr size_t kPeerChainMax = 4;
inline constexpr uint64_t kPeerCapacityMax = 10'000'000;
inline constexpr int kPeerPriorityMax = 9;

using PeerAddress = std::variant<std::array<uint8_t, 16>, std::array<uint8_t, 4>, std::string>;  // IPv6, IPv4, URI

struct Peer {
  Det sp;
  std::string name;                       // for people; the DET when the file gives none
  std::vector<PeerAddress> addresses;     // in the file's order
  std::array<uint8_t, det::kEndorsementSize> endorsement{};
  Instant not_before, not_after;          // of the endorsement and of the chain above it
  Region region;                          // empty: serves everywhere
  uint64_t capacity = 0;                  // operations at once
  int priority = 0;                       // the lower first where regions overlap
  int line = 0;                           // where the file says so

  // Both ends and the chain hold at `now`, and for `ahead` from then on.
  bool endorsed(Instant now, Duration ahead) const { return not_before <= now && now + ahead <= not_after; }
  // What a Heartbeat says of it: the first address of the family by which the aircraft reaches us, else the first.
  // Borrows from the peer.
  cwt::MoveSp move_sp(bool ipv4) const;
};

struct PeerTable {
  std::string file;
  Det hda;
  std::vector<Peer> peers;                // without ourselves
  std::optional<Peer> self;
  const Peer* find(const Det& sp) const;
};

struct PeerTrust {                        // borrowed
  Det self;
  PublicKey self_key{};
  std::span<const det::TrustAnchor> anchors;
  std::optional<det::TrustAnchor> former = {};  // the DET that we leave (key rotation): its entry is ours, and no peer's; its signature too
};

// Everything that does not depend on the time: form, limits, signature, chain, that every peer is of our HDA. An
// endorsement that has run out is none of it: such a peer stays in the table and is not sent to.
// The Status is one line: "peers.json:12: capacity: ...".
StatusOr<PeerTable> parse_peer_file(std::string_view text, const std::string& file, const PeerTrust& trust);
StatusOr<PeerTable> load_peer_file(const std::string& file, const PeerTrust& trust);

// The same document with "signature" filled in: the member must be there, with any text. `signer` must be the one that
// "signer" names.
StatusOr<std::string> sign_peer_file(std::string_view text, const std::string& file, const Det& signer_det, const Signer& signer);

// T50: endorsements that have run out, or do so within a day or a week.
enum class ExpiryLevel : uint8_t { none, week, day, expired };
ExpiryLevel expiry_level(const Peer& peer, Instant now);
std::string_view to_word(ExpiryLevel level);

}  // namespace nrid
