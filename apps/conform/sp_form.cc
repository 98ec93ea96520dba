// What must hold for every word of a gateway, whatever the case is about.
#include <algorithm>

#include "apps/conform/sp_player.h"
#include "base/profile.h"

namespace nrid::conform {

void SpPlayer::judge_form(const Heard& heard) {
  const Letter& letter = heard.letter;
  if (!heard.request()) return;
  const Buffer* const path = heard.option(coap::option::uri_path);
  if (letter.code != coap::kPost || path == nullptr || as_text(*path) != profile().path) fault("R-020", "it is no POST to the resource", heard.packet);
  if (heard.number(coap::option::content_format).value_or(UINT32_MAX) != profile().content_format) fault("R-020", "Content-Format is not that of a CWT", heard.packet);
  const bool again = std::any_of(inbox_.begin(), inbox_.end(), [&](const auto& each) {
    return each.get() != &heard && each->request() && each->letter.id == letter.id && each->peer == heard.peer && each->socket == heard.socket;
  });
  if (again) fault("R-028", "a Message-ID comes again to the same peer", heard.packet);
  if (!heard.token.readable) return;
  const TokenValues& values = heard.token.values;
  if (values.nbf != values.iat) fault("R-043", "nbf is not iat", heard.packet);
  if (values.exp <= values.iat || values.exp - values.iat > profile::kLifetimeMaxSeconds) fault("R-044", "lifetime is not 1 to 60 s", heard.packet);
  const int64_t away = now().wall.seconds() - values.iat;
  if (away > profile().skew.seconds() || away < -profile().skew.seconds()) fault("R-044", "iat is " + std::to_string(away) + " s ago", heard.packet);
  const Identity& speaker = alone_ ? pair_.ua : pair_.gateway;
  if (heard.token.kid != speaker.det || !heard.token.signed_by(speaker.key)) fault("R-042", "kid is not the gateway's DET, or the signature not its own", heard.packet);
  const Body& body = values.body;
  if (body.kind == Kind::uss) fault("R-050", "a gateway does not send Heartbeats", heard.packet);
  const char* const addressed = body.kind == Kind::eoo ? "R-100" : "R-051";
  if (body.party != provider_at(heard.socket).det) fault(addressed, "it is addressed to another provider than the one that it was sent to", heard.packet);
  if (body.kind == Kind::eoo) {
    if (body.code != profile::kEooRequest && body.code != profile::kEooAborted) fault("R-100", "an end of the UAS has code 0 or 3", heard.packet);
    if (body.ua.value_or(heard.token.kid) != pair_.ua.det) fault("R-100", "it does not say which aircraft's operation ends", heard.packet);
  }
  if (body.kind == Kind::uas) judge_pack(heard);
}

void SpPlayer::judge_pack(const Heard& heard) {
  const Body& body = heard.token.values.body;
  const auto pack = rid::decode_pack(body.data);
  if (!pack.ok()) return fault("R-053", "data is no Message Pack: " + std::string(info(pack.error()).text), heard.packet);
  if (body.set && (body.set->types != pack->types() || body.set->pages.value_or(0) != pack->auth_pages())) {
    fault("R-052", "`encoded` says something else than the pack", heard.packet);
  }
  const auto auth = rid::read_auth(*pack);
  if (!auth.ok()) return fault("R-054", "authentication pages: " + std::string(info(auth.error()).text), heard.packet);
  if (!auth->wrapper) {
    if (!auth->link && origin_ != "c2_plain") fault("R-054", "no DRIP Wrapper around what the aircraft says", heard.packet);
    return;
  }
  const rid::Evidence& evidence = *auth->wrapper;
  const Identity& signer = origin_ == "c2" ? pair_.gateway : pair_.ua;
  const std::string who = origin_ == "c2" ? "ground station" : "aircraft";
  if (evidence.ua != signer.det || !verify_one(signer.key, evidence.signed_bytes(), evidence.signature)) fault("R-055", "the Wrapper is not signed by the " + who, heard.packet);
  if (evidence.unix_epoch) fault("R-054", "VNB and VNA do not count from 2019", heard.packet);
  if (!rid::check_window(evidence, now().wall, {profile().skew, true}).ok()) fault("R-055", "VNB and VNA do not hold now, or span more than 300 s", heard.packet);
  for (size_t i = 0; i < pack->count; ++i) {
    if (rid::type_of(pack->message(i)) != rid::MessageType::basic_id) continue;
    const auto basic = rid::decode_basic_id(pack->message(i));
    if (basic.ok() && basic->session_det() && *basic->session_det() != pair_.ua.det) fault("R-055", "the Basic ID names another aircraft", heard.packet);
  }
}

}  // namespace nrid::conform
