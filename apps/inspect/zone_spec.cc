#include "apps/inspect/zone_spec.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>

#include "apps/inspect/key_file.h"
#include "base/clock.h"
#include "base/file.h"
#include "det/hhit.h"

namespace nrid::inspect {
namespace {

constexpr size_t kEntitiesMax = 100'000;
constexpr size_t kNameServersMax = 13;      // as the root has; more fit into no referral
constexpr size_t kRegisteredMax = 1 << 28;  // kEntitiesMax entities of registry.json

// Reads one description; every complaint names the entity and the field.
class SpecReader {
 public:
  SpecReader(const Json& spec, std::string directory) : spec_(spec), directory_(std::move(directory)) {}
  Status read(ZoneSpec& out);

 private:
  Status entity(const Json& given, ZoneSpec& out);
  Status inherit(ZoneSpec& out);
  Status key(const Json& in, det::RegistryEntity& entity, std::string& key_file);
  Status addresses(const Json& in, det::RegistryEntity& entity);
  Status name_servers(const Json& in, std::vector<std::string>& out);
  Status fill_in(Json& in, const std::string& name);
  template <class T>
  Status number(const Json& in, const char* name, int64_t max, T& out);
  Status text(const Json& in, const char* name, bool required, std::string& out);
  Status wrong(const std::string& what) const { return Status::failed(where_ + what); }

  const Json& spec_;
  std::string directory_;
  std::string where_ = "spec: ";
  std::vector<std::pair<bool, bool>> has_hid_;
};

template <class T>
Status SpecReader::number(const Json& in, const char* name, int64_t max, T& out) {
  const auto at = in.find(name);
  if (at == in.end()) return {};
  if (!at->is_number_integer() || at->get<int64_t>() < 0 || at->get<int64_t>() > max) {
    return wrong(std::string(name) + " must be a number from 0 to " + std::to_string(max));
  }
  out = static_cast<T>(at->get<int64_t>());
  return {};
}

Status SpecReader::text(const Json& in, const char* name, bool required, std::string& out) {
  const auto at = in.find(name);
  if (at == in.end()) return required ? wrong(std::string(name) + " is missing") : Status();
  if (!at->is_string()) return wrong(std::string(name) + " must be text");
  out = at->get<std::string>();
  return {};
}

Status SpecReader::read(ZoneSpec& out) {
  if (!spec_.is_object()) return wrong("must be one JSON object");
  TRY_VOID(text(spec_, "origin", false, out.zone.origin));
  std::string name_server = "127.0.0.1";
  TRY_VOID(text(spec_, "ns_address", false, name_server));
  if (!det::address_from_text(name_server, out.zone.name_server_address)) return wrong("ns_address must be an IP address");
  std::vector<std::string> servers;
  TRY_VOID(name_servers(spec_, servers));
  if (!servers.empty()) {
    out.zone.name_server = servers.front();
    out.zone.more_name_servers.assign(servers.begin() + 1, servers.end());
  }
  TRY_VOID(number(spec_, "ttl", 86'400, out.zone.ttl));
  TRY_VOID(number(spec_, "serial", UINT32_MAX, out.zone.serial));
  const int64_t now = SystemClock().now().wall.seconds();
  int64_t from = now - 3600, to = now + 365 * 86'400;
  TRY_VOID(number(spec_, "not_before", kSignedDateMax, from));
  TRY_VOID(number(spec_, "not_after", kSignedDateMax, to));
  out.not_before = at_second(from);
  out.not_after = at_second(to);
  const auto list = spec_.find("entities");
  if (list == spec_.end() || !list->is_array() || list->empty()) return wrong("entities must be a list of objects");
  if (list->size() > kEntitiesMax) return wrong("more than " + std::to_string(kEntitiesMax) + " entities");
  for (const Json& in : *list) TRY_VOID(entity(in, out));
  return inherit(out);
}

Status SpecReader::entity(const Json& given, ZoneSpec& out) {
  where_ = "spec: entity " + std::to_string(out.entities.size() + 1) + ": ";
  if (!given.is_object()) return wrong("must be an object");
  Json in = given;
  det::RegistryEntity made;
  TRY_VOID(text(in, "name", true, made.name));
  // The name becomes a file name.
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_'; };
  if (made.name.empty() || made.name.size() > 64 || !std::all_of(made.name.begin(), made.name.end(), plain)) {
    return wrong("name \"" + made.name + "\" must be 1 to 64 letters, digits, - or _");
  }
  where_ = "spec: entity " + made.name + ": ";
  TRY_VOID(fill_in(in, made.name));
  TRY_VOID(text(in, "type", true, made.type));
  TRY_VOID(text(in, "parent", true, made.parent));
  TRY_VOID(text(in, "uri", false, made.uri));
  TRY_VOID(number(in, "raa", kRaaMax, made.raa));
  TRY_VOID(number(in, "hda", kHdaMax, made.hda));
  has_hid_.emplace_back(in.contains("raa"), in.contains("hda"));
  for (const auto& [name, target] : {std::pair("not_before", &made.not_before), {"not_after", &made.not_after}}) {
    int64_t at = -1;
    TRY_VOID(number(in, name, kSignedDateMax, at));
    if (at >= 0) *target = at_second(at);
  }
  TRY_VOID(addresses(in, made));
  TRY_VOID(name_servers(in, out.name_servers.emplace_back()));
  uint64_t type = 0;
  if (!out.name_servers.back().empty() && (!det::entity_from_text(made.type, type) || !det::is_authority(type))) return wrong("only an authority has name_servers");
  TRY_VOID(key(in, made, out.key_files.emplace_back()));
  if (in.contains("registered")) {
    Json refused;
    det::Registered& registered = made.registered.emplace();
    if (!hex_field(in, "be", registered.endorsement, refused) || !hex_field(in, "certificate", registered.certificate, refused)) return wrong(refused["detail"]);
  }
  bool published = true;
  if (const auto at = in.find("publish"); at != in.end()) {
    if (!at->is_boolean()) return wrong("publish must be true or false");
    published = at->get<bool>();
  }
  out.publish.push_back(published);
  out.entities.push_back(std::move(made));
  return {};
}

Status SpecReader::addresses(const Json& in, det::RegistryEntity& entity) {
  const auto list = in.find("addresses");
  if (list == in.end()) return {};
  if (!list->is_array()) return wrong("addresses must be a list");
  for (const Json& one : *list) {
    det::IpAddress address;
    if (!one.is_string() || !det::address_from_text(one.get_ref<const std::string&>(), address)) {
      return wrong("address " + one.dump() + " is no IP address");
    }
    entity.addresses.push_back(address);
  }
  return {};
}

Status SpecReader::name_servers(const Json& in, std::vector<std::string>& out) {
  const auto list = in.find("name_servers");
  if (list == in.end()) return {};
  if (!list->is_array() || list->empty() || list->size() > kNameServersMax) return wrong("name_servers must be a list of 1 to " + std::to_string(kNameServersMax) + " names");
  for (const Json& one : *list) {
    if (!one.is_string()) return wrong("name server " + one.dump() + " is no domain name");
    out.push_back(one);
  }
  return {};
}

// "registered": what the registry.json of a parent elsewhere says of this entity stands in for what is not said here.
Status SpecReader::fill_in(Json& in, const std::string& name) {
  std::string file;
  TRY_VOID(text(in, "registered", false, file));
  if (file.empty()) return {};
  TRY(content, read_file(file, kRegisteredMax));
  const Json known = parse_json(content);
  const auto entities = known.is_object() ? known.find("entities") : known.end();
  if (entities == known.end() || !entities->is_object() || !entities->contains(name) || !(*entities)[name].is_object()) {
    return wrong(file + " is no registry.json with an entity of this name");
  }
  const Json& from = (*entities)[name];
  for (const char* field : {"hi", "be", "certificate"}) {
    if (!from.contains(field)) return wrong(file + " has no " + field + " of it");
  }
  for (const char* field : {"type", "parent", "raa", "hda", "uri", "addresses"}) {
    if (!in.contains(field) && from.contains(field)) in[field] = from[field];
  }
  if (!in.contains("key_file") && !in.contains("public_key_file")) in["key"] = from["hi"];
  in["be"] = from["be"];
  in["certificate"] = from["certificate"];
  return {};
}

Status SpecReader::key(const Json& in, det::RegistryEntity& entity, std::string& key_file) {
  Json refused;
  PublicKey key{};
  std::string public_key_file;
  if (in.contains("seed")) return wrong("a seed is not read from a description; name its file in key_file");
  if (!key_field(in, "key", key, refused)) return wrong("key must be 64 hex digits");
  TRY_VOID(text(in, "key_file", false, key_file));
  TRY_VOID(text(in, "public_key_file", false, public_key_file));
  if (in.contains("key") + !key_file.empty() + !public_key_file.empty() > 1) return wrong("has more than one of key, key_file and public_key_file");
  if (in.contains("key")) entity.key = key;
  if (!public_key_file.empty()) {
    TRY(read, load_public_key(public_key_file));
    entity.key = read;
  }
  if (entity.key) return {};
  struct stat found{};
  const std::string path = key_file.empty() ? directory_ + "/" + entity.name + ".key" : key_file;
  if (key_file.empty() && stat(path.c_str(), &found) != 0) return {};  // a new entity: its seed will be drawn
  TRY(seed, load_seed(path));
  entity.seed = seed;
  return {};
}

// "raa" and "hda" that are left out are the parent's, wherever in the list the parent stands.
Status SpecReader::inherit(ZoneSpec& out) {
  const auto find = [&](const std::string& name) {
    return static_cast<size_t>(std::find_if(out.entities.begin(), out.entities.end(), [&](const auto& e) { return e.name == name; }) -
                               out.entities.begin());
  };
  for (bool changed = true; changed;) {
    changed = false;
    for (size_t i = 0; i < out.entities.size(); ++i) {
      auto& [has_raa, has_hda] = has_hid_[i];
      if (has_raa && has_hda) continue;
      const size_t parent = find(out.entities[i].parent);
      if (parent >= out.entities.size() || parent == i || !has_hid_[parent].first || !has_hid_[parent].second) continue;
      if (!has_raa) out.entities[i].raa = out.entities[parent].raa;
      if (!has_hda) out.entities[i].hda = out.entities[parent].hda;
      has_raa = has_hda = changed = true;
    }
  }
  for (size_t i = 0; i < out.entities.size(); ++i) {
    if (!has_hid_[i].first || !has_hid_[i].second) return Status::failed("spec: entity " + out.entities[i].name + ": raa and hda are neither given nor the parent's");
  }
  return {};
}

}  // namespace

Status read_zone_spec(const Json& spec, const std::string& directory, ZoneSpec& out) { return SpecReader(spec, directory).read(out); }

}  // namespace nrid::inspect
