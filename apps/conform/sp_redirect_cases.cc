// Redirects by a provider, nrid.md section 8: where the profile says which place belongs to a peer of it. `away` is that place,
// `narrow` one whose provider has room for one aircraft more.
#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr std::string_view kStartAway = R"(
      send start location=away
      expect heartbeat move)";

constexpr Case kSpRedirectCases[] = {
    {"C-060b", "a redirect is [new_sp, new_ip, new_be] at the end of the Heartbeat's body", "peers law", kStartAway},
    {"C-075", "who starts in the region of a peer is sent there by the answer", "peers", kStartAway},
    {"C-090a", "a flight that stays in the region of a peer is sent there by a Heartbeat", "peers apart", R"(
      begin
      fly for=H+2P+20 location=away until=move
      expect notice move)"},
    {"C-090b", "a redirect goes over SCHC too", "peers apart", R"(
      begin from=s
      fly from=s for=H+2P+20 location=away until=move
      expect notice move at=s)"},
    {"C-090c", "a provider whose places are taken sends away who starts", "crowd alone peers", R"(
      hook crowd
      send start
      expect heartbeat move)"},
    {"C-090d", "a provider whose places are taken sends flights away", "crowd alone peers", R"(
      begin
      hook crowd
      fly for=H+2P+20 until=move
      expect notice move)"},
    {"C-091a", "new_be is an endorsement of new_sp by the registry of both, and holds now; new_ip is a host", "peers law", kStartAway},
    {"C-093a", "who was sent away and is silent since gets no more Heartbeats after R*P", "peers", R"(
      send start location=away
      expect heartbeat move
      wait RP+P+A
      quiet for=2P+A)"},
    {"C-093b", "who comes back to the provider that sent it away is served again, without a new start", "peers hold-down", R"(
      send start location=away
      expect heartbeat move
      send con messages=location,self location=away
      expect heartbeat move
      wait RP+2P+A
      send con location=away
      expect any-2.04
      fly for=3P location=away count=due unmoved)"},
    {"C-094a", "new_sp is a peer of the provider, and not itself", "peers law", kStartAway},
    {"C-094b", "a place beyond the border that does not last sends nobody away", "peers hysteresis", R"(
      begin
      wait 0.3
      fly for=2.4P location=away unmoved
      fly for=H+P unmoved)"},
    {"C-094c", "who does not follow a redirect is served on, and not sent away again within the hold-down", "peers hold-down", R"(
      send start location=away
      expect heartbeat move
      send con messages=location,self location=away
      expect heartbeat move
      fly for=RP+2P location=away
      fly for=3P location=away count=due unmoved)"},
    {"C-094d", "nobody is sent to a peer that has no room left", "narrow two", R"(
      send start location=narrow
      expect heartbeat move
      send start location=narrow by=other
      expect heartbeat ua=other unmoved)"},
};

}  // namespace

std::span<const Case> sp_redirect_cases() { return kSpRedirectCases; }

}  // namespace nrid::conform
