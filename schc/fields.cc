#include "schc/fields.h"

#include <algorithm>
#include <charconv>

namespace nrid::schc {
namespace {

struct Row {
  std::string_view name;
  FieldId id;
};

constexpr Row option(std::string_view name, uint16_t number) { return {name, {Kind::option, number, 0}}; }

// The first row of a field is its preferred name.
constexpr Row kRows[] = {
    {"VER", {Kind::version, 0, 2}},
    {"TYPE", {Kind::type, 0, 2}},
    {"TKL", {Kind::token_length, 0, 4}},
    {"CODE", {Kind::code, 0, 8}},
    {"MID", {Kind::message_id, 0, 16}},
    {"TOKEN", {Kind::token, 0, 0}},
    option("If-Match", 1),           // RFC 7252 table 4
    option("Uri-Host", 3),
    option("ETag", 4),
    option("If-None-Match", 5),
    option("Observe", 6),            // RFC 7641
    option("Uri-Port", 7),
    option("Location-Path", 8),
    option("OSCORE", 9),             // RFC 8613; whole, or in its four parts
    {"OSCORE.flags", {Kind::oscore_flags, 9, 0}},
    {"OSCORE.piv", {Kind::oscore_piv, 9, 0}},
    {"OSCORE.kid_ctx", {Kind::oscore_kid_context, 9, 0}},
    {"OSCORE.kid", {Kind::oscore_kid, 9, 0}},
    option("Uri-Path", 11),
    option("Content-Format", 12),
    option("Max-Age", 14),
    option("Uri-Query", 15),
    option("Hop-Limit", 16),         // RFC 8768
    option("Accept", 17),
    option("Q-Block1", 19),          // RFC 9177
    option("Location-Query", 20),
    option("EDHOC", 21),             // RFC 9668
    option("Block2", 23),            // RFC 7959
    option("Block1", 27),
    option("Size2", 28),
    option("Q-Block2", 31),
    option("Proxy-Uri", 35),
    option("Proxy-Scheme", 39),
    option("Size1", 60),
    option("Echo", 252),             // RFC 9175
    option("No-Response", 258),      // RFC 7967
    option("Request-Tag", 292),
    {"VERSION", {Kind::version, 0, 2}},
    {"OSCORE.kidctx", {Kind::oscore_kid_context, 9, 0}},
};

constexpr std::string_view kPrefix = "COAP.";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<FieldId> field_by_name(std::string_view name) {
  if (!same_word(name.substr(0, kPrefix.size()), kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  for (const Row& row : kRows) {
    if (same_word(row.name, name)) return row.id;
  }
  constexpr std::string_view kOption = "option(";
  if (!same_word(name.substr(0, kOption.size()), kOption) || name.back() != ')') return std::nullopt;
  name = name.substr(kOption.size(), name.size() - kOption.size() - 1);
  uint16_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0) return std::nullopt;
  return FieldId{Kind::option, number, 0};
}

std::string field_name(Kind kind, uint16_t option) {
  for (const Row& row : kRows) {
    if (row.id.kind == kind && row.id.option == option) return std::string(kPrefix).append(row.name);
  }
  return "COAP.option(" + std::to_string(option) + ")";
}

std::string_view match_name(Match match) {
  constexpr std::string_view kNames[] = {"equal", "ignore", "MSB", "match-mapping"};
  return kNames[static_cast<size_t>(match)];
}

std::string_view action_name(Action action) {
  constexpr std::string_view kNames[] = {"not-sent", "value-sent", "mapping-sent", "LSB"};
  return kNames[static_cast<size_t>(action)];
}

std::string rule_name(const Rule& rule) { return std::to_string(rule.id) + "/" + std::to_string(rule.id_bits); }

}  // namespace nrid::schc
