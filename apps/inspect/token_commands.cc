// nrid cwt sign|verify|decode. verify judges in the server's order but asks no DNS: the key comes with the question.
#include <algorithm>
#include <array>

#include "apps/inspect/key_file.h"
#include "apps/inspect/token.h"
#include "base/profile.h"
#include "det/det.h"
#include "rid/pack.h"

namespace nrid::inspect {
namespace {

constexpr std::string_view kKidForms[] = {"tagged_in_bstr", "bare", "literal_tag"};

Json cwt_decode(const Json& input) {
  Buffer message;
  Json refused;
  if (!hex_field(input, "hex", message, refused)) return refused;
  const auto sign1 = cwt::decode_sign1(message);
  if (!sign1.ok()) return refusal(sign1.error());
  const auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
  if (!claims.ok()) return refusal(claims.error());
  return {{"claims", claims_json(*claims, *sign1)},
          {"kid_form", kKidForms[static_cast<size_t>(sign1->kid_form)]},
          {"protected", to_hex(sign1->protected_header)},
          {"payload", to_hex(sign1->payload)},
          {"signature", to_hex(Bytes(sign1->signature))}};
}

// Whom the token speaks to.
const Det& addressee(const cwt::Claims& claims) {
  if (const auto* uas = std::get_if<cwt::UasBody>(&claims.body)) return uas->sp;
  if (const auto* uss = std::get_if<cwt::UssBody>(&claims.body)) return uss->ua;
  return std::get<cwt::EooBody>(claims.body).peer;
}

Result<void> check_signature(const cwt::Sign1& sign1, const PublicKey& key) {
  TRY_VOID(det::check(sign1.kid, key));
  Buffer space(sign1.protected_header.size() + sign1.payload.size() + 64);
  TRY(message, cwt::signed_bytes(sign1, space));
  TRY(prepared, PreparedKey::from(key));
  VerifyJob job;
  job.key = &prepared;
  job.message = message;
  job.signature = sign1.signature;
  sodium_verifier().verify({&job, 1});
  return job.good ? Error::none : Error::bad_signature;
}

Json verdict(Result<void> result, Json claims) {
  Json out = {{"ok", result.ok()}};
  if (!result.ok()) out.update(refusal(result.error()));
  if (!claims.is_null()) out["claims"] = std::move(claims);
  return out;
}

struct TokenQuestion {
  Buffer message;
  PublicKey key{};
  Instant now;
  std::optional<Det> self;
  cwt::TimePolicy policy;
};

// The word that the receiver would count: a provider's on the way up, an aircraft's on the way down.
Error wrong_addressee(const cwt::Claims& claims) {
  const auto* end = std::get_if<cwt::EooBody>(&claims.body);
  const bool down = std::holds_alternative<cwt::UssBody>(claims.body) ||
                    (end != nullptr && (end->code == profile::kEooAcknowledged || end->code == profile::kEooBySp));
  return down ? Error::wrong_ua : Error::wrong_sp;
}

Json judge(const TokenQuestion& question) {
  const auto sign1 = cwt::decode_sign1(question.message);
  if (!sign1.ok()) return verdict(sign1.error(), {});
  auto claims = cwt::decode_claims(sign1->payload, sign1->kid);
  if (!claims.ok()) return verdict(claims.error(), {});
  const Json shown = claims_json(*claims, *sign1);
  const auto times = cwt::check_times(*claims, question.now, question.policy);
  if (!times.ok()) return verdict(times, shown);
  if (question.self && addressee(*claims) != *question.self) return verdict(wrong_addressee(*claims), shown);
  if (const auto* report = std::get_if<cwt::UasBody>(&claims->body)) {
    const auto pack = rid::decode_pack(report->data);
    if (!pack.ok()) return verdict(pack.error(), shown);
  }
  if (!signature_form_ok(sign1->signature)) return verdict(Error::signature_form, shown);
  return verdict(check_signature(*sign1, question.key), shown);
}

Json cwt_verify(const Json& input) {
  constexpr int64_t kDateMax = 253'402'300'799;
  TokenQuestion question;
  Json refused;
  Det self;
  if (!hex_field(input, "hex", question.message, refused) || !key_field(input, "key", question.key, refused) ||
      !det_field(input, "det_self", self, refused)) {
    return refused;
  }
  if (input.contains("det_self")) question.self = self;
  const auto now = input["now"].get<int64_t>();
  const auto skew = input.value("skew", int64_t{5});
  if (now < 0 || now > kDateMax) return refusal("bad_request", "field now must be Unix seconds");
  if (skew < 0 || skew > 3600) return refusal("bad_request", "field skew must be 0..3600 s");
  question.now = at_second(now);
  question.policy = {seconds(skew), input.value("allow_relative", false)};
  return judge(question);
}

Json cwt_sign(const Json& input) {
  Json refused;
  Seed seed{};
  Det kid;
  std::string text, file;
  if (!seed_field(input, seed, refused) || !det_field(input, "kid", kid, refused) ||
      !json_or_file(input, "claims", text, file, refused)) {
    return refused;
  }
  const std::string form = input.value("kid_form", std::string(kKidForms[0]));
  const auto* const known = std::find(std::begin(kKidForms), std::end(kKidForms), form);
  if (known == std::end(kKidForms)) return refusal("bad_request", "field kid_form must be tagged_in_bstr, bare or literal_tag");

  cwt::Claims claims;
  Kept kept;
  if (!claims_from_json(parse_json(text), claims, kept, refused)) return refused;
  const SeedSigner signer(seed);
  wipe(seed);
  if (const auto matches = det::check(kid, signer.public_key()); !matches.ok()) return refusal(matches.error());
  std::array<uint8_t, profile::kDatagramMax> payload_space, space;
  const auto payload = cwt::encode_claims(claims, payload_space);
  if (!payload.ok()) return refusal(payload.error());
  // No token leaves that decode would refuse.
  if (const auto shape = cwt::decode_claims(*payload, kid); !shape.ok()) return refusal(shape.error());
  const auto token = cwt::sign1(*payload, kid, static_cast<cwt::KidForm>(known - std::begin(kKidForms)), signer, space);
  if (!token.ok()) return refusal(token.error());
  return {{"hex", to_hex(*token)}};
}

}  // namespace

std::vector<Command> token_commands() {
  return {
      {"cwt", "decode", "claims of a token; its signature is not looked at",
       {{"hex", FieldKind::text, true, "the COSE_Sign1"}},
       cwt_decode, nullptr},
      {"cwt", "verify", "shape, times, addressee and signature of a token",
       {{"hex", FieldKind::text, true, "the COSE_Sign1"},
        {"key", FieldKind::text, true, "public key of the signer, 32 octets of hex; it must hash to kid"},
        {"now", FieldKind::integer, true, "Unix seconds"},
        {"det_self", FieldKind::text, false, "DET of the receiver; absent: any"},
        {"skew", FieldKind::integer, false, "seconds by which clocks may differ, 5"},
        {"allow_relative", FieldKind::flag, false, "read the draft's 0/10/0 as from now"}},
       cwt_verify, nullptr},
      {"cwt", "sign", "a token from claims, signed",
       {kKeyFile,
        {"kid", FieldKind::text, true, "DET of the signer"},
        {"claims", FieldKind::json, true, "claims as `cwt decode` shows them; nbf is iat and exp is iat + 10 when absent"},
        {"kid_form", FieldKind::text, false, "tagged_in_bstr, bare or literal_tag"}},
       cwt_sign, nullptr},
  };
}

}  // namespace nrid::inspect
