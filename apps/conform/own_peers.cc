// The list of peers of our own provider: who could take an aircraft where, as nrid/peer_file.h wants it, signed by the registry.
#include <nlohmann/json.hpp>

#include "apps/conform/own.h"
#include "nrid/peer_file.h"

namespace nrid::conform {
namespace {

using nlohmann::ordered_json;

constexpr double kOwnSize = 1.5, kPeerSize = 0.5;      // degrees to each side; a jump of C-086 stays with us
constexpr int kRoomy = 1000;

// Coordinates of a MultiPolygon: one square.
ordered_json square(const GeoPoint& middle, double size) {
  const double south = middle.latitude_e7 * 1e-7 - size, north = middle.latitude_e7 * 1e-7 + size;
  const double west = middle.longitude_e7 * 1e-7 - size, east = middle.longitude_e7 * 1e-7 + size;
  const auto ring = ordered_json::array({{west, south}, {east, south}, {east, north}, {west, north}, {west, south}});
  return ordered_json::array({ordered_json::array({ring})});
}

ordered_json entry(const MadeRegistry& registry, const char* name, std::vector<std::string> addresses, int capacity, ordered_json region) {
  const Identity sp = identity_of(registry.entry(name));
  return {{"sp", to_text(sp.det)}, {"name", name}, {"addresses", std::move(addresses)}, {"endorsement", to_hex(Bytes(sp.endorsement))},
          {"capacity", capacity},  {"region", std::move(region)}};
}

}  // namespace

StatusOr<std::string> own_peer_file(const Profile& profile, const MadeRegistry& registry, bool crowded) {
  ordered_json peers = ordered_json::array({entry(registry, "sp", {"192.0.2.1"}, crowded ? 1 : kRoomy, square(profile.place, kOwnSize)),
                                            entry(registry, "sp4", {"coap://192.0.2.4:5683"}, kRoomy, square(profile.place, kOwnSize))});
  if (profile.peer_place) peers.push_back(entry(registry, "sp2", {"2001:db8::2", "192.0.2.2"}, kRoomy, square(*profile.peer_place, kPeerSize)));
  if (profile.narrow_place) peers.push_back(entry(registry, "sp3", {"192.0.2.3"}, 1, square(*profile.narrow_place, kPeerSize)));
  const Identity hda = identity_of(registry.entry("hda"));
  const auto chain = ordered_json::array({to_hex(Bytes(hda.endorsement))});
  const ordered_json list{{"format", kPeerFileFormat}, {"signer", to_text(hda.det)}, {"chain", chain}, {"peers", std::move(peers)}, {"signature", ""}};
  return sign_peer_file(list.dump(1) + "\n", "peers.json", hda.det, *hda.signer);
}

}  // namespace nrid::conform
