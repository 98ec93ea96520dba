// What a provider sends, up to and including the signature: an accepted datagram sealed again opens to the same frame,
// and no word is accepted whose signature nobody made.
#include "base/check.h"
#include "nrid/client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace nrid;
  static const SeedSigner signer(Seed{});  // signs nothing here
  static const PreparedKey key = *PreparedKey::from(signer.public_key());
  const Carriage carriage;
  FrameSpace space;
  const auto in = read_datagram(carriage, {data, size}, space);
  if (!in.ok()) return 0;
  if (in->response() && in->payload.size() < 1000) {
    std::array<uint8_t, profile::kDatagramMax> out{};
    const auto again = make_response(carriage, in->type, in->code, in->id, in->token, in->payload, out);
    CHECK(again.ok());
    FrameSpace second;
    const auto back = read_datagram(carriage, *again, second);
    CHECK(back.ok() && back->id == in->id && back->token == in->token && equal(back->payload, in->payload));
  }
  Expected expected;
  const auto sign1 = cwt::decode_sign1(in->payload);
  if (!sign1.ok()) return 0;
  expected.sp = sign1->kid;
  expected.sp_key = &key;
  const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
  if (!claims.ok()) return 0;
  if (const auto* heartbeat = std::get_if<cwt::UssBody>(&claims->body)) expected.ua = heartbeat->ua;
  if (const auto* end = std::get_if<cwt::EooBody>(&claims->body)) expected.ua = end->ua ? *end->ua : end->peer;
  CHECK(!read_provider_word(expected, in->payload, at_second(claims->iat)).ok());
  return 0;
}
