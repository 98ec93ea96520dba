#include "apps/inspect/command.h"

#include <algorithm>
#include <fstream>
#include <sstream>

namespace nrid::inspect {
namespace {

std::string must_be(std::string_view name, std::string_view what) {
  return "field " + std::string(name) + " must be " + std::string(what);
}

}  // namespace

Json refusal(Error error) { return {{"error", info(error).counter}, {"detail", info(error).text}}; }

Json refusal(std::string_view word, std::string_view detail) { return {{"error", word}, {"detail", detail}}; }

Instant now_field(const Json& input) {
  constexpr int64_t kNowMax = 1'000'000'000'000;
  return at_second(std::clamp<int64_t>(input.value("now", SystemClock().now().wall.seconds()), 0, kNowMax));
}

Json parse_json(std::string_view text) {
  constexpr int kDepthMax = 64;
  bool deep = false;
  Json out = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > kDepthMax;
    return depth <= kDepthMax;
  }, false);
  return deep ? Json(Json::value_t::discarded) : out;
}

bool hex_field(const Json& input, std::string_view name, Buffer& out, Json& refused) {
  const auto at = input.find(name);
  if (at == input.end()) return true;
  std::optional<Buffer> octets;
  if (at->is_string()) octets = from_hex(at->get_ref<const std::string&>());
  if (!octets) {
    refused = refusal("bad_request", must_be(name, "hex digits, two an octet"));
    return false;
  }
  out = std::move(*octets);
  return true;
}

bool det_field(const Json& input, std::string_view name, Det& out, Json& refused) {
  const auto at = input.find(name);
  if (at == input.end()) return true;
  std::optional<Det> det;
  if (at->is_string()) det = det_from_text(at->get_ref<const std::string&>());
  if (!det) {
    refused = refusal("bad_request", must_be(name, "a DET: 32 hex digits or IPv6 text"));
    return false;
  }
  out = *det;
  return true;
}

bool key_field(const Json& input, std::string_view name, PublicKey& out, Json& refused) {
  if (!input.contains(name)) return true;
  Buffer octets;
  if (!hex_field(input, name, octets, refused)) return false;
  if (octets.size() != out.size()) {
    refused = refusal("bad_request", must_be(name, "32 octets of hex, an Ed25519 key"));
    return false;
  }
  std::copy(octets.begin(), octets.end(), out.begin());
  return true;
}

bool number_field(const Json& input, std::string_view name, int64_t max, int64_t& out, Json& refused) {
  const auto at = input.find(name);
  if (at == input.end()) return true;
  out = at->get<int64_t>();
  if (out >= 0 && out <= max) return true;
  refused = refusal("bad_request", "field " + std::string(name) + " must be 0 to " + std::to_string(max));
  return false;
}

bool json_or_file(const Json& input, std::string_view name, std::string& text, std::string& file, Json& refused) {
  const auto at = input.find(name);
  if (at == input.end()) return true;
  if (!at->is_string()) {
    text = at->dump();
    return true;
  }
  const auto& value = at->get_ref<const std::string&>();
  const size_t first = value.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (value[first] == '{' || value[first] == '[')) {
    text = value;
    return true;
  }
  std::ifstream in(value, std::ios::binary);
  std::ostringstream content;
  if (!in || !(content << in.rdbuf())) {
    refused = refusal("bad_request", "cannot read file " + value);
    return false;
  }
  text = content.str();
  file = value;
  return true;
}

}  // namespace nrid::inspect
