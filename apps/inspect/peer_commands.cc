// nrid peers: the signed list of providers that aircraft may be sent to. `make` signs a draft, `check` reads a list as a given
// provider would and says what of it holds now.
#include <algorithm>

#include "apps/inspect/command.h"
#include "apps/inspect/key_file.h"
#include "det/det.h"
#include "nrid/peer_file.h"

namespace nrid::inspect {
namespace {

Json no(const std::string& detail) { return {{"ok", false}, {"error", "bad_peers"}, {"detail", detail}}; }

Json peers_make(const Json& input) {
  std::string text, file = "peers";
  Json refused;
  Seed seed;
  if (!json_or_file(input, "file", text, file, refused) || !seed_field(input, seed, refused)) return refused;
  const SeedSigner signer(seed);
  wipe(seed);
  const Json draft = parse_json(text);
  const auto named = draft.is_object() && draft.contains("signer") && draft["signer"].is_string()
                         ? det_from_text(draft["signer"].get_ref<const std::string&>()) : std::nullopt;
  if (named && !det::check(*named, signer.public_key()).ok()) return no(file + ": the key is not that of signer " + to_text(*named));
  const auto made = sign_peer_file(text, file, named.value_or(Det()), signer);
  if (!made.ok()) return no(made.text());
  return {{"ok", true}, {"text", *made}};
}

std::string render_peers(const Json&, const Json& answer) { return answer["text"].get<std::string>(); }

Json describe_peer(const Peer& peer, Instant now) {
  return {{"sp", to_text(peer.sp)}, {"name", peer.name}, {"addresses", peer.addresses.size()}, {"capacity", peer.capacity}, {"priority", peer.priority},
          {"region", !peer.region.empty()}, {"not_after", peer.not_after.seconds()}, {"endorsement", std::string(to_word(expiry_level(peer, now)))}};
}

Json peers_check(const Json& input) {
  std::string text, file = "peers";
  Json refused;
  PeerTrust trust;
  if (!json_or_file(input, "file", text, file, refused) || !det_field(input, "det", trust.self, refused) || !key_field(input, "hi", trust.self_key, refused)) return refused;
  if (const auto own = det::check(trust.self, trust.self_key); !own.ok()) return no(std::string(info(own.error()).text));
  std::vector<det::TrustAnchor> anchors;
  std::string_view rest = input["anchor"].get_ref<const std::string&>();
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    const auto anchor = det::anchor_from_text(rest.substr(0, comma));
    if (!anchor.ok()) return refusal("bad_request", anchor.text());
    anchors.push_back(*anchor);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  trust.anchors = anchors;
  const Instant now = now_field(input);
  const auto table = parse_peer_file(text, file, trust);
  if (!table.ok()) return no(table.text());
  Json out = {{"ok", true}, {"hda", to_text(table->hda)}, {"self", nullptr}, {"peers", Json::array()}};
  if (table->self) out["self"] = describe_peer(*table->self, now);
  for (const Peer& peer : table->peers) out["peers"].push_back(describe_peer(peer, now));
  return out;
}

}  // namespace

std::vector<Command> peer_commands() {
  const Field file = {"file", FieldKind::json, true, "the list: a file name, or JSON text"};
  return {
      {"peers", "make", "Sign a list of peers; its \"signer\" says who signs, the HDA or the provider that reads it",
       {file, kKeyFile}, peers_make, render_peers},
      {"peers", "check", "Read a list of peers as one of the providers: form, signature, chain, endorsements",
       {file,
        {"det", FieldKind::text, true, "DET of the provider that reads it"},
        {"hi", FieldKind::text, true, "its public key"},
        {"anchor", FieldKind::text, true, "DET=HI of what you trust; several with commas between"},
        {"now", FieldKind::integer, false, "Unix seconds; default the clock"}}, peers_check, nullptr},
  };
}

}  // namespace nrid::inspect
