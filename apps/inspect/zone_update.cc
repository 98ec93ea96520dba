#include "apps/inspect/zone_update.h"

#include "base/text.h"
#include "det/det.h"
#include "det/zone.h"

namespace nrid::inspect {
namespace {

constexpr int64_t kTtlMax = 86'400, kPortMax = 65'535;

struct Update {
  std::string zone;
  int64_t ttl = 60, port = 53;
  std::string server;                        // empty: left to the program that sends it
  bool remove = false;
  det::ZoneEntry entry;
};

// What registry.json says of one entity. Nothing of it reaches the script as it is: each value is read and written again.
Status entity_of(const Json& entity, Update& out) {
  Json refused;
  if (!entity.is_object() || !entity.contains("det") || !entity.contains("hhit") || !entity.contains("zone")) return Status::failed("det, hhit and zone are wanted");
  if (!det_field(entity, "det", out.entry.det, refused) || !hex_field(entity, "hhit", out.entry.hhit_rdata, refused) ||
      !hex_field(entity, "brid", out.entry.brid_rdata, refused)) {
    return Status::failed(refused["detail"]);
  }
  if (entity["zone"].is_string()) out.zone = entity["zone"];
  if (det::relative_name(det::owner_name(out.entry.det), out.zone).empty()) return Status::failed("zone must be one in which " + to_text(out.entry.det) + " lies");
  const Json addresses = entity.value("addresses", Json::array());
  if (!addresses.is_array()) return Status::failed("addresses must be a list");
  for (const Json& address : addresses) {
    if (!address.is_string() || !det::address_from_text(address.get_ref<const std::string&>(), out.entry.addresses.emplace_back())) {
      return Status::failed("addresses must be IP addresses");
    }
  }
  return {};
}

// RFC 2136 section 2.5.2: an RRset is deleted whole, so that what was there before does not stay beside the new.
std::string script(const Update& update) {
  const std::string owner = det::owner_name(update.entry.det);
  std::string out;
  if (!update.server.empty()) out += "server " + update.server + " " + std::to_string(update.port) + "\n";
  out += "zone " + update.zone + "\n";
  for (const char* type : {"TYPE67", "TYPE68", "A", "AAAA"}) out += "update delete " + owner + " " + type + "\n";
  if (!update.remove) {
    for (const std::string& record : det::record_texts(update.entry, det::RecordForm::unknown_type)) {
      out += "update add " + owner + " " + std::to_string(update.ttl) + " " + record + "\n";
    }
  }
  return out + "send\n";
}

Json zone_update(const Json& input) {
  Json refused;
  std::string text, file = "registry";
  if (!json_or_file(input, "registry", text, file, refused)) return refused;
  const auto no = [&](const std::string& what) { return refusal("bad_request", file + ": " + what); };
  const Json registry = parse_json(text);
  if (!registry.is_object() || !registry.contains("entities") || !registry["entities"].is_object()) return no("is no registry.json of `nrid zone make`");
  const std::string name = input["name"];
  if (!registry["entities"].contains(name)) return no("no entity " + in_quotes(name));
  Update update;
  update.remove = input.value("remove", false);
  if (const Status read = entity_of(registry["entities"][name], update); !read.ok()) return no("entity " + in_quotes(name) + ": " + read.text());
  const Json ttl = registry.value("ttl", Json(update.ttl));
  if (!ttl.is_number_integer() || ttl.get<int64_t>() < 0 || ttl.get<int64_t>() > kTtlMax) return no("ttl must be 0 to " + std::to_string(kTtlMax));
  update.ttl = ttl;
  if (!number_field(input, "port", kPortMax, update.port, refused)) return refused;
  if (input.contains("server")) {
    det::IpAddress server;
    if (!det::address_from_text(input["server"].get_ref<const std::string&>(), server)) return refusal("bad_request", "field server must be an IP address");
    update.server = to_text(server);
  }
  return {{"ok", true}, {"text", script(update)}};
}

std::string render_script(const Json&, const Json& answer) { return answer["text"]; }

}  // namespace

Command zone_update_command() {
  return {"zone", "update", "The DNS UPDATE that publishes one entity of a registry, for `knsupdate -k TSIG_KEY_FILE` or `nsupdate -k`",
          {{"registry", FieldKind::json, true, "registry.json of `nrid zone make`: a file name, or JSON text"},
           {"name", FieldKind::text, true, "the entity"},
           {"remove", FieldKind::flag, false, "take its records away instead"},
           {"server", FieldKind::text, false, "IP address of the zone's primary server; default: left to the program that sends it"},
           {"port", FieldKind::integer, false, "of that server, 53"}},
          zone_update, render_script};
}

}  // namespace nrid::inspect
