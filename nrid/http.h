// HTTP as plain values: modules give a table of routes and never see a socket; web/ serves the tables.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nrid {

enum class Role : uint8_t { anyone, viewer, operator_, admin };

struct HttpRequest {
  std::string method;
  std::string path;                                   // without query
  std::map<std::string, std::string> parameters;      // {name} parts of the route, percent-decoded
  std::map<std::string, std::string> query;           // percent-decoded
  std::map<std::string, std::string> headers;         // names in lower case
  std::string body;
  std::string principal;                              // who, by Login; empty for anyone
};

struct HttpResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// One row of a module's table. `handler` runs on a web thread: it reads published snapshots or posts a command.
struct Route {
  std::string method;                                 // "GET"
  std::string path;                                   // "/api/flights/{det}"
  Role role = Role::viewer;
  std::string summary;                                // one sentence, for the API page
  std::function<HttpResponse(const HttpRequest&)> handler;
};

// A part of the page's frame: a script and its place, served by web/ under /parts/<module>/.
struct PagePart {
  std::string title;
  std::string script;                                 // file name below the module's page folder
  std::string style;                                  // may be empty
};

// Calls out (webhooks, other providers); run on the host's workers, the answer comes back as an event.
struct HttpCall {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  int timeout_ms = 5000;
};
struct HttpAnswer {
  int status = 0;                                     // 0: no answer, `error` says why
  std::string body;
  std::string error;
};

class HttpCaller {
 public:
  virtual ~HttpCaller() = default;
  virtual HttpAnswer call(const HttpCall& call) = 0;  // blocks; worker threads only
};

// Who is this request? Implementations stand in modules; the default lets loopback in as admin.
class Login {
 public:
  struct Principal { std::string name; Role role = Role::anyone; };
  virtual ~Login() = default;
  virtual std::optional<Principal> who(const HttpRequest& request) = 0;
};

// What a page hears while it is open: server-sent events.
class EventStream {
 public:
  virtual ~EventStream() = default;
  // Any thread; never blocks. A slow page loses events (counted) and is told to reload its snapshot.
  virtual void publish(std::string_view event, std::string_view json) = 0;
};

}  // namespace nrid
