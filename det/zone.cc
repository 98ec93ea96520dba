#include "det/zone.h"

#include <openssl/evp.h>

#include <algorithm>

#include "det/det.h"
#include "det/dns_message.h"

namespace nrid::det {
namespace {

bool is_relative_name(std::string_view name) {
  Buffer ignored;
  return !name.empty() && name.back() != '.' && dns_name_to_wire(std::string(name) + ".", ignored);
}

// Letters, digits, hyphen and underscore only: nothing that a zone file reader takes as syntax.
bool plain(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
}

Status check_name(std::string_view name, std::string_view what) {
  Buffer ignored;
  if (plain(name) && (is_relative_name(name) || dns_name_to_wire(name, ignored))) return {};
  return Status::failed(std::string(what) + " \"" + std::string(name) + "\" is no domain name");
}

bool all_zero(const IpAddress& address) { return address == IpAddress{}; }

// RFC 3597 section 5: TYPEn \# length hex
std::string unknown_record(RrType type, Bytes rdata) {
  return "TYPE" + std::to_string(static_cast<uint16_t>(type)) + " \\# " + std::to_string(rdata.size()) + " " + to_hex(rdata);
}

std::string address_record(const IpAddress& address) { return (address.is_v4() ? "A " : "AAAA ") + to_text(address); }

std::string one_line(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string base64_record(const char* type, Bytes rdata) {
  std::string text(4 * ((rdata.size() + 2) / 3) + 1, '\0');  // EVP_EncodeBlock ends it with a zero
  text.resize(static_cast<size_t>(EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()), rdata.data(), static_cast<int>(rdata.size()))));
  return std::string(type) + " " + text;
}

void add_cut(std::string& out, const ZoneCut& cut, const ZoneSettings& settings) {
  for (const std::string& server : cut.name_servers) out += relative_name(cut.zone, settings.origin) + " NS " + server + "\n";
  out += "$INCLUDE " + cut.ds_file + "\n";
}

}  // namespace

std::vector<std::string> record_texts(const ZoneEntry& entry, RecordForm form) {
  std::vector<std::string> out;
  const auto add = [&](RrType type, const char* name, Bytes rdata) {
    if (!rdata.empty()) out.push_back(form == RecordForm::base64 ? base64_record(name, rdata) : unknown_record(type, rdata));
  };
  add(RrType::hhit, "HHIT", entry.hhit_rdata);
  add(RrType::brid, "BRID", entry.brid_rdata);
  for (const IpAddress& address : entry.addresses) out.push_back(address_record(address));
  return out;
}

std::string relative_name(std::string_view name, std::string_view origin) {
  if (name == origin) return "@";
  const std::string suffix = "." + std::string(origin);
  if (origin.empty() || name.size() <= suffix.size() || !name.ends_with(suffix)) return "";
  return std::string(name.substr(0, name.size() - suffix.size()));
}

StatusOr<std::string> write_zone(const ZoneSettings& settings, const std::vector<ZoneEntry>& entries, const std::vector<ZoneCut>& cuts) {
  Buffer ignored;
  if (!plain(settings.origin) || !dns_name_to_wire(settings.origin, ignored)) {
    return Status::failed("origin \"" + settings.origin + "\" is no absolute domain name (it ends with a dot)");
  }
  TRY_VOID(check_name(settings.name_server, "name server"));
  for (const std::string& server : settings.more_name_servers) TRY_VOID(check_name(server, "name server"));
  TRY_VOID(check_name(settings.mailbox, "mailbox"));
  std::string out = "$ORIGIN " + settings.origin + "\n$TTL " + std::to_string(settings.ttl) + "\n";
  out += "@ SOA " + settings.name_server + " " + settings.mailbox + " " + std::to_string(settings.serial) +
         " 3600 600 86400 " + std::to_string(std::min(settings.ttl, 60U)) + "\n";
  out += "@ NS " + settings.name_server + "\n";
  for (const std::string& server : settings.more_name_servers) out += "@ NS " + server + "\n";
  if (is_relative_name(settings.name_server) && !all_zero(settings.name_server_address)) {
    out += settings.name_server + " " + address_record(settings.name_server_address) + "\n";
  }
  for (const ZoneCut& cut : cuts) add_cut(out, cut, settings);
  for (const ZoneEntry& entry : entries) {
    const std::string owner = relative_name(owner_name(entry.det), settings.origin);
    if (owner.empty()) return Status::failed(to_text(entry.det) + " does not lie under " + settings.origin);
    if (!entry.comment.empty()) out += "; " + one_line(entry.comment) + "\n";
    for (const std::string& record : record_texts(entry, settings.form)) out += owner + " " + record + "\n";
  }
  return out;
}

}  // namespace nrid::det
