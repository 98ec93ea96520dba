// Request targets and Host fields, judged octet by octet before anything looks at them (RFC 3986, RFC 9110 section 7.2).
// Pure functions; tests/web/url_fuzz.cc holds their law.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nrid::web {

inline constexpr size_t kTargetMax = 2048;
inline constexpr size_t kSegmentsMax = 16;
inline constexpr size_t kQueryFieldsMax = 32;

struct Target {
  std::string path;                          // as sent, without the query
  std::vector<std::string> segments;         // percent-decoded; "/a/b" has two, "/" has none
  std::map<std::string, std::string> query;  // percent-decoded, + is a space; the first of equal names counts
};

// Origin form only ("/path?query"). nullopt: not that form, a broken %, an encoded NUL or control octet, over a limit.
std::optional<Target> parse_target(std::string_view target);

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

// "localhost", "127.x.y.z" or "[::1]", with or without port. A page of a stranger's name that resolves to loopback
// (DNS rebinding) sends that name here, and is refused by it.
bool is_loopback_host(std::string_view host_field);

// The same for an Origin field: "http://127.0.0.1:8080". "null" is not loopback.
bool is_loopback_origin(std::string_view origin_field);

}  // namespace nrid::web
