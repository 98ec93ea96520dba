#include "nrid/redirect.h"

#include <algorithm>
#include <limits>
#include <tuple>

namespace nrid {
namespace {

// The lower the better: priority, then the share of its places that is taken.
std::tuple<int, double> rank(const Peer& peer, const NodeView& node, bool by_priority) {
  const auto load = node.load(peer);
  const double share = load && load->capacity != 0 ? static_cast<double>(load->taken()) / static_cast<double>(load->capacity)
                                                   : std::numeric_limits<double>::infinity();
  return {by_priority ? peer.priority : 0, share};
}

template <class Wanted>
Choice best(RedirectReason reason, const FlightView& flight, const NodeView& node, Now now, Wanted wanted) {
  Choice out;
  for (const Peer& peer : node.table.peers) {
    if (!wanted(peer)) continue;
    const RedirectRefusal refusal = judge_peer(peer, reason, flight, node, now);
    if (refusal != RedirectRefusal::none) {
      if (out.target == nullptr) out.refusal = refusal;
      continue;
    }
    const bool by_priority = reason == RedirectReason::region;
    if (out.target != nullptr && rank(*out.target, node, by_priority) <= rank(peer, node, by_priority)) continue;
    out = {reason, &peer, RedirectRefusal::none};
  }
  return out;
}

bool is(const std::optional<Det>& one, const Peer& peer, const NodeView& node) { return one && node.same(*one, peer.sp); }

bool serves(const Peer& peer, const std::optional<GeoPoint>& at) {
  return peer.region.empty() || (at && peer.region.contains(*at));
}

}  // namespace

RedirectRefusal judge_peer(const Peer& peer, RedirectReason reason, const FlightView& flight, const NodeView& node, Now now) {
  // resilience.md 2: at least twice the hold-down, so that it holds as long as the aircraft needs to judge it.
  if (!peer.endorsed(now.wall, seconds(60))) return RedirectRefusal::not_endorsed;
  const auto load = node.load(peer);
  if (!load || now.tick - load->alive > kPeerDead) return RedirectRefusal::absent;
  const double room = reason == RedirectReason::load ? node.load_low : 1.0;
  if (static_cast<double>(load->taken() + 1) > room * static_cast<double>(std::min(load->capacity, peer.capacity))) return RedirectRefusal::full;
  if (reason == RedirectReason::command) return RedirectRefusal::none;  // who commands it knows better
  if (is(flight.shunned, peer, node) && now.tick < flight.shunned_until) return RedirectRefusal::shunned;
  if (reason == RedirectReason::load && is(flight.came_from, peer, node)) return RedirectRefusal::shunned;
  return RedirectRefusal::none;
}

Choice choose_peer(const FlightView& flight, const NodeView& node, Now now) {
  if (flight.commanded) {
    return best(RedirectReason::command, flight, node, now, [&](const Peer& peer) { return peer.sp == *flight.commanded; });
  }
  if (now.tick < flight.held_until) return {RedirectReason::none, nullptr, RedirectRefusal::held};
  const bool has_region = node.table.self && !node.table.self->region.empty();
  if (has_region && flight.at && !node.table.self->region.contains(*flight.at)) {
    const Choice choice = best(RedirectReason::region, flight, node, now,
                               [&](const Peer& peer) { return !peer.region.empty() && peer.region.contains(*flight.at); });
    if (choice.target != nullptr) return choice;
  }
  if (!(flight.flying ? node.shedding : node.crowded)) return {};
  return best(RedirectReason::load, flight, node, now, [&](const Peer& peer) { return serves(peer, flight.at); });
}

bool RedirectWish::ripe(const Choice& choice, const FlightView& flight, const RedirectSettings& settings, Tick now) {
  if (choice.target == nullptr) {
    target.reset();
    return false;
  }
  if (target != choice.target->sp) {
    target = choice.target->sp;
    since = now;
  }
  const bool waits = choice.reason == RedirectReason::region && flight.flying;
  return !waits || now - since >= settings.hysteresis;
}

}  // namespace nrid
