// From a request to a response, without a socket: host check, target, route, method, size, origin, role, handler. Every
// refusal is JSON {"error": word, "detail": sentence}. Adding happens before the server starts; answer() is const.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nrid/http.h"

namespace nrid::web {

struct RawRequest {
  std::string method;
  std::string target;                              // "/api/flights?x=1"
  std::map<std::string, std::string> headers;      // names in lower case
  std::string body;
};

struct Answer {
  HttpResponse response;
  bool stream = false;                             // server-sent events follow
  bool head_only = false;                          // HEAD: the length of the body, not the body
};

class Router {
 public:
  Router(Login& login, size_t body_max) : login_(login), body_max_(body_max) {}

  enum class Kind : uint8_t { listed, hidden, stream };  // hidden: files of the page, not in /api
  // Two routes of one shape and method are our own mistake: CHECK. A literal segment wins over {name}.
  void add(std::string_view module, Route route, Kind kind = Kind::listed);
  void on_failure(std::function<void(const std::string&)> log) { log_ = std::move(log); }

  Answer answer(RawRequest raw) const;
  std::string table_json() const;                  // what /api shows

 private:
  struct Entry {
    std::string module;
    Route route;
    Kind kind;
    std::vector<std::string> segments;
  };
  struct Found {
    const Entry* entry = nullptr;
    std::string allow;                             // methods of the path when none fits
  };
  Found find(const std::vector<std::string>& segments, std::string_view method) const;
  HttpResponse run(const Entry& entry, const HttpRequest& request) const;

  Login& login_;
  size_t body_max_;
  std::vector<Entry> entries_;
  std::function<void(const std::string&)> log_;
};

HttpResponse error_response(int status, std::string_view word, std::string_view detail);
std::string_view to_word(Role role);

}  // namespace nrid::web
