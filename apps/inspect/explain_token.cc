// CoAP messages and the CWT inside, field by field.
#include "apps/inspect/explain.h"
#include "base/profile.h"
#include "base/text.h"
#include "cwt/claims.h"
#include "cwt/cose.h"
#include "wire/coap.h"

namespace nrid::inspect {
namespace {

struct OptionName { uint16_t number; std::string_view name; char form; std::string_view section; };  // form: t text, u uint, x hex
constexpr OptionName kOptionNames[] = {
    {1, "If-Match", 'x', "RFC 7252 5.10.8"},   {3, "Uri-Host", 't', "RFC 7252 5.10.1"},    {4, "ETag", 'x', "RFC 7252 5.10.6"},
    {5, "If-None-Match", 'x', "RFC 7252 5.10.8"}, {6, "Observe", 'u', "RFC 7641 2"},       {7, "Uri-Port", 'u', "RFC 7252 5.10.1"},
    {11, "Uri-Path", 't', "RFC 7252 5.10.1"},  {12, "Content-Format", 'u', "RFC 7252 5.10.3"}, {14, "Max-Age", 'u', "RFC 7252 5.10.5"},
    {15, "Uri-Query", 't', "RFC 7252 5.10.1"}, {17, "Accept", 'u', "RFC 7252 5.10.4"},     {23, "Block2", 'u', "RFC 7959 2.1"},
    {27, "Block1", 'u', "RFC 7959 2.1"},       {35, "Proxy-Uri", 't', "RFC 7252 5.10.2"},  {39, "Proxy-Scheme", 't', "RFC 7252 5.10.2"},
    {60, "Size1", 'u', "RFC 7252 5.10.9"},     {252, "Echo", 'x', "RFC 9175 2.2.1"},       {258, "No-Response", 'u', "RFC 7967 2"},
};

void explain_option(const coap::Option& option, Explanation& out) {
  for (const OptionName& known : kOptionNames) {
    if (known.number != option.number) continue;
    std::string value = to_hex(option.value);
    if (known.form == 't') value = printable(as_text(option.value));
    if (known.form == 'u') {
      const auto number = option.uint(4);
      if (number) value = std::to_string(*number);
    }
    out.add(std::string(known.name), value, known.section);
    return;
  }
  out.add("option " + std::to_string(option.number), to_hex(option.value), option.number % 2 != 0 ? "critical" : "elective");
}

std::string set_text(const cwt::MessageSet& set) {
  std::string text;
  for (size_t i = 0; i <= static_cast<size_t>(rid::MessageType::operator_id); ++i) {
    if (set.types >> i & 1) text += (text.empty() ? "" : ", ") + std::string(message_name(i));
  }
  if (text.empty()) text = "nothing";
  text += " (" + std::to_string(set.types) + ")";
  if (set.pages) text += ", auth pages mask " + std::to_string(*set.pages);
  return text;
}

void explain_body(const cwt::UasBody& body, Explanation& out) {
  out.add("det_sp", to_text(body.sp), "Net-RID 3.2.1; R-051");
  if (body.encoded) out.add("encoded", set_text(*body.encoded), "R-050, R-052");
  out.add("data", std::to_string(body.data.size()) + " octets", "R-053");
  explain_pack(body.data, out);
}

void explain_body(const cwt::UssBody& body, Explanation& out) {
  out.add("det_uas", to_text(body.ua), "R-060, R-061");
  out.add("expected", set_text(body.expected), "R-061");
  if (!body.move_sp) return;
  out.add("move_sp: new SP", to_text(body.move_sp->new_sp), "R-091");
  if (const auto* uri = std::get_if<std::string_view>(&body.move_sp->address)) {
    out.add("address", printable(*uri), "RFC 9164; R-091");
  } else if (const auto* v4 = std::get_if<std::array<uint8_t, 4>>(&body.move_sp->address)) {
    out.add("address", std::to_string((*v4)[0]) + "." + std::to_string((*v4)[1]) + "." + std::to_string((*v4)[2]) + "." +
            std::to_string((*v4)[3]), "RFC 9164; R-091");
  } else {
    Det ip;
    ip.octets = std::get<0>(body.move_sp->address);
    out.add("address", to_text(ip), "RFC 9164; R-091");
  }
  explain_endorsement(body.move_sp->endorsement, out);
}

void explain_body(const cwt::EooBody& body, Explanation& out) {
  static constexpr std::string_view kCodes[] = {"end requested by UAS", "end acknowledged by SP", "ended by SP", "aborted or emergency"};
  out.add("peer", to_text(body.peer), "R-100");
  out.add("code", std::to_string(body.code) + " (" + std::string(body.code < 4 ? kCodes[body.code] : "?") + ")", "R-100");
  out.add("ref", when(at_second(static_cast<int64_t>(body.ref))), "R-100");
  if (body.ua) out.add("UA DET", to_text(*body.ua), "R-100");
}

bool explain_claims(const cwt::Sign1& sign1, Explanation& out) {
  const auto claims = cwt::decode_claims(sign1.payload, sign1.kid);
  if (!claims.ok()) {
    out.refuse("claims", claims.error(), "RFC 8392 3; R-043");
    out.add("payload", to_hex(sign1.payload), "RFC 9052 4.2");
    return false;
  }
  static constexpr std::string_view kSubjects[] = {profile::kSubUas, profile::kSubUss, profile::kSubEoo};
  out.add("sub", std::string(kSubjects[claims->body.index()]), "RFC 8392 3.1.2; R-043");
  out.add("iat", when(at_second(claims->iat)), "RFC 8392 3.1.6; R-043");
  out.add("nbf", when(at_second(claims->nbf)), "RFC 8392 3.1.5");
  out.add("exp", when(at_second(claims->exp)), "RFC 8392 3.1.4; R-044");
  std::visit([&](const auto& body) { explain_body(body, out); }, claims->body);
  return true;
}

}  // namespace

std::string code_text(uint8_t code) {
  const int detail = code & 31;
  return std::to_string(code >> 5) + (detail < 10 ? ".0" : ".") + std::to_string(detail);
}

bool explain_token(Bytes message, Explanation& out) {
  static constexpr std::string_view kForms[] = {"in a bstr with tag 54", "bare 16 octets", "the draft's literal tag 54"};
  const auto sign1 = cwt::decode_sign1(message);
  if (!sign1.ok()) {
    out.refuse("COSE_Sign1", sign1.error(), "RFC 9052 4.2; R-040");
    return false;
  }
  out.add("COSE_Sign1", std::to_string(message.size()) + " octets", "RFC 9052 4.2; R-040");
  out.enter();
  out.add("alg", std::to_string(sign1->alg) + (sign1->alg == -8 ? " (EdDSA)" : " (Ed25519)"), "RFC 9053 2.2; R-041");
  out.add("kid", to_text(sign1->kid) + ", " + std::string(kForms[static_cast<size_t>(sign1->kid_form)]), "RFC 9052 3.1; R-042");
  const bool good = explain_claims(*sign1, out);
  out.add("signature", to_hex(Bytes(sign1->signature)), "RFC 8032 5.1; not checked here: nrid cwt verify");
  out.leave();
  return good;
}

bool explain_coap(Bytes datagram, Explanation& out) {
  const auto message = coap::decode(datagram);
  if (!message.ok()) {
    out.refuse("CoAP", message.error(), "RFC 7252 3");
    return false;
  }
  out.add("CoAP", std::string(kCoapTypes[static_cast<size_t>(message->type)]) + " " + code_text(message->code) + ", " +
          std::to_string(datagram.size()) + " octets", "RFC 7252 3");
  out.enter();
  out.add("message id", std::to_string(message->id), "RFC 7252 4.4");
  out.add("token", message->token.empty() ? "none" : to_hex(message->token), "RFC 7252 5.3.1");
  for (const coap::Option& option : message->options()) explain_option(option, out);
  bool good = true;
  if (!message->payload.empty()) {
    out.add("payload", std::to_string(message->payload.size()) + " octets", "RFC 7252 5.5");
    good = explain_token(message->payload, out);
  }
  out.leave();
  return good;
}

}  // namespace nrid::inspect
