// Other service providers: sending an aircraft to a peer and what follows, taking one that a peer sent, and
// the lease between nodes of one DET.
#include <algorithm>

#include "nrid/shard.h"

namespace nrid {
namespace {

std::optional<GeoPoint> position(const Operation& op) {
  if (!op.last_location || !op.last_location->latitude_e7 || !op.last_location->longitude_e7) return std::nullopt;
  return GeoPoint{*op.last_location->latitude_e7, *op.last_location->longitude_e7};
}

FlightView view(const Operation& op) {
  FlightView out;
  out.flying = op.state != OperationState::starting;
  out.at = position(op);
  out.commanded = op.commanded;
  out.held_until = op.held_until;
  out.came_from = op.came_from;
  out.shunned = op.shunned;
  out.shunned_until = op.shunned_until;
  return out;
}

}  // namespace

uint64_t capacity_of(const PeerTable& table, const Limits& limits) {
  return table.self ? std::min<uint64_t>(table.self->capacity, limits.aircraft_max) : limits.aircraft_max;
}

// Where nothing connects us a peer has those places taken that we sent somebody to.
NodeView node_view(const PeerTable& table, const ServerSetup& setup, SharedTables& shared, const Peers& peers, Now now) {
  NodeView out{table, false, false, setup.redirect.load_low, {}, [&peers](const Det& a, const Det& b) { return peers.same(a, b); }};
  const auto level = shared.outflow.level(shared.owners.open_count(), capacity_of(table, setup.limits), setup.redirect, now.tick);
  out.crowded = level.crowded;
  out.shedding = level.shedding;
  if (peers.connected()) {
    out.load = [&peers](const Peer& peer) { return peers.load(peer.sp); };
  } else {
    out.load = [&shared, now](const Peer& peer) {
      return std::optional<PeerLoad>({shared.outflow.sent_to(peer.sp), 0, peer.capacity, now.tick});
    };
  }
  return out;
}

// -- leaving

// A module's command acts at once, in an extra Heartbeat. The row of the others goes on, or a silent aircraft would be lost late
//
void Shard::take_command(const RedirectCommand& command, Now now) {
  const auto found = operations_.find(command.ua);
  if (found == operations_.end() || found->second->over() || found->second->state == OperationState::lost) return parts_.counters.add(Counter::redirect_refused);
  Operation& op = *found->second;
  if (op.redirect.reason != RedirectReason::none) drop_redirect(op, Counter::redirect_refused, now);
  op.commanded = command.target;
  if (!decide_redirect(op, now)) return;
  timed_heartbeat(op, now);
  schedule(op);
}

// Inside our own region a wish to leave for the region ends at once, not only at the next Heartbeat (T42).
void Shard::note_position(Operation& op) {
  if (!op.wish.target || !table_->self || table_->self->region.empty()) return;
  const auto at = position(op);
  if (at && table_->self->region.contains(*at)) op.wish.target.reset();
}

// Judges, waits for the wish to ripen, takes a token and a place at the peer. True: `op.redirect` says where.
bool Shard::decide_redirect(Operation& op, Now now) {
  if (table_->peers.empty()) return false;
  const FlightView flight = view(op);
  const Choice choice = choose_peer(flight, node_view(*table_, parts_.setup, parts_.shared, parts_.peers, now), now);
  if (choice.target == nullptr && op.commanded) {
    op.commanded.reset();
    parts_.counters.add(Counter::redirect_refused);
  }
  if (!op.wish.ripe(choice, flight, parts_.setup.redirect, now.tick)) return false;
  const bool free = !flight.flying || parts_.shared.outflow.take(parts_.shared.owners.open_count(), now.tick);
  if (!free || !parts_.peers.reserve(choice.target->sp, reservation(op))) {
    parts_.counters.add(Counter::redirect_deferred);
    return false;
  }
  op.redirect = {choice.reason, choice.target->sp, false, std::nullopt, true};
  op.wish.target.reset();
  op.commanded.reset();
  parts_.shared.outflow.leaving(choice.target->sp);
  return true;
}

// What the next Heartbeat says; decides first if nothing is decided. An endorsement that has run out since then, or a peer that
// is gone from the list or keeps no place any more, is not sent again.
std::optional<cwt::MoveSp> Shard::redirect_of(Operation& op, Now now) {
  if (table_->peers.empty() || op.over() || op.state == OperationState::lost) return std::nullopt;
  if (op.redirect.reason == RedirectReason::none) {
    if (!decide_redirect(op, now)) return std::nullopt;
  } else {
    const Peer* const known = table_->find(op.redirect.target);
    const bool good = known != nullptr && known->endorsed(now.wall, seconds(60)) &&
                      parts_.peers.reserve(op.redirect.target, reservation(op));
    if (!good) {
      drop_redirect(op, Counter::redirect_refused, now);
      return std::nullopt;
    }
  }
  const ReturnPath* const path = op.paths.current();
  return table_->find(op.redirect.target)->move_sp(path != nullptr && path->to.peer.is_v4());
}

void Shard::redirect_left(Operation& op, Now now) {
  parts_.counters.add(Counter::redirect_sent);
  if (std::exchange(op.redirect.sent, true)) return;
  op.redirect.deadline = now.tick + timers(op).silence();
  const RedirectReasonInfo& reason = info(op.redirect.reason);
  tell(op, FlightEventKind::redirected, now.wall, "to " + to_text(op.redirect.target) + ", " + std::string(reason.word) + ": " + std::string(reason.text));
}

// It stays. The peer is shunned for this aircraft, whether it or the aircraft did not want.
void Shard::drop_redirect(Operation& op, Counter why, Now now) {
  if (op.redirect.reason == RedirectReason::none) return;
  parts_.counters.add(why);
  op.shunned = op.redirect.target;
  op.shunned_until = now.tick + kShunned;
  op.held_until = now.tick + parts_.setup.redirect.hold_down;
  forget(op);
}

// R*P s after the redirect. Who still speaks to us did not follow. Who fell silent is gone, if nothing could have told us
// so; else it is neither there nor here, and the watch for lost aircraft has its say.
bool Shard::redirect_over(Operation& op, Now now) {
  if (!op.redirect.deadline || now.tick < *op.redirect.deadline) return false;
  op.redirect.deadline.reset();
  if (now.tick - op.last_contact <= timers(op).heartbeat) {
    drop_redirect(op, Counter::redirect_ignored, now);
    return false;
  }
  if (parts_.peers.connected()) return false;
  move_away(op, op.redirect.target, "silent since the redirect, and nothing connects us", now);
  return true;
}

void Shard::move_away(Operation& op, const Det& to, std::string_view how, Now now) {
  release_all(op);
  if (op.redirect.counted && op.redirect.target != to) forget(op);
  if (op.redirect.counted) parts_.shared.outflow.left(to);
  op.redirect.target = to;
  op.redirect.deadline.reset();
  op.state = OperationState::moved;
  op.lost_told = false;
  op.asked = 0;
  op.commanded.reset();
  op.expires = now.tick + timers(op).abandon;
  parts_.shared.owners.closed(op.gateway, op.ua);
  parts_.counters.add(Counter::operation_moved);
  tell(op, FlightEventKind::moved, now.wall, "to " + to_text(to) + ", " + std::string(how));
}

// a peer that was mute is left within R*P s (D-1), so this one had it: it is not shunned, but for load.
void Shard::come_back(Operation& op, const Report& report, Now now) {
  op.came_from = op.redirect.target;
  op.held_until = now.tick + parts_.setup.redirect.hold_down;
  forget(op);
  op.state = op.missing(policy(op)) == 0 && op.last_location ? OperationState::active : OperationState::starting;
  op.next_heartbeat = now.tick + timers(op).heartbeat;
  parts_.shared.owners.opened(report.gateway, report.ua);
  parts_.counters.add(Counter::operation_returned);
  tell(op, FlightEventKind::active, report.received, "back from " + to_text(*op.came_from));
}

// No redirect of this operation is counted any more.
void Shard::forget(Operation& op) {
  if (op.redirect.counted) {
    if (op.state == OperationState::moved) parts_.shared.outflow.forget(op.redirect.target);
    else parts_.shared.outflow.stays(op.redirect.target);
  }
  op.redirect = {};
}

// -- arriving

void Shard::expect(const Det& ua, Expected expected, Now now) {
  if (expected_.size() >= aircraft_max() && !expected_.contains(ua)) {
    absl::erase_if(expected_, [&](const auto& one) { return one.second.until <= now.tick; });
    if (expected_.size() >= aircraft_max()) return;  // it will have an id of its own here
  }
  expected_[ua] = expected;
}

void Shard::take_arrival(const ExpectedArrival& arrival, Now now) {
  expect(arrival.reservation.ua, {arrival.reservation.from, arrival.reservation.operation, arrival.until}, now);
}

// one operation id at both providers.
void Shard::adopt(Operation& op, Now now) {
  const auto found = expected_.find(op.ua);
  if (found == expected_.end() || found->second.until <= now.tick) return;
  op.id = found->second.operation;
  if (config().identity(found->second.from) != nullptr) return;  // another node of ours: it was never away
  op.came_from = found->second.from;
  op.held_until = now.tick + parts_.setup.redirect.hold_down;
}

void Shard::settle_in(Operation& op) {
  if (expected_.erase(op.ua) > 0) parts_.counters.add(Counter::operation_adopted);
  parts_.shared.reservations.arrived(op.ua);
  tell_peers(op, PeerNews::Kind::here);
}

void Shard::tell_peers(const Operation& op, PeerNews::Kind kind) {
  if (parts_.peers.connected()) parts_.peers.tell({kind, known_as(op), op.ua, op.id, op.newest_iat});
}

// Others know us by the DET that the aircraft addresses. One that we hold no more says nothing to them.
Det Shard::known_as(const Operation& op) const { return config().speaks_as(op.sp).det; }
Reservation Shard::reservation(const Operation& op) const { return {op.ua, known_as(op), op.id}; }

// What others say counts when it is not older than what we heard ourselves: the newest iat has the aircraft.
void Shard::take_news(const PeerNews& news, Now now) {
  const bool ours = config().identity(news.sp) != nullptr;
  const auto found = operations_.find(news.ua);
  if (found == operations_.end()) {
    if (!ours || news.kind == PeerNews::Kind::ended) return;
    const Timers& timers = config().timers_of(news.ua);
    const Duration lease = timers.heartbeat * 2;
    return expect(news.ua, {news.sp, news.operation, now.tick + (news.kind == PeerNews::Kind::lost ? timers.abandon : lease)}, now);
  }
  Operation& op = *found->second;
  if (!op.open() || news.iat < op.newest_iat) return;
  if (news.kind == PeerNews::Kind::ended) {
    release_all(op);
    forget(op);
    op.state = OperationState::closed;
    op.end_iat = news.iat;
    op.expires = now.tick + timers(op).close_linger;
    parts_.shared.owners.closed(op.gateway, op.ua);
    if (ours) tell(op, FlightEventKind::ended, now.wall, "at another node of this provider");
  } else if (ours && news.kind == PeerNews::Kind::lost) {  // that node watches it and has said so
    expect(op.ua, {news.sp, op.id, now.tick + timers(op).abandon}, now);
    release_all(op);
    parts_.shared.owners.closed(op.gateway, op.ua);
    forget(op);
    tell(op, FlightEventKind::moved, now.wall, "to another node of this provider");
    operations_.erase(found);
    return;
  } else if (ours && op.state != OperationState::moved) {
    lend(op, news, now);
  } else if (op.state == OperationState::moved) {
    op.redirect.target = op.redirect.counted ? op.redirect.target : news.sp;
    op.expires = now.tick + timers(op).abandon;
  } else if (news.kind != PeerNews::Kind::lost) {
    move_away(op, news.sp, "heard there", now);
  }
  op.newest_iat = std::max(op.newest_iat, news.iat);
  schedule(op);
}

// the node that heard it last owns the timer, as long as it says so every P; the lease is 2P. A tie is nobody's.
void Shard::lend(Operation& op, const PeerNews& news, Now now) {
  if (news.iat == op.newest_iat && !op.lent) return;
  op.lent = true;
  op.silent = 0;
  op.last_contact = now.tick;
  op.next_heartbeat = now.tick + timers(op).heartbeat * 2;
  if (op.state != OperationState::lost) return;
  op.state = op.missing(policy(op)) == 0 && op.last_location ? OperationState::active : OperationState::starting;
  if (!std::exchange(op.lost_told, false)) return;
  parts_.counters.add(Counter::operation_recovered);
  tell(op, FlightEventKind::recovered, now.wall, "heard by another node of this provider");
}

}  // namespace nrid
