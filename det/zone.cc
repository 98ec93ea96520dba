#include "det/zone.h"

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

void add_records(std::string& out, const std::string& owner, const ZoneEntry& entry) {
  if (!entry.comment.empty()) out += "; " + one_line(entry.comment) + "\n";
  const auto line = [&](const std::string& record) { out += owner + " " + record + "\n"; };
  if (!entry.hhit_rdata.empty()) line(unknown_record(RrType::hhit, entry.hhit_rdata));
  if (!entry.brid_rdata.empty()) line(unknown_record(RrType::brid, entry.brid_rdata));
  for (const IpAddress& address : entry.addresses) line(address_record(address));
}

}  // namespace

StatusOr<std::string> write_zone(const ZoneSettings& settings, const std::vector<ZoneEntry>& entries) {
  Buffer ignored;
  if (!plain(settings.origin) || !dns_name_to_wire(settings.origin, ignored)) {
    return Status::failed("origin \"" + settings.origin + "\" is no absolute domain name (it ends with a dot)");
  }
  TRY_VOID(check_name(settings.name_server, "name server"));
  TRY_VOID(check_name(settings.mailbox, "mailbox"));
  std::string out = "$ORIGIN " + settings.origin + "\n$TTL " + std::to_string(settings.ttl) + "\n";
  out += "@ SOA " + settings.name_server + " " + settings.mailbox + " " + std::to_string(settings.serial) +
         " 3600 600 86400 " + std::to_string(std::min(settings.ttl, 60U)) + "\n";
  out += "@ NS " + settings.name_server + "\n";
  if (is_relative_name(settings.name_server) && !all_zero(settings.name_server_address)) {
    out += settings.name_server + " " + address_record(settings.name_server_address) + "\n";
  }
  const std::string suffix = "." + settings.origin;
  for (const ZoneEntry& entry : entries) {
    const std::string name = owner_name(entry.det);
    if (name.size() <= suffix.size() || name.compare(name.size() - suffix.size(), suffix.size(), suffix) != 0) {
      return Status::failed(to_text(entry.det) + " does not lie under " + settings.origin);
    }
    add_records(out, name.substr(0, name.size() - suffix.size()), entry);
  }
  return out;
}

}  // namespace nrid::det
