// The one HTTP server of the process: serves the modules' route tables, the page with its parts, server-sent events,
// /metrics, /healthz and /api. Plain HTTP, therefore loopback only: TLS and login are not part of this version, and any
// other address is refused. Requests are answered on `threads` web threads; handlers read snapshots or post commands.
// The HTTP library (RESTinio) is known to http_server.cc alone.
//
//   TRY(options, HttpOptions::from(settings.section("web")));
//   SseHub hub(counters.add_block(), {.clients_max = options.events_max});  // before the module host, which publishes to it
//   HttpServer http(options, hub);
//   http.add_routes("fleet", routes); http.add_page_part("fleet", part); http.set_metrics(...);
//   TRY_VOID(http.start());                                  // binds; nothing runs when it fails
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/settings.h"
#include "nrid/http.h"
#include "web/metrics.h"
#include "web/sse_hub.h"

namespace nrid::web {

// The rows of section [web] for Settings::load().
std::span<const SettingInfo> settings_rows();

struct HttpOptions {
  std::string address = "127.0.0.1";
  uint16_t port = 8080;                // 0: any free port, see HttpServer::port()
  std::string page_dir;                // empty: the installed one, installed_file("page")
  std::string leaflet_dir = "/usr/share/javascript/leaflet";
  int threads = 2;
  size_t connections_max = 256;
  size_t events_max = 64;              // open /events, each one connection
  size_t body_max = 256 * 1024;        // octets; more is 413, four times more closes the connection
  int read_timeout_s = 10;             // a whole request must arrive within it; also the keep-alive idle time
  int write_timeout_s = 10;

  // Refuses an address that is not loopback.
  static StatusOr<HttpOptions> from(const SettingsSection& section);
};

// Everyone is admin: right on loopback, where whoever can connect can also read the settings file.
class LoopbackLogin final : public Login {
 public:
  std::optional<Principal> who(const HttpRequest& request) override;
};

class HttpServer {
 public:
  // `hub` and `login` outlive the server; without a login everyone on loopback is admin.
  HttpServer(HttpOptions options, SseHub& hub, Login* login = nullptr);
  ~HttpServer();                       // stop()
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Before start(). Two routes of one method and shape are our own mistake: CHECK. A literal segment wins over {name}.
  void add_routes(std::string_view module, std::vector<Route> routes);
  void add_page_part(std::string_view module, PagePart part);
  void set_metrics(std::function<std::string()> text);
  // Empty: healthy. Otherwise /healthz answers 503 with this sentence.
  void set_health(std::function<std::string()> trouble);
  // Hears why a handler threw; callers only see 500.
  void set_log(std::function<void(const std::string&)> log);

  // Loads the page's files, binds and serves. A failed start leaves no thread and no socket behind.
  Status start();
  void stop();                         // joins all threads; twice is allowed
  uint16_t port() const;               // the bound port

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace nrid::web
