#include "web/url.h"

#include <algorithm>

namespace nrid::web {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Calls `take` with each part of text between separators; false as soon as `take` says so.
template <class Take>
bool split(std::string_view text, char separator, Take take) {
  while (true) {
    const size_t end = text.find(separator);
    if (!take(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool read_path(std::string_view path, Target& out) {
  out.path = path;
  path.remove_prefix(1);
  if (path.empty()) return true;
  return split(path, '/', [&](std::string_view part) {
    const auto segment = percent_decode(part, false);
    if (!segment || out.segments.size() == kSegmentsMax) return false;
    out.segments.push_back(*segment);
    return true;
  });
}

bool read_query(std::string_view query, Target& out) {
  size_t fields = 0;
  return split(query, '&', [&](std::string_view field) {
    if (field.empty()) return true;
    if (++fields > kQueryFieldsMax) return false;
    const size_t equals = field.find('=');
    const auto name = percent_decode(field.substr(0, equals), true);
    const auto value = equals == std::string_view::npos ? std::optional<std::string>("")
                                                        : percent_decode(field.substr(equals + 1), true);
    if (!name || !value) return false;
    out.query.emplace(*name, *value);
    return true;
  });
}

// 127.0.0.0/8 in dotted form, four numbers without leading zeros: what a browser sends.
bool is_loopback_v4(std::string_view text) {
  int parts = 0;
  bool good = true;
  split(text, '.', [&](std::string_view part) {
    if (part.empty() || part.size() > 3 || !std::all_of(part.begin(), part.end(), is_digit)) return good = false;
    if (part.size() > 1 && part[0] == '0') return good = false;
    int value = 0;
    for (const char c : part) value = value * 10 + (c - '0');
    if (value > 255 || (parts == 0 && value != 127)) return good = false;
    ++parts;
    return true;
  });
  return good && parts == 4;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.size() <= 5 && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (text.size() - i < 3) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high << 4 | low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet == 0x7f) return std::nullopt;
    out.push_back(c);
  }
  return out;
}

std::optional<Target> parse_target(std::string_view target) {
  if (target.empty() || target.size() > kTargetMax || target[0] != '/') return std::nullopt;
  if (target.find('#') != std::string_view::npos) return std::nullopt;
  Target out;
  const size_t mark = target.find('?');
  if (!read_path(target.substr(0, mark), out)) return std::nullopt;
  if (mark != std::string_view::npos && !read_query(target.substr(mark + 1), out)) return std::nullopt;
  return out;
}

bool is_loopback_host(std::string_view host) {
  std::string name;
  std::string_view rest;
  if (!host.empty() && host[0] == '[') {
    const size_t end = host.find(']');
    if (end == std::string_view::npos) return false;
    name = host.substr(0, end + 1);
    rest = host.substr(end + 1);
  } else {
    const size_t colon = host.find(':');
    name = host.substr(0, colon);
    if (colon != std::string_view::npos) rest = host.substr(colon);
  }
  if (!rest.empty() && (rest[0] != ':' || !is_port(rest.substr(1)))) return false;
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return name == "localhost" || name == "[::1]" || is_loopback_v4(name);
}

bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.substr(0, scheme.size()) == scheme) return is_loopback_host(origin.substr(scheme.size()));
  }
  return false;
}

}  // namespace nrid::web
