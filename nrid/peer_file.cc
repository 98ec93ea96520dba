#include "nrid/peer_file.h"

#include <algorithm>
#include <cmath>

#include "base/file.h"
#include "det/det.h"
#include "nrid/datagram_port.h"
#include "wire/json.h"

namespace nrid {
namespace {

using Kind = JsonValue::Kind;
constexpr size_t kSignatureDigits = 128;
constexpr std::string_view kCoap = "coap://";

Status bad(const std::string& file, const JsonValue& at, std::string_view name, const std::string& what) {
  return Status::failed(file + ":" + std::to_string(at.line) + ": " + std::string(name) + ": " + what);
}

struct Members {  // of one object: members by name, each fault with its place
  const std::string& file;
  const JsonValue& object;

  StatusOr<const JsonValue*> need(std::string_view name, Kind kind, std::string_view what) const {
    const JsonValue* const value = object.member(name);
    if (value == nullptr) return bad(file, object, name, "is missing");
    if (value->kind != kind) return bad(file, *value, name, shown(*value) + " is not " + std::string(what));
    return value;
  }
  StatusOr<Det> det(std::string_view name) const {
    TRY(value, need(name, Kind::text, "a DET"));
    const auto det = det_from_text(value->text);
    if (!det || !det->has_prefix()) return bad(file, *value, name, shown(*value) + " is no DET of 2001:30::/28");
    return *det;
  }
  StatusOr<int64_t> integer(std::string_view name, int64_t min, int64_t max) const {
    TRY(value, need(name, Kind::integer, "an integer"));
    if (value->integer >= min && value->integer <= max) return int64_t{value->integer};
    return bad(file, *value, name, shown(*value) + " is not in " + std::to_string(min) + ".." + std::to_string(max));
  }
  // Nobody finds a word that he misspelt if it is ignored.
  Status known(std::initializer_list<std::string_view> names) const {
    for (size_t i = 0; i < object.names.size(); ++i) {
      if (std::find(names.begin(), names.end(), object.names[i]) != names.end()) continue;
      return bad(file, object.items[i], object.names[i].substr(0, 60), "no such member here");
    }
    return {};
  }
};

StatusOr<det::Endorsement> read_endorsement(const std::string& file, const JsonValue& value, std::string_view name,
                                            std::array<uint8_t, det::kEndorsementSize>& octets) {
  const auto hex = value.kind == Kind::text ? from_hex(value.text) : std::nullopt;
  if (!hex || hex->size() != octets.size()) return bad(file, value, name, shown(value) + " is not 136 octets in hex");
  std::copy(hex->begin(), hex->end(), octets.begin());
  const auto endorsement = det::decode_endorsement(octets);
  if (!endorsement.ok()) return bad(file, value, name, std::string(info(endorsement.error()).text));
  return *endorsement;
}

struct Registry {                         // the HDA, believed
  Det self;                               // whose file this is
  Det hda;
  PublicKey key{};
  Instant not_before, not_after;          // of the chain above it
};

// From the HDA up: each endorsement by the next one's child, the last by an anchor.
StatusOr<Registry> read_chain(const Members& root, const Det& hda, const PeerTrust& trust) {
  TRY(chain, root.need("chain", Kind::list, "a list of endorsements"));
  if (chain->items.size() > kPeerChainMax) return bad(root.file, *chain, "chain", std::to_string(chain->items.size()) + " endorsements, limit " + std::to_string(kPeerChainMax));
  Registry out{trust.self, hda, {}, at_second(0), at_second(kEpoch2019 * 3)};
  Det parent = hda;
  std::vector<det::Endorsement> links;
  for (const JsonValue& item : chain->items) {
    std::array<uint8_t, det::kEndorsementSize> octets{};
    TRY(link, read_endorsement(root.file, item, "chain", octets));
    if (link.child != parent) return bad(root.file, item, "chain", "endorses " + to_text(link.child) + ", " + to_text(parent) + " is wanted here");
    if (!det::may_register(link.parent, link.child)) return bad(root.file, item, "chain", to_text(link.parent) + " may not register " + to_text(link.child));
    out.not_before = std::max(out.not_before, link.not_before);
    out.not_after = std::min(out.not_after, link.not_after);
    parent = link.parent;
    links.push_back(link);
  }
  const auto anchor = std::find_if(trust.anchors.begin(), trust.anchors.end(), [&](const det::TrustAnchor& one) { return one.det == parent; });
  if (anchor == trust.anchors.end()) return bad(root.file, *chain, "chain", "ends in " + to_text(parent) + ", which is no trust anchor");
  PublicKey key = anchor->key;
  for (size_t i = links.size(); i-- > 0;) {
    if (!verify_one(key, links[i].signed_octets, links[i].signature)) return bad(root.file, chain->items[i], "chain", "signature is not by " + to_text(links[i].parent));
    key = links[i].child_key;
  }
  out.key = key;
  return out;
}

StatusOr<PeerAddress> read_address(const std::string& file, const JsonValue& value) {
  if (value.kind != Kind::text) return bad(file, value, "addresses", shown(value) + " is not a text");
  const std::string& text = value.text;
  if (text.starts_with(kCoap)) {
    const std::string authority = text.substr(kCoap.size(), text.find('/', kCoap.size()) - kCoap.size());
    const bool literal = address_from_text(authority) || address_from_text(authority + ":1");
    if (text.size() > kPeerUriMax) return bad(file, value, "addresses", shown(value) + " has " + std::to_string(text.size()) + " characters, limit " + std::to_string(kPeerUriMax));
    if (!literal) return bad(file, value, "addresses", shown(value) + ": the host must be an IP literal");
    return PeerAddress(text);
  }
  const std::string literal = text.find(':') == std::string::npos ? text : "[" + text + "]";
  const auto address = address_from_text(literal + ":1");
  if (!address || address->scope != 0) return bad(file, value, "addresses", shown(value) + " is neither an IP literal nor a coap:// URI with one");
  if (!address->is_v4()) return PeerAddress(address->ip);
  std::array<uint8_t, 4> four{};
  std::copy(address->ip.begin() + 12, address->ip.end(), four.begin());
  return PeerAddress(four);
}

StatusOr<GeoPoint> read_point(const std::string& file, const JsonValue& value) {
  if (value.kind != Kind::list || value.items.size() != 2 || !value.items[0].is_number() || !value.items[1].is_number()) {
    return bad(file, value, "region", shown(value) + " is no position; [longitude, latitude] in degrees is wanted");
  }
  const double longitude = value.items[0].number;
  const double latitude = value.items[1].number;
  if (!(std::abs(longitude) <= 180)) return bad(file, value.items[0], "region", "longitude " + shown(value.items[0]) + " is not in -180..180");
  if (!(std::abs(latitude) <= 90)) return bad(file, value.items[1], "region", "latitude " + shown(value.items[1]) + " is not in -90..90");
  return GeoPoint{static_cast<int32_t>(std::llround(latitude * 1e7)), static_cast<int32_t>(std::llround(longitude * 1e7))};
}

Status read_region(const std::string& file, const JsonValue& value, Region& out) {
  if (value.kind != Kind::list) return bad(file, value, "region", shown(value) + " is not the coordinates of a MultiPolygon");
  for (const JsonValue& polygon : value.items) {
    if (polygon.kind != Kind::list) return bad(file, polygon, "region", shown(polygon) + " is no polygon");
    std::vector<std::vector<GeoPoint>> rings;
    for (const JsonValue& ring : polygon.items) {
      if (ring.kind != Kind::list) return bad(file, ring, "region", shown(ring) + " is no ring");
      std::vector<GeoPoint>& points = rings.emplace_back();
      for (const JsonValue& item : ring.items) {
        TRY(point, read_point(file, item));
        points.push_back(point);
      }
    }
    if (const Status status = out.add_polygon(rings); !status.ok()) return bad(file, polygon, "region", status.text());
  }
  return {};
}

StatusOr<Peer> read_peer(const Members& entry, const Registry& registry) {
  TRY_VOID(entry.known({"sp", "name", "addresses", "endorsement", "capacity", "priority", "region"}));
  Peer out;
  out.line = entry.object.line;
  TRY(sp, entry.det("sp"));
  out.sp = sp;
  TRY(octets, entry.need("endorsement", Kind::text, "136 octets in hex"));
  TRY(endorsement, read_endorsement(entry.file, *octets, "endorsement", out.endorsement));
  if (endorsement.child != sp) return bad(entry.file, *octets, "endorsement", "is of " + to_text(endorsement.child) + ", not of " + to_text(sp));
  if (endorsement.parent != registry.hda) return bad(entry.file, *octets, "endorsement", "is by " + to_text(endorsement.parent) + ", our HDA is " + to_text(registry.hda));
  if (sp.raa() != registry.self.raa() || sp.hda() != registry.self.hda()) return bad(entry.file, *octets, "sp", to_text(sp) + " is not of our HDA, as " + to_text(registry.self) + " is");
  if (!verify_one(registry.key, endorsement.signed_octets, endorsement.signature)) return bad(entry.file, *octets, "endorsement", "signature is not by " + to_text(registry.hda));
  out.not_before = std::max(endorsement.not_before, registry.not_before);
  out.not_after = std::min(endorsement.not_after, registry.not_after);

  out.name = to_text(sp);
  if (entry.object.member("name") != nullptr) {
    TRY(name, entry.need("name", Kind::text, "a text"));
    if (name->text.empty() || name->text.size() > 40) return bad(entry.file, *name, "name", shown(*name) + " has not 1..40 characters");
    out.name = name->text;
  }
  TRY(addresses, entry.need("addresses", Kind::list, "a list of addresses"));
  if (addresses->items.empty() || addresses->items.size() > kPeerAddressesMax) {
    return bad(entry.file, *addresses, "addresses", std::to_string(addresses->items.size()) + " addresses, 1.." + std::to_string(kPeerAddressesMax) + " are wanted");
  }
  for (const JsonValue& item : addresses->items) {
    TRY(address, read_address(entry.file, item));
    out.addresses.push_back(address);
  }
  TRY(capacity, entry.integer("capacity", 1, kPeerCapacityMax));
  out.capacity = static_cast<uint64_t>(capacity);
  if (entry.object.member("priority") != nullptr) {
    TRY(priority, entry.integer("priority", 0, kPeerPriorityMax));
    out.priority = static_cast<int>(priority);
  }
  if (const JsonValue* region = entry.object.member("region")) TRY_VOID(read_region(entry.file, *region, out.region));
  return out;
}

// The place of the signature's digits in the text; they must stand there unescaped.
StatusOr<size_t> signature_at(const Members& root, std::string_view text, size_t digits) {
  TRY(value, root.need("signature", Kind::text, "a signature in hex"));
  if (value->end < digits + 2 || value->text.size() != digits || text.substr(value->end - 1 - digits, digits) != value->text) {
    return bad(root.file, *value, "signature", shown(*value) + " is not 64 octets in hex");
  }
  return value->end - 1 - digits;
}

std::string signed_text(std::string_view text, size_t at) {
  std::string out(kPeerFileContext);
  out += text.substr(0, at);
  out.append(kSignatureDigits, '0');
  out += text.substr(at + kSignatureDigits);
  return out;
}

Status check_signature(const Members& root, std::string_view text, const PublicKey& key) {
  TRY(at, signature_at(root, text, kSignatureDigits));
  const JsonValue& value = *root.object.member("signature");
  const auto octets = from_hex(value.text);
  if (!octets || octets->size() != 64) return bad(root.file, value, "signature", shown(value) + " is not 64 octets in hex");
  Signature signature;
  std::copy(octets->begin(), octets->end(), signature.begin());
  if (verify_one(key, as_bytes(signed_text(text, at)), signature)) return {};
  return bad(root.file, value, "signature", "is not that of the signer over this file");
}

StatusOr<JsonValue> read_root(std::string_view text, const std::string& file) {
  TRY(root, read_json(text, file, {kPeerFileMax, 65'536, 8}));
  if (root.kind != Kind::object) return bad(file, root, "file", shown(root) + " is not an object");
  const Members reader{file, root};
  if (root.member("format") == nullptr) {  // first of all: in another program's file every other complaint misleads
    return bad(file, root, "format", "is missing; a list of peers is an object of format \"" + std::string(kPeerFileFormat) + "\", signer, chain, peers and signature");
  }
  TRY_VOID(reader.known({"format", "signer", "chain", "peers", "signature"}));
  TRY(format, reader.need("format", Kind::text, "a text"));
  if (format->text != kPeerFileFormat) return bad(file, *format, "format", shown(*format) + " is not \"" + std::string(kPeerFileFormat) + "\"");
  return std::move(root);
}

// All endorsements of the list are by one HDA; the first says which.
StatusOr<Det> hda_of(const Members& root, const Det& self) {
  TRY(peers, root.need("peers", Kind::list, "a list of peers"));
  if (peers->items.empty() || peers->items.size() > kPeersMax) {
    return bad(root.file, *peers, "peers", std::to_string(peers->items.size()) + " peers, 1.." + std::to_string(kPeersMax) + " are wanted");
  }
  const JsonValue& first = peers->items.front();
  if (first.kind != Kind::object) return bad(root.file, first, "peers", shown(first) + " is not an object");
  TRY(octets, (Members{root.file, first}.need("endorsement", Kind::text, "136 octets in hex")));
  std::array<uint8_t, det::kEndorsementSize> space{};
  TRY(endorsement, read_endorsement(root.file, *octets, "endorsement", space));
  if (det::may_register(endorsement.parent, self)) return Det(endorsement.parent);
  return bad(root.file, *octets, "endorsement", "is by " + to_text(endorsement.parent) + ", which is not the HDA of " + to_text(self));
}

}  // namespace

cwt::MoveSp Peer::move_sp(bool ipv4) const {
  const size_t family = ipv4 ? 1 : 0;
  auto address = std::find_if(addresses.begin(), addresses.end(), [&](const PeerAddress& one) { return one.index() == family; });
  if (address == addresses.end()) address = addresses.begin();
  cwt::MoveSp out;
  out.new_sp = sp;
  out.endorsement = endorsement;
  if (const auto* six = std::get_if<std::array<uint8_t, 16>>(&*address)) out.address = *six;
  else if (const auto* four = std::get_if<std::array<uint8_t, 4>>(&*address)) out.address = *four;
  else out.address = std::string_view(std::get<std::string>(*address));
  return out;
}

const Peer* PeerTable::find(const Det& sp) const {
  const auto found = std::find_if(peers.begin(), peers.end(), [&](const Peer& one) { return one.sp == sp; });
  return found == peers.end() ? nullptr : &*found;
}

StatusOr<PeerTable> parse_peer_file(std::string_view text, const std::string& file, const PeerTrust& trust) {
  TRY(value, read_root(text, file));
  const Members root{file, value};
  TRY(signer, root.det("signer"));
  TRY(hda, hda_of(root, trust.self));
  TRY(registry, read_chain(root, hda, trust));
  const auto is_former = [&](const Det& det) { return trust.former && det == trust.former->det; };
  if (signer != hda && signer != trust.self && !is_former(signer)) {
    return bad(file, *value.member("signer"), "signer", to_text(signer) + " is neither our HDA " + to_text(hda) + " nor we, " + to_text(trust.self));
  }
  TRY_VOID(check_signature(root, text, signer == hda ? registry.key : is_former(signer) ? trust.former->key : trust.self_key));
  PeerTable out;
  out.file = file;
  out.hda = hda;
  std::optional<Peer> former;
  for (const JsonValue& item : value.member("peers")->items) {
    if (item.kind != Kind::object) return bad(file, item, "peers", shown(item) + " is not an object");
    TRY(peer, read_peer(Members{file, item}, registry));
    std::optional<Peer>* const own = peer.sp == trust.self ? &out.self : is_former(peer.sp) ? &former : nullptr;
    const bool twice = own != nullptr ? own->has_value() : out.find(peer.sp) != nullptr;
    if (twice) return bad(file, item, "sp", to_text(peer.sp) + " stands twice");
    if (own != nullptr) *own = std::move(peer);
    else out.peers.push_back(std::move(peer));
  }
  if (!out.self) out.self = std::move(former);
  return out;
}

StatusOr<PeerTable> load_peer_file(const std::string& file, const PeerTrust& trust) {
  TRY(text, read_file(file, kPeerFileMax));
  return parse_peer_file(text, file, trust);
}

StatusOr<std::string> sign_peer_file(std::string_view text, const std::string& file, const Det& signer_det, const Signer& signer) {
  TRY(value, read_root(text, file));
  const Members root{file, value};
  TRY(named, root.det("signer"));
  if (named != signer_det) return bad(file, *value.member("signer"), "signer", to_text(named) + " is named, the key is that of " + to_text(signer_det));
  TRY(member, root.need("signature", Kind::text, "a text"));
  TRY(at, signature_at(root, text, member->text.size()));
  std::string out(text.substr(0, at));
  out.append(kSignatureDigits, '0');
  out += text.substr(at + member->text.size());
  const auto signature = signer.sign(as_bytes(std::string(kPeerFileContext) + out));
  if (!signature.ok()) return Status::failed(file + ": the signer failed: " + std::string(info(signature.error()).text));
  return out.replace(at, kSignatureDigits, to_hex(*signature));
}

ExpiryLevel expiry_level(const Peer& peer, Instant now) {
  if (!peer.endorsed(now, seconds(0))) return ExpiryLevel::expired;
  if (!peer.endorsed(now, seconds(86'400))) return ExpiryLevel::day;
  return peer.endorsed(now, seconds(7 * 86'400)) ? ExpiryLevel::none : ExpiryLevel::week;
}

std::string_view to_word(ExpiryLevel level) {
  switch (level) {
    case ExpiryLevel::none: return "good";
    case ExpiryLevel::week: return "within 7 days";
    case ExpiryLevel::day: return "within 1 day";
    case ExpiryLevel::expired: return "not valid now";
  }
  return "unknown";
}

}  // namespace nrid
