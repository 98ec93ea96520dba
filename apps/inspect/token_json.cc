#include <arpa/inet.h>

#include "apps/inspect/token.h"
#include "base/profile.h"

namespace nrid::inspect {
namespace {

Json set_json(const cwt::MessageSet& set) {
  Json out = {set.types};
  if (set.pages) out.push_back(*set.pages);
  return out;
}

std::string address_text(const cwt::MoveSp& move) {
  char text[INET6_ADDRSTRLEN] = "";
  if (const auto* ipv6 = std::get_if<std::array<uint8_t, 16>>(&move.address)) {
    inet_ntop(AF_INET6, ipv6->data(), text, sizeof text);
    return text;
  }
  if (const auto* ipv4 = std::get_if<std::array<uint8_t, 4>>(&move.address)) {
    inet_ntop(AF_INET, ipv4->data(), text, sizeof text);
    return text;
  }
  return std::string(std::get<std::string_view>(move.address));
}

void add_body(Json& out, const cwt::UasBody& body) {
  out["sub"] = profile::kSubUas;
  out["det_sp"] = to_hex(body.sp);
  if (body.encoded) out["encoded"] = set_json(*body.encoded);
  out["data"] = to_hex(body.data);
}

void add_body(Json& out, const cwt::UssBody& body) {
  out["sub"] = profile::kSubUss;
  out["det_ua"] = to_hex(body.ua);
  out["expected"] = set_json(body.expected);
  if (!body.move_sp) return;
  out["move_sp"] = {{"new_sp", to_hex(body.move_sp->new_sp)},
                    {"new_ip", address_text(*body.move_sp)},
                    {"new_be", to_hex(body.move_sp->endorsement)}};
}

void add_body(Json& out, const cwt::EooBody& body) {
  out["sub"] = profile::kSubEoo;
  out["det_peer"] = to_hex(body.peer);
  out["code"] = body.code;
  out["ref"] = body.ref;
  if (body.ua) out["det_ua"] = to_hex(*body.ua);
}

// Reads fields of one object and remembers the first that is missing or of another form.
class Fields {
 public:
  Fields(const Json& json, Kept& kept) : json_(json), kept_(kept) {}

  bool ok() const { return refused_.is_null(); }
  const Json& refused() const { return refused_; }
  bool has(const char* name) const { return json_.contains(name); }
  const Json* at(const char* name, bool good, std::string_view form) {
    if (good) {
      const auto found = json_.find(name);
      return found == json_.end() ? nullptr : &*found;
    }
    if (ok()) refused_ = refusal("bad_request", "claims: field " + std::string(name) + " must be " + std::string(form));
    return nullptr;
  }

  int64_t integer(const char* name) {
    const Json* value = at(name, has(name) && json_[name].is_number_integer(), "an integer");
    return value != nullptr ? value->get<int64_t>() : 0;
  }
  uint64_t natural(const char* name) {
    const Json* value = at(name, has(name) && json_[name].is_number_unsigned(), "an integer not below 0");
    return value != nullptr ? value->get<uint64_t>() : 0;
  }
  std::string text(const char* name) {
    const Json* value = at(name, has(name) && json_[name].is_string(), "text");
    return value != nullptr ? value->get<std::string>() : std::string();
  }
  Det det(const char* name) {
    const auto det = det_from_text(text(name));
    at(name, det.has_value() || !ok(), "a DET: 32 hex digits or IPv6 text");
    return det.value_or(Det{});
  }
  Bytes octets(const char* name) {
    auto octets = from_hex(text(name));
    at(name, octets.has_value() || !ok(), "hex digits, two an octet");
    return octets ? keep(std::move(*octets)) : Bytes{};
  }
  Bytes keep(Buffer octets) { return kept_.emplace_back(std::move(octets)); }
  cwt::MessageSet set(const char* name) {
    const Json list = has(name) ? json_[name] : Json();
    bool good = list.is_array() && (list.size() == 1 || list.size() == 2);
    for (const Json& each : list) good = good && each.is_number_unsigned() && each.get<uint64_t>() <= UINT32_MAX;
    if (at(name, good, "[types, pages?]") == nullptr) return {};
    cwt::MessageSet set{list[0].get<uint32_t>(), std::nullopt};
    if (list.size() == 2) set.pages = list[1].get<uint32_t>();
    return set;
  }
  cwt::MoveSp move_sp() {
    cwt::MoveSp move;
    if (at("move_sp", json_["move_sp"].is_object(), "an object") == nullptr) return move;
    Fields inner(json_["move_sp"], kept_);
    move.new_sp = inner.det("new_sp");
    const std::string address = inner.text("new_ip");
    std::array<uint8_t, 16> ipv6;
    std::array<uint8_t, 4> ipv4;
    if (inet_pton(AF_INET6, address.c_str(), ipv6.data()) == 1) {
      move.address = ipv6;
    } else if (inet_pton(AF_INET, address.c_str(), ipv4.data()) == 1) {
      move.address = ipv4;
    } else {
      move.address = as_text(keep(Buffer(address.begin(), address.end())));
    }
    move.endorsement = inner.octets("new_be");
    if (ok()) refused_ = inner.refused();
    return move;
  }

 private:
  const Json& json_;
  Kept& kept_;
  Json refused_;
};

}  // namespace

Json claims_json(const cwt::Claims& claims, const cwt::Sign1& sign1) {
  Json out = {{"iat", claims.iat}, {"nbf", claims.nbf}, {"exp", claims.exp}, {"kid", to_hex(sign1.kid)}, {"alg", sign1.alg}};
  std::visit([&](const auto& body) { add_body(out, body); }, claims.body);
  return out;
}

bool claims_from_json(const Json& json, cwt::Claims& claims, Kept& kept, Json& refused) {
  if (!json.is_object()) {
    refused = refusal("bad_request", "field claims must be an object");
    return false;
  }
  Fields in(json, kept);
  claims.iat = in.integer("iat");
  claims.nbf = in.has("nbf") ? in.integer("nbf") : claims.iat;
  claims.exp = in.has("exp") ? in.integer("exp") : claims.iat + 10;
  const std::string sub = in.text("sub");
  if (sub == profile::kSubUas) {
    cwt::UasBody body;
    body.sp = in.det("det_sp");
    if (in.has("encoded")) body.encoded = in.set("encoded");
    body.data = in.octets("data");
    claims.body = body;
  } else if (sub == profile::kSubUss) {
    cwt::UssBody body;
    body.ua = in.det("det_ua");
    body.expected = in.set("expected");
    if (in.has("move_sp")) body.move_sp = in.move_sp();
    claims.body = body;
  } else if (sub == profile::kSubEoo) {
    cwt::EooBody body;
    body.peer = in.det("det_peer");
    body.code = in.natural("code");
    body.ref = in.natural("ref");
    if (in.has("det_ua")) body.ua = in.det("det_ua");
    claims.body = body;
  } else {
    in.at("sub", false, "NRID-UAS, NRID-USS or NRID-EOO");
  }
  refused = in.refused();
  return in.ok();
}

}  // namespace nrid::inspect
