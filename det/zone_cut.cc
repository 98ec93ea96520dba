// Where the tree of DETs is cut into zones: RFC 9886 section 6.2. An RAA ends inside a nibble, so that four zones of 44 bits are
// one RAA; the two bits that they borrow are the upper ones of the HDA. An HDA is one zone of 56 bits.
#include <map>

#include "det/det.h"
#include "det/zone.h"

namespace nrid::det {
namespace {

constexpr size_t kNibbles = 32, kRaaNibbles = 11, kHdaNibbles = 14;
constexpr uint16_t kApexRaaMax = 3;                // they have no authority of their own above the Apex
constexpr uint16_t kBorrowed = 4096;               // HDA 0, 4096, 8192 and 12288 are the RAA itself

std::string zone_at(const Det& det, size_t nibbles) { return owner_name(det).substr(2 * (kNibbles - nibbles)); }

std::vector<std::string> zones_of_raa(uint16_t raa) {
  std::vector<std::string> out;
  for (const int borrowed : {0, 1, 2, 3}) {
    out.push_back(zone_at(Det::with_hid(raa, static_cast<uint16_t>(borrowed * kBorrowed), kSuiteEddsaCshake128), kRaaNibbles));
  }
  return out;
}

bool has_hda(const Det& det) { return det.hda() % kBorrowed != 0; }

// From the origin down.
std::vector<std::string> zones_above(const std::string& origin, const Det& det) {
  std::vector<std::string> out{origin};
  if (det.raa() <= kApexRaaMax) return out;
  const auto add = [&](std::string zone) {
    if (const std::string inside = relative_name(zone, origin); !inside.empty() && inside != "@") out.push_back(std::move(zone));
  };
  add(zone_at(det, kRaaNibbles));
  if (has_hda(det)) add(zone_at(det, kHdaNibbles));
  return out;
}

// What one zone will hold.
struct Draft {
  std::vector<ZoneEntry> entries;
  std::vector<ZoneCut> cuts;
};

class Cutter {
 public:
  explicit Cutter(const ZoneSettings& settings) : settings_(settings) { open(settings.origin); }
  void add(const ZoneEntry& entry);
  StatusOr<std::vector<Zone>> write() const;

 private:
  Draft& open(const std::string& zone) {
    if (!drafts_.contains(zone)) order_.push_back(zone);
    return drafts_[zone];
  }
  void cut(const std::string& parent, const std::string& zone) {
    if (drafts_.contains(zone)) return;
    drafts_[parent].cuts.push_back({zone, name_servers(zone), zone.substr(0, zone.size() - 1) + ".ds"});
    open(zone);
  }
  std::vector<std::string> name_servers(const std::string& zone) const {
    if (const auto at = settings_.delegated.find(zone); at != settings_.delegated.end()) return at->second;
    std::vector<std::string> out{absolute(settings_.name_server)};
    for (const std::string& server : settings_.more_name_servers) out.push_back(absolute(server));
    return out;
  }
  std::string absolute(const std::string& name) const { return name.ends_with('.') ? name : name + "." + settings_.origin; }

  const ZoneSettings& settings_;
  std::map<std::string, Draft> drafts_;
  std::vector<std::string> order_;
};

void Cutter::add(const ZoneEntry& entry) {
  const std::vector<std::string> path = zones_above(settings_.origin, entry.det);
  for (size_t i = 1; i < path.size(); ++i) {
    if (path[i] == zone_at(entry.det, kRaaNibbles)) {
      for (const std::string& zone : zones_of_raa(entry.det.raa())) cut(path[i - 1], zone);
    } else {
      cut(path[i - 1], path[i]);
    }
  }
  open(path.back()).entries.push_back(entry);
}

StatusOr<std::vector<Zone>> Cutter::write() const {
  for (const auto& [zone, servers] : settings_.delegated) {
    if (servers.empty()) return Status::failed("zone " + zone + " has no name server");
    for (const std::string& server : servers) {
      if (!server.ends_with('.')) return Status::failed("name server \"" + server + "\" of zone " + zone + " must be an absolute name (it ends with a dot)");
      if (!relative_name(server, zone).empty()) return Status::failed("name server \"" + server + "\" lies in its own zone " + zone + ", where nothing gives its address");
    }
  }
  std::vector<Zone> out;
  for (const std::string& name : order_) {
    ZoneSettings settings = settings_;
    settings.origin = name;
    if (name != settings_.origin) {
      const std::vector<std::string> servers = name_servers(name);
      settings.name_server = servers.front();
      settings.more_name_servers.assign(servers.begin() + 1, servers.end());
      settings.mailbox = absolute(settings_.mailbox);
    }
    TRY(text, write_zone(settings, drafts_.at(name).entries, drafts_.at(name).cuts));
    out.push_back({name, std::move(text)});
  }
  return out;
}

}  // namespace

std::string zone_of(const std::string& origin, const Det& det) { return zones_above(origin, det).back(); }

std::vector<std::string> zones_of_authority(const Det& det) {
  if (det.raa() <= kApexRaaMax) return {};
  return has_hda(det) ? std::vector{zone_at(det, kHdaNibbles)} : zones_of_raa(det.raa());
}

StatusOr<std::vector<Zone>> write_cut_zones(const ZoneSettings& settings, const std::vector<ZoneEntry>& entries) {
  Cutter cutter(settings);
  for (const ZoneEntry& entry : entries) cutter.add(entry);
  return cutter.write();
}

}  // namespace nrid::det
