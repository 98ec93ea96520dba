#include "nrid/client.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

constexpr size_t kClaimsMax = 512;

Result<Bytes> sign_claims(const Speaker& speaker, const cwt::Claims& claims, std::span<uint8_t> out) {
  std::array<uint8_t, kClaimsMax> space{};
  TRY(payload, cwt::encode_claims(claims, space));
  return cwt::sign1(payload, speaker.kid, speaker.form, *speaker.signer, out);
}

template <class Body>
Result<Bytes> make_cwt(const Speaker& speaker, const Body& body, int64_t iat, std::span<uint8_t> out) {
  cwt::Claims claims;
  claims.iat = claims.nbf = iat;
  claims.exp = iat + speaker.lifetime_s;
  claims.body = body;
  return sign_claims(speaker, claims, out);
}

Result<Bytes> carry(const Carriage& carriage, const coap::Message& message, std::span<uint8_t> out) {
  return seal_frame(carriage.transport(), carriage.rules, carriage.outgoing, message, out);
}

}  // namespace

Token Token::of(Bytes value) {
  Token token;
  token.size = static_cast<uint8_t>(std::min(value.size(), token.octets.size()));
  if (token.size != 0) std::memcpy(token.octets.data(), value.data(), token.size);
  return token;
}

Result<Bytes> make_uas_cwt(const Speaker& speaker, const Det& sp, Bytes pack, int64_t iat, std::span<uint8_t> out) {
  TRY(inside, rid::decode_pack(pack));
  cwt::UasBody body;
  body.sp = sp;
  body.encoded = cwt::MessageSet{inside.types(), std::nullopt};
  if (const uint32_t pages = inside.auth_pages(); pages != 0) body.encoded->pages = pages;
  body.data = pack;
  return make_cwt(speaker, body, iat, out);
}

Result<Bytes> make_uss_cwt(const Speaker& speaker, const cwt::UssBody& body, int64_t iat, std::span<uint8_t> out) {
  return make_cwt(speaker, body, iat, out);
}

Result<Bytes> make_eoo_cwt(const Speaker& speaker, const cwt::EooBody& body, int64_t iat, std::span<uint8_t> out) {
  return make_cwt(speaker, body, iat, out);
}

Result<Bytes> make_post(const Carriage& carriage, coap::Type type, uint16_t id, const Token& token, Bytes cwt, std::span<uint8_t> out,
                        Bytes echo) {
  coap::Message message;
  message.type = type;
  message.code = coap::kPost;
  message.id = id;
  message.token = token.bytes();
  std::array<uint8_t, 4> format{};
  if (!message.add(coap::option::uri_path, as_bytes(profile::kPath)) ||
      !message.add(coap::option::content_format, coap::encode_uint(profile::kContentFormatCwt, format)) ||
      (!echo.empty() && !message.add(coap::option::echo, echo))) {
    return Error::internal;
  }
  message.payload = cwt;
  return carry(carriage, message, out);
}

Result<Bytes> make_response(const Carriage& carriage, coap::Type type, uint8_t code, uint16_t id, const Token& token, Bytes cwt,
                            std::span<uint8_t> out) {
  coap::Message message;
  message.type = type;
  message.code = code;
  message.id = id;
  message.token = token.bytes();
  std::array<uint8_t, 4> format{};
  if (!cwt.empty() && !message.add(coap::option::content_format, coap::encode_uint(profile::kContentFormatCwt, format))) return Error::internal;
  message.payload = cwt;
  return carry(carriage, message, out);
}

Result<Inbound> read_datagram(const Carriage& carriage, Bytes datagram, FrameSpace& scratch) {
  const auto incoming = carriage.outgoing == schc::Direction::up ? schc::Direction::down : schc::Direction::up;
  Frame frame;
  if (const Error error = open_frame(carriage.transport(), carriage.rules, incoming, datagram, scratch, frame); error != Error::none) return error;
  if (frame.kind == FrameKind::request) {
    if (const Error error = check_request(frame.message); error != Error::none) return error;
  }
  Inbound in;
  in.type = frame.message.type;
  in.code = frame.message.code;
  in.id = frame.message.id;
  in.token = Token::of(frame.message.token);
  in.payload = frame.message.payload;
  const coap::Option* const echo = frame.message.find(coap::option::echo);
  if (echo != nullptr && echo->value.size() <= kEchoMax) in.echo = echo->value;
  return in;
}

Result<ProviderWord> read_provider_word(const Expected& expected, Bytes cwt, Instant now) {
  TRY(sign1, cwt::decode_sign1(cwt));
  if (sign1.kid != expected.sp || expected.sp_key == nullptr) return Error::wrong_signer;
  TRY(claims, cwt::decode_claims(sign1.payload, sign1.kid));
  TRY_VOID(cwt::check_times(claims, now, expected.times));
  const auto* heartbeat = std::get_if<cwt::UssBody>(&claims.body);
  const auto* end = std::get_if<cwt::EooBody>(&claims.body);
  if (heartbeat == nullptr && end == nullptr) return Error::bad_claims;  // a report: not for us to hear
  if (heartbeat != nullptr && heartbeat->ua != expected.ua) return Error::wrong_ua;
  if (end != nullptr && (end->ua ? *end->ua : end->peer) != expected.ua) return Error::wrong_ua;
  if (claims.iat < expected.iat_newest) return Error::stale_word;
  std::array<uint8_t, cwt::kSignedBytesMax> space{};
  TRY(message, cwt::signed_bytes(sign1, space));
  if (!signature_form_ok(sign1.signature)) return Error::signature_form;
  VerifyJob job{expected.sp_key, message, sign1.signature, false};
  sodium_verifier().verify({&job, 1});
  if (!job.good) return Error::bad_signature;
  if (heartbeat != nullptr) return ProviderWord(Heartbeat{claims.iat, heartbeat->expected, heartbeat->move_sp});
  return ProviderWord(EndWord{claims.iat, end->code, end->ref});
}

}  // namespace nrid
