// nrid rid decode|encode, drip verify, ed25519 verify|sign: F3411 messages and packs, what stands behind their
// signatures, and the signatures alone for whoever compares back ends.
#include <algorithm>
#include <map>
#include <memory>

#include "apps/inspect/command.h"
#include "apps/inspect/key_file.h"
#include "apps/inspect/rid_json.h"
#include "base/ed25519/verifier.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "rid/auth.h"
#include "rid/words.h"

namespace nrid::inspect {
namespace {

Json rid_decode(const Json& input) {
  Buffer octets;
  Json refused;
  if (!hex_field(input, "hex", octets, refused)) return refused;
  if (octets.size() == rid::kMessageSize) return message_json(rid::RawMessage(octets.data(), rid::kMessageSize));
  if (octets.empty() || octets[0] >> 4 != static_cast<uint8_t>(rid::MessageType::pack)) {
    return refusal(octets.size() < rid::kMessageSize ? Error::truncated : Error::bad_pack);
  }
  const auto pack = rid::decode_pack(octets);
  if (!pack.ok()) return refusal(pack.error());
  Json messages = Json::array();
  for (size_t i = 0; i < pack->count; ++i) messages.push_back(message_json(pack->message(i)));
  return {{"type", rid::to_word(rid::MessageType::pack)}, {"version", octets[0] & 15}, {"messages", messages}};
}

Json encode_one(const Json& in) {
  if (in.is_object() && in.contains("messages") && in["messages"].is_array()) {
    std::vector<rid::MessageOctets> messages;
    for (const Json& each : in["messages"]) {
      if (messages.size() == rid::kPackMessagesMax) return refusal(Error::bad_pack);
      Json refused;
      if (!message_from_json(each, messages.emplace_back(), refused)) return refused;
    }
    std::array<uint8_t, rid::kPackSizeMax> space{};
    const auto pack = rid::encode_pack(messages, space);
    if (!pack.ok()) return refusal(pack.error());
    // Nothing leaves that decode would refuse: a nested or repeated message.
    if (const auto again = rid::decode_pack(*pack); !again.ok()) return refusal(again.error());
    return {{"hex", to_hex(*pack)}};
  }
  rid::MessageOctets octets{};
  Json refused;
  if (!message_from_json(in, octets, refused)) return refused;
  return {{"hex", to_hex(Bytes(octets))}};
}

Json rid_encode(const Json& input) {
  if (!input.contains("message")) return encode_one(input);  // a line as `rid decode` printed it
  std::string text, file;
  Json refused;
  if (!json_or_file(input, "message", text, file, refused)) return refused;
  const Json message = parse_json(text);
  if (message.is_discarded()) return refusal("bad_request", "field message is not JSON");
  return encode_one(message);
}

bool signed_by(const PublicKey& key, Bytes message, const Signature& signature) {
  return signature_form_ok(signature) && verify_one(key, message, signature);
}

Result<void> judge_evidence(const rid::Evidence& evidence, const PublicKey& key, std::optional<Instant> now, bool conformance) {
  TRY_VOID(det::check(evidence.ua, key));
  rid::AuthPolicy policy;
  policy.conformance = conformance;
  if (now) TRY_VOID(rid::check_window(evidence, *now, policy));
  return signed_by(key, evidence.signed_bytes(), evidence.signature) ? Error::none : Error::wrapper_signature;
}

// `key` is then the parent's: a Link is signed by whoever registered the child.
Json judge_link(const std::array<uint8_t, rid::kEndorsementSize>& octets, const PublicKey& key, std::optional<Instant> now) {
  Json out = {{"sam", "link"}};
  Result<void> verdict;
  const auto endorsement = det::decode_endorsement(octets);
  if (!endorsement.ok()) {
    verdict = endorsement.error();
  } else {
    out["child"] = to_text(endorsement->child);
    out["parent"] = to_text(endorsement->parent);
    verdict = det::check(endorsement->parent, key);
    if (verdict.ok()) verdict = det::verify_endorsement(*endorsement, key, now.value_or(endorsement->not_before), seconds(5));
  }
  out["ok"] = verdict.ok();
  if (!verdict.ok()) out.update(refusal(verdict.error()));
  return out;
}

Json not_ok(Error error) {
  Json out = {{"ok", false}};
  out.update(refusal(error));
  return out;
}

Json drip_verify(const Json& input) {
  constexpr int64_t kDateMax = 253'402'300'799;
  Buffer octets;
  PublicKey key{};
  Json refused;
  if (!hex_field(input, "hex", octets, refused) || !key_field(input, "key", key, refused)) return refused;
  std::optional<Instant> now;
  if (input.contains("now")) {
    const int64_t second = input["now"].get<int64_t>();
    if (second < 0 || second > kDateMax) return refusal("bad_request", "field now must be Unix seconds, 0..253402300799");
    now = at_second(second);
  }
  const bool conformance = input.value("conformance", false);
  const auto pack = rid::decode_pack(octets);
  if (!pack.ok()) return not_ok(pack.error());
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok()) return not_ok(auth.error());
  if (!auth->wrapper && !auth->other) return auth->link ? judge_link(*auth->link, key, now) : not_ok(Error::c2_origin);

  const rid::Evidence& evidence = auth->wrapper ? *auth->wrapper : *auth->other;
  Json covered = Json::array();
  for (size_t i = 0; i < evidence.message_count; ++i) covered.push_back(to_hex(Bytes(evidence.message(i))));
  const auto verdict = judge_evidence(evidence, key, now, conformance);
  Json out = {{"ok", verdict.ok()},
              {"sam", to_word(evidence.sam)},
              {"ua", to_text(evidence.ua)},
              {"not_before", evidence.not_before.seconds()},
              {"not_after", evidence.not_after.seconds()},
              {"unix_epoch", evidence.unix_epoch},
              {"extra_pages", auth->extra_pages},
              {"covered", covered}};
  if (evidence.sam == rid::Sam::wrapper) out["form"] = evidence.extended ? "extended" : "full";
  if (!verdict.ok()) out.update(refusal(verdict.error()));
  return out;
}

// Made when first asked for: a back end tests itself. A single case goes through the lanes, too, although libsodium may be quicker
// there: whoever names a back end wants its verdict.
const Verifier* backend_of(const Json& input, Json& refused) {
  static std::map<std::string, std::unique_ptr<Verifier>> made;
  const std::string wanted = input.value("backend", std::string("libsodium"));
  const std::string limit = input.value("processor-max", std::string("avx512"));
  const auto processor_max = processor_from_text(limit);
  if (!processor_max) {
    refused = refusal("bad_request", "field processor-max must be plain, avx2 or avx512");
    return nullptr;
  }
  auto& backend = made[wanted + "/" + limit];
  if (backend != nullptr) return backend.get();
  constexpr size_t kKeyCache = 256;
  static SystemRandom random;
  auto verifier = make_verifier({.backend = wanted, .processor_max = *processor_max, .key_cache = kKeyCache, .always_lanes = true}, random);
  if (!verifier.ok()) {
    refused = refusal("no_backend", verifier.text());
    return nullptr;
  }
  backend = std::move(*verifier);
  return backend.get();
}

// Of the line form: an answer with "error" ends it before the first line.
Json ed25519_ready(const Json& options) {
  Json refused = Json::object();
  backend_of(options, refused);
  return refused;
}

Json ed25519_verify(const Json& input) {
  PublicKey key{};
  Buffer message, octets;
  Json refused;
  const Verifier* backend = backend_of(input, refused);
  if (backend == nullptr || !key_field(input, "key", key, refused) || !hex_field(input, "msg", message, refused) ||
      !hex_field(input, "sig", octets, refused)) {
    return refused;
  }
  Signature signature{};
  const auto prepared = PreparedKey::from(key);
  if (!prepared.ok() || octets.size() != signature.size()) return {{"ok", false}};
  std::copy(octets.begin(), octets.end(), signature.begin());
  VerifyJob job{.key = &*prepared, .message = message, .signature = signature};
  backend->verify({&job, 1});
  return {{"ok", job.good}};
}

Json ed25519_sign(const Json& input) {
  Seed seed{};
  Buffer message;
  Json refused;
  if (backend_of(input, refused) == nullptr || !seed_field(input, seed, refused) ||
      !hex_field(input, "msg", message, refused)) {
    return refused;
  }
  const SeedSigner signer(seed);
  wipe(seed);
  const auto signature = signer.sign(message);
  if (!signature.ok()) return refusal(signature.error());
  return {{"key", to_hex(Bytes(signer.public_key()))}, {"sig", to_hex(Bytes(*signature))}};
}

}  // namespace

std::vector<Command> rid_commands() {
  const Field hex{"hex", FieldKind::text, true, "a message of 25 octets or a Message Pack"};
  const Field backend{"backend", FieldKind::text, false, "libsodium (default), avx2, avx512, or auto: the fastest"};
  const Field processor_max{"processor-max", FieldKind::text, false, "avx512, avx2 or plain: what the processor has beyond this is not used"};
  const Field message{"msg", FieldKind::text, true, "the octets that are signed"};
  return {
      {"rid", "decode", "values of an ASTM F3411 message or pack, with their units", {hex}, rid_decode, nullptr},
      {"rid", "encode", "a message or pack from values as `rid decode` shows them",
       {{"message", FieldKind::json, false, "{\"type\", ...} or {\"messages\": [...]}; absent on a line: the line itself"}},
       rid_encode, nullptr},
      {"drip", "verify", "DRIP authentication of a pack (RFC 9575): window, key and signature, and the messages it covers",
       {{"hex", FieldKind::text, true, "the Message Pack"},
        {"key", FieldKind::text, true, "public key of the aircraft, of the parent for a Link; it must hash to the DET"},
        {"now", FieldKind::integer, false, "Unix seconds; absent: the time window is not judged"},
        {"conformance", FieldKind::flag, false, "refuse evidence that counts Unix seconds"}},
       drip_verify, nullptr},
      {"ed25519", "verify", "one strict Ed25519 verdict of a back end",
       {{"key", FieldKind::text, true, "public key, 32 octets of hex"},
        message,
        {"sig", FieldKind::text, true, "signature; other lengths than 64 octets are never good"},
        backend, processor_max},
       ed25519_verify, nullptr, ed25519_ready},
      {"ed25519", "sign", "an Ed25519 signature",
       {kKeyFile, message, backend, processor_max},
       ed25519_sign, nullptr, ed25519_ready},
  };
}

}  // namespace nrid::inspect
