// The settings of web/: the table, and the two values that a table cannot judge (address, directories).
#include <arpa/inet.h>

#include "base/file.h"
#include "web/http_server.h"

namespace nrid::web {
namespace {

constexpr SettingInfo kRows[] = {
    {"web", "address", SettingKind::text, "", 0, 0, "\"127.0.0.1\"",
     "where the page and the API listen; loopback only, TLS and login are not part of this version"},
    {"web", "port", SettingKind::integer, "", 0, 65535, "8080", "TCP port; 0 takes any free one"},
    {"web", "page", SettingKind::text, "", 0, 0, "\"auto\"", "directory of the page's files; \"auto\" finds the installed ones"},
    {"web", "leaflet", SettingKind::text, "", 0, 0, "\"/usr/share/javascript/leaflet\"", "directory of Leaflet, package libjs-leaflet"},
    {"web", "threads", SettingKind::integer, "", 1, 64, "2", "threads that answer requests"},
    {"web", "connections_max", SettingKind::integer, "", 8, 65536, "256", "open connections; more wait to be accepted"},
    {"web", "events_max", SettingKind::integer, "", 1, 4096, "64", "pages that listen to events; each holds a connection"},
    {"web", "body_max", SettingKind::integer, "octets", 1024, 67'108'864, "262144", "longest request body"},
    {"web", "read_timeout", SettingKind::duration_s, "s", 1, 300, "10", "a request must be complete within this; also the idle time of a connection"},
    {"web", "write_timeout", SettingKind::duration_s, "s", 1, 300, "10", "a client must take an answer within this"},
};

bool is_loopback(const std::string& address) {
  in_addr v4{};
  if (::inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, address.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

}  // namespace

std::span<const SettingInfo> settings_rows() { return kRows; }

StatusOr<HttpOptions> HttpOptions::from(const SettingsSection& section) {
  HttpOptions out;
  out.address = section.text("address");
  if (out.address == "localhost") out.address = "127.0.0.1";
  if (!is_loopback(out.address)) {
    return Status::failed(section.where("address") + ": " + out.address +
                          " is not a loopback address; this version speaks plain HTTP without login and listens on loopback only");
  }
  out.port = static_cast<uint16_t>(section.integer("port"));
  out.threads = static_cast<int>(section.integer("threads"));
  out.connections_max = static_cast<size_t>(section.integer("connections_max"));
  out.events_max = static_cast<size_t>(section.integer("events_max"));
  if (out.events_max >= out.connections_max) {
    return Status::failed(section.where("events_max") + ": " + std::to_string(out.events_max) +
                          " must be below connections_max " + std::to_string(out.connections_max));
  }
  out.body_max = static_cast<size_t>(section.integer("body_max"));
  out.read_timeout_s = static_cast<int>(section.number("read_timeout"));
  out.write_timeout_s = static_cast<int>(section.number("write_timeout"));
  const std::string page = section.text("page");
  out.page_dir = page.empty() || page == "auto" ? installed_file("page") : section.path("page");
  if (out.page_dir.empty()) return Status::failed(section.where("page") + ": no page is installed beside the program; name its directory");
  out.leaflet_dir = section.path("leaflet");
  return out;
}

std::optional<Login::Principal> LoopbackLogin::who(const HttpRequest&) { return Principal{"loopback", Role::admin}; }

}  // namespace nrid::web
