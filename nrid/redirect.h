// Whether an aircraft is to go to another provider, to which, and why (nrid.md ). Pure functions over what is known
// of the flight, of us and of the peers, so that every verdict has a test; who asks and what follows is
// nrid/shard_redirect.cc.
#pragma once

#include <functional>
#include <iterator>
#include <optional>
#include <string_view>

#include "nrid/peer_file.h"
#include "nrid/peers.h"

namespace nrid {

struct RedirectSettings {
  Duration hysteresis = seconds(30);     // a reason must stand so long before a flight moves
  Duration hold_down = seconds(30);      // of one aircraft: between coming here and being sent on
  double load_high = 0.9;                // of our capacity: above it flights are sent away ...
  double load_low = 0.7;                 // ... until no more than this is left; nobody is filled beyond it for load
};

inline constexpr double kRedirectShare = 0.05;            // of our flights may be sent away a second (T39)
inline constexpr Duration kPeerDead = seconds(2);         // T40: not sent to who was silent longer
inline constexpr Duration kShunned = seconds(300);        // a target that did not take the aircraft, for this aircraft

enum class RedirectReason : uint8_t { none, command, region, load, count_ };
struct RedirectReasonInfo {
  RedirectReason reason;
  std::string_view word;
  std::string_view text;
};
inline constexpr RedirectReasonInfo kRedirectReasons[] = {
    {RedirectReason::none,    "none",    "stays"},
    {RedirectReason::command, "command", "a module asked for it"},
    {RedirectReason::region,  "region",  "outside of our region and in the peer's"},
    {RedirectReason::load,    "load",    "more operations here than load_high allows"},
};

// Why a peer does not take an aircraft now.
enum class RedirectRefusal : uint8_t { none, not_peer, ourselves, not_endorsed, absent, full, held, shunned, storm, count_ };
struct RedirectRefusalInfo {
  RedirectRefusal refusal;
  std::string_view word;
  std::string_view text;
};
inline constexpr RedirectRefusalInfo kRedirectRefusals[] = {
    {RedirectRefusal::none,         "none",         "is a good target"},
    {RedirectRefusal::not_peer,     "not_peer",     "is no peer of this provider"},
    {RedirectRefusal::ourselves,    "ourselves",    "is this provider itself"},
    {RedirectRefusal::not_endorsed, "not_endorsed", "has no endorsement that holds now and a minute on"},
    {RedirectRefusal::absent,       "absent",       "has not been heard for over 2 s"},
    {RedirectRefusal::full,         "full",         "has no place left"},
    {RedirectRefusal::held,         "held",         "came here less than hold_down ago"},
    {RedirectRefusal::shunned,      "shunned",      "sent this aircraft here or did not take it before"},
    {RedirectRefusal::storm,        "storm",        "5 % of the flights were sent away within this second"},
};

template <class Row, size_t N>
constexpr bool redirect_rows_in_order(const Row (&rows)[N], size_t count) {
  if (N != count) return false;
  for (size_t i = 0; i < N; ++i) {
    size_t at = 0;
    if constexpr (requires { rows[i].reason; }) at = static_cast<size_t>(rows[i].reason);
    else at = static_cast<size_t>(rows[i].refusal);
    if (at != i) return false;
  }
  return true;
}
static_assert(redirect_rows_in_order(kRedirectReasons, static_cast<size_t>(RedirectReason::count_)));
static_assert(redirect_rows_in_order(kRedirectRefusals, static_cast<size_t>(RedirectRefusal::count_)));
inline constexpr const RedirectReasonInfo& info(RedirectReason reason) { return kRedirectReasons[static_cast<size_t>(reason)]; }
inline constexpr const RedirectRefusalInfo& info(RedirectRefusal refusal) { return kRedirectRefusals[static_cast<size_t>(refusal)]; }

struct FlightView {
  bool flying = false;                   // false: in the start phase, where nothing has to stand for `hysteresis`
  std::optional<GeoPoint> at;
  std::optional<Det> commanded;
  Tick held_until;                       // hold-down of this aircraft
  std::optional<Det> came_from;          // who sent it here: never back for load
  std::optional<Det> shunned;            // did not take it
  Tick shunned_until;
};

struct NodeView {                        // borrowed
  const PeerTable& table;
  bool crowded = false;                  // above load_high now: what starts goes elsewhere
  bool shedding = false;                 // was so for `hysteresis`, and not yet down to load_low: flights go too
  double load_low = 0.7;
  std::function<std::optional<PeerLoad>(const Peer&)> load;  // nothing: not there
  std::function<bool(const Det&, const Det&)> same;  // Peers::same(): a key rotation does not make another provider
};

// May `flight` be sent to `peer` for that reason? Beyond the hold-down and the storm limit, which are the caller's.
RedirectRefusal judge_peer(const Peer& peer, RedirectReason reason, const FlightView& flight, const NodeView& node, Now now);

struct Choice {
  RedirectReason reason = RedirectReason::none;
  const Peer* target = nullptr;          // of node.table; null when the flight stays
  RedirectRefusal refusal = RedirectRefusal::none;  // why a wish came to nothing: of the last candidate
};
// A command first, then the region, then the load. Regions: a flight that is inside ours stays; outside of it it goes to
// the peer whose region it is in, of several the one with the lowest priority number, then the most room.
Choice choose_peer(const FlightView& flight, const NodeView& node, Now now);

// A wish of the region must stand for `hysteresis` (T42); commands and load (NodeView) have had theirs.
struct RedirectWish {
  std::optional<Det> target;
  Tick since;
  bool ripe(const Choice& choice, const FlightView& flight, const RedirectSettings& settings, Tick now);
};

}  // namespace nrid
