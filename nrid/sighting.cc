#include "nrid/sighting.h"

namespace nrid {

std::string_view to_word(Verdict verdict) { return verdict == Verdict::verified ? "verified" : "c2"; }

std::string_view to_word(TrustState state) {
  constexpr std::string_view kWords[] = {"none", "verified", "trusted", "questionable", "conflicting"};
  return kWords[static_cast<size_t>(state)];
}

TrustState trust_of(Verdict verdict, Trust key) {
  if (verdict == Verdict::c2) return TrustState::none;
  return key == Trust::local ? TrustState::verified : TrustState::trusted;
}

TrustState contradicted(TrustState state) {
  if (state == TrustState::verified) return TrustState::questionable;
  return state == TrustState::trusted ? TrustState::conflicting : state;
}

std::string_view to_word(Origin origin) {
  switch (origin) {
    case Origin::aircraft: return "aircraft";
    case Origin::relayed: return "relayed";
    case Origin::c2: return "c2";
  }
  return "unknown";
}

std::string_view to_word(FlightEventKind kind) {
  switch (kind) {
    case FlightEventKind::started: return "started";
    case FlightEventKind::active: return "active";
    case FlightEventKind::lost: return "lost";
    case FlightEventKind::recovered: return "recovered";
    case FlightEventKind::redirected: return "redirected";
    case FlightEventKind::moved: return "moved";
    case FlightEventKind::ended: return "ended";
    case FlightEventKind::abandoned: return "abandoned";
    case FlightEventKind::static_changed: return "static_changed";
    case FlightEventKind::not_owner: return "not_owner";
    case FlightEventKind::revoked: return "revoked";
    case FlightEventKind::eoo_unknown: return "eoo_unknown";
    case FlightEventKind::confirmed: return "confirmed";
    case FlightEventKind::unverifiable: return "unverifiable";
    case FlightEventKind::contradicted: return "contradicted";
  }
  return "unknown";
}

}  // namespace nrid
