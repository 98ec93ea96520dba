#include "apps/inspect/zone_make.h"

#include <sys/stat.h>

#include <cerrno>

#include "apps/inspect/key_file.h"
#include "apps/inspect/zone_spec.h"
#include "base/file.h"
#include "base/random.h"
#include "det/det.h"
#include "det/zone.h"

namespace nrid::inspect {
namespace {

// The zone of an entity's records is what `nrid zone update` updates.
Json entity_json(const det::RegistryEntry& entry, const std::string& key_file, const std::string& zone) {
  Json out = {{"type", entry.entity.type}, {"det", to_hex(entry.det)}, {"ipv6", to_text(entry.det)}, {"hi", to_hex(Bytes(entry.key))},
              {"be", to_hex(Bytes(entry.endorsement))}, {"certificate", to_hex(Bytes(entry.certificate))}, {"raa", entry.entity.raa},
              {"hda", entry.entity.hda}, {"parent", entry.entity.parent}, {"owner", det::owner_name(entry.det)}, {"uri", entry.entity.uri},
              {"zone", zone}, {"hhit", to_hex(entry.records.hhit_rdata)}, {"brid", to_hex(entry.records.brid_rdata)}};
  out["addresses"] = Json::array();
  for (const det::IpAddress& address : entry.entity.addresses) out["addresses"].push_back(to_text(address));
  if (entry.entity.seed) out["key_file"] = key_file.empty() ? entry.entity.name + ".key" : key_file;
  return out;
}

struct Made {
  std::vector<det::RegistryEntry> entries;
  std::vector<det::Zone> zones;
  Json registry;
};

StatusOr<Made> make_all(ZoneSpec& spec, bool cut) {
  Made out;
  SystemRandom random;
  TRY(entries, det::build_registry(spec.entities, spec.not_before, spec.not_after, random));
  out.registry = {{"origin", spec.zone.origin}, {"ttl", spec.zone.ttl}, {"entities", Json::object()}};
  std::vector<det::ZoneEntry> published;
  for (size_t i = 0; i < entries.size(); ++i) {
    const det::RegistryEntry& entry = entries[i];
    if (spec.publish[i]) published.push_back(entry.records);
    if (!spec.name_servers[i].empty()) {
      for (const std::string& zone : det::zones_of_authority(entry.det)) spec.zone.delegated[zone] = spec.name_servers[i];
    }
    const std::string zone = cut ? det::zone_of(spec.zone.origin, entry.det) : spec.zone.origin;
    out.registry["entities"][entry.entity.name] = entity_json(entry, spec.key_files[i], zone);
    if (entry.entity.parent == entry.entity.name) out.registry["anchor"] = to_hex(entry.det) + "=" + to_hex(Bytes(entry.key));
  }
  if (cut) {
    TRY(zones, det::write_cut_zones(spec.zone, published));
    out.zones = std::move(zones);
  } else {
    TRY(text, det::write_zone(spec.zone, published));
    out.zones.push_back({spec.zone.origin, std::move(text)});
  }
  out.entries = std::move(entries);
  return out;
}

// A DS file that is there stays: only who keeps the zone's keys can tell it.
Status write_cut(const std::string& directory, const std::vector<det::Zone>& zones) {
  std::string list;
  for (const det::Zone& zone : zones) {
    const std::string name = zone.name.substr(0, zone.name.size() - 1), path = directory + "/" + name;
    struct stat found{};
    list += name + "\n";
    TRY_VOID(write_file_atomic(path + ".zone", zone.text));
    if (stat((path + ".ds").c_str(), &found) != 0) TRY_VOID(write_file_atomic(path + ".ds", ""));
  }
  return write_file_atomic(directory + "/zones", list);
}

Status write_all(const std::string& directory, const ZoneSpec& spec, const Made& made, bool cut) {
  if (mkdir(directory.c_str(), 0755) != 0 && errno != EEXIST) return Status::failed(directory + ": " + errno_text(errno));
  for (size_t i = 0; i < made.entries.size(); ++i) {
    const det::RegistryEntry& entry = made.entries[i];
    const std::string path = directory + "/" + entry.entity.name;
    if (entry.entity.seed && spec.key_files[i].empty()) TRY_VOID(store_seed(path + ".key", *entry.entity.seed));
    TRY_VOID(write_file_atomic(path + ".be", to_hex(Bytes(entry.endorsement)) + "\n"));
    TRY_VOID(write_file_atomic(path + ".der", std::string(entry.certificate.begin(), entry.certificate.end())));
  }
  TRY_VOID(cut ? write_cut(directory, made.zones) : write_file_atomic(directory + "/zone", made.zones[0].text));
  return write_file_atomic(directory + "/registry.json", made.registry.dump(2) + "\n");
}

Json zone_make(const Json& input) {
  Json refused;
  std::string text, file;
  if (!json_or_file(input, "spec", text, file, refused)) return refused;
  const Json parsed = parse_json(text);
  if (parsed.is_discarded()) return refusal("bad_request", (file.empty() ? "spec" : file) + " is not JSON");
  const auto directory = input["out"].get<std::string>();
  const bool cut = input.value("cut", false);
  ZoneSpec spec;
  if (const Status read = read_zone_spec(parsed, directory, spec); !read.ok()) return refusal("bad_request", read.text());
  if (input.value("base64", false)) spec.zone.form = det::RecordForm::base64;
  const auto made = make_all(spec, cut);
  if (!made.ok()) return refusal("bad_request", made.text());
  if (const Status written = write_all(directory, spec, *made, cut); !written.ok()) return refusal("internal", written.text());
  return made->registry;
}

std::string render_zone(const Json& input, const Json& answer) {
  if (input.value("json", false)) return answer.dump(2) + "\n";
  std::string out;
  for (const auto& [name, entity] : answer["entities"].items()) {
    out += name + " " + entity["type"].get<std::string>() + " " + entity["ipv6"].get<std::string>() + " " + entity["hi"].get<std::string>() + "\n";
  }
  return out;
}

}  // namespace

Command zone_make_command() {
  return {"zone", "make", "A registry and its zone file from a description (keys, DETs, endorsements, certificates, records)",
          {{"spec", FieldKind::json, true, "file or JSON text: origin, ttl, entities"},
           {"out", FieldKind::text, true, "directory for zone, NAME.key, NAME.be, NAME.der and registry.json"},
           {"cut", FieldKind::flag, false, "one zone for each authority (ZONE.zone, ZONE.ds, a list in zones) instead of one for all"},
           {"base64", FieldKind::flag, false, "HHIT and BRID in their own presentation form, for name servers that know them"},
           {"json", FieldKind::flag, false, "print registry.json instead of one line per entity"}},
          zone_make, render_zone};
}

}  // namespace nrid::inspect
