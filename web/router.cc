#include "web/router.h"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>

#include "base/check.h"
#include "web/url.h"

namespace nrid::web {
namespace {

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

bool takes(const std::vector<std::string>& pattern, const std::vector<std::string>& segments) {
  if (pattern.size() != segments.size()) return false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (is_parameter(pattern[i]) ? segments[i].empty() : pattern[i] != segments[i]) return false;
  }
  return true;
}

// Of two patterns that take the same path, the one with the earlier literal segment.
bool more_literal(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (is_parameter(a[i]) != is_parameter(b[i])) return is_parameter(b[i]);
  }
  return false;
}

bool same_shape(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const std::string& x, const std::string& y) {
    return is_parameter(x) ? is_parameter(y) : x == y;
  });
}

std::string field(const std::map<std::string, std::string>& fields, const char* name) {
  const auto at = fields.find(name);
  return at == fields.end() ? std::string() : at->second;
}

}  // namespace

HttpResponse error_response(int status, std::string_view word, std::string_view detail) {
  const nlohmann::json body = {{"error", word}, {"detail", detail}};
  HttpResponse response;
  response.status = status;
  response.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return response;
}

std::string_view to_word(Role role) {
  switch (role) {
    case Role::anyone: return "anyone";
    case Role::viewer: return "viewer";
    case Role::operator_: return "operator";
    case Role::admin: return "admin";
  }
  return "anyone";
}

void Router::add(std::string_view module, Route route, Kind kind) {
  const auto target = parse_target(route.path);
  CHECK(target.has_value());
  CHECK(route.handler != nullptr);
  for (const Entry& entry : entries_) {
    CHECK(!(entry.route.method == route.method && same_shape(entry.segments, target->segments)));
  }
  entries_.push_back({std::string(module), std::move(route), kind, target->segments});
}

Router::Found Router::find(const std::vector<std::string>& segments, std::string_view method) const {
  Found found;
  std::vector<std::string> methods;
  for (const Entry& entry : entries_) {
    if (!takes(entry.segments, segments)) continue;
    methods.push_back(entry.route.method);
    if (entry.route.method != method) continue;
    if (!found.entry || more_literal(entry.segments, found.entry->segments)) found.entry = &entry;
  }
  if (found.entry) return found;
  if (std::count(methods.begin(), methods.end(), "GET")) methods.push_back("HEAD");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  for (const std::string& name : methods) found.allow += (found.allow.empty() ? "" : ", ") + name;
  return found;
}

Answer Router::answer(RawRequest raw) const {
  Answer answer;
  answer.head_only = raw.method == "HEAD";
  const auto refuse = [&](int status, std::string_view word, std::string_view detail) {
    answer.response = error_response(status, word, detail);
    return answer;
  };

  if (!is_loopback_host(field(raw.headers, "host"))) {
    return refuse(403, "forbidden_host", "the Host field must be localhost or a loopback address");
  }
  auto target = parse_target(raw.target);
  if (!target) return refuse(400, "bad_target", "the request target is not a path with a well-formed query");
  const std::string method = answer.head_only ? "GET" : raw.method;
  const Found found = find(target->segments, method);
  if (!found.entry && found.allow.empty()) return refuse(404, "not_found", "nothing is at " + target->path);
  if (!found.entry) {
    refuse(405, "method_not_allowed", target->path + " takes " + found.allow);
    answer.response.headers.emplace_back("Allow", found.allow);
    return answer;
  }
  if (raw.body.size() > body_max_) {
    return refuse(413, "too_large", "body of " + std::to_string(raw.body.size()) + " octets, at most " + std::to_string(body_max_));
  }
  // A page of another site can make a browser post here; the browser then says which site it was.
  const std::string origin = field(raw.headers, "origin");
  if (method != "GET" && !origin.empty() && !is_loopback_origin(origin)) {
    return refuse(403, "forbidden_origin", "requests of pages from elsewhere are not taken");
  }

  HttpRequest request;
  request.method = method;
  request.path = target->path;
  for (size_t i = 0; i < target->segments.size(); ++i) {
    const std::string& name = found.entry->segments[i];
    if (is_parameter(name)) request.parameters[name.substr(1, name.size() - 2)] = std::move(target->segments[i]);
  }
  request.query = std::move(target->query);
  request.headers = std::move(raw.headers);
  request.body = std::move(raw.body);
  answer.response = run(*found.entry, request);
  answer.stream = found.entry->kind == Kind::stream && answer.response.status == 200 && !answer.head_only;
  return answer;
}

HttpResponse Router::run(const Entry& entry, const HttpRequest& given) const {
  std::string trouble;
  try {
    HttpRequest request = given;
    if (const auto principal = login_.who(request)) {
      request.principal = principal->name;
      if (principal->role < entry.route.role) {
        return error_response(403, "forbidden", "this needs the role " + std::string(to_word(entry.route.role)));
      }
    } else if (entry.route.role != Role::anyone) {
      return error_response(401, "unauthorized", "this needs a login");
    }
    return entry.route.handler(request);
  } catch (const std::exception& failure) {
    trouble = failure.what();
  } catch (...) {
    trouble = "unknown exception";
  }
  // The reason goes to our log; a stranger learns nothing of our insides from it.
  if (log_) log_(entry.route.method + " " + entry.route.path + ": " + trouble);
  return error_response(500, "internal", "the request failed inside the server");
}

std::string Router::table_json() const {
  nlohmann::json routes = nlohmann::json::array();
  for (const Entry& entry : entries_) {
    if (entry.kind == Kind::hidden) continue;
    routes.push_back({{"module", entry.module}, {"method", entry.route.method}, {"path", entry.route.path},
                      {"role", to_word(entry.route.role)}, {"summary", entry.route.summary}});
  }
  return nlohmann::json{{"routes", std::move(routes)}}.dump() + "\n";
}

}  // namespace nrid::web
