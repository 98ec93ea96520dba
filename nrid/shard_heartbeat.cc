// What a shard sends and when: immediate answers, timed Heartbeats, lost and abandoned.
#include <algorithm>

#include "nrid/client.h"
#include "nrid/shard.h"
#include "nrid/worker.h"

namespace nrid {
namespace {

constexpr Duration kHeldUp = milliseconds(100);
constexpr int kDrainRounds = 2000;  // of a millisecond each
constexpr size_t kTimersPerStep = 256;  // 5 ms of signing at most before the ring is looked at again
constexpr size_t kUnsafeMax = 65'536;  // tokens that wait for a journal that fails; copies of older ones get silence

std::string last_position(const Operation& op) {
  if (!op.last_location || !op.last_location->latitude_e7 || !op.last_location->longitude_e7) return "no position";
  return "last position (1e-7 degree) " + std::to_string(*op.last_location->latitude_e7) + " " +
         std::to_string(*op.last_location->longitude_e7);
}

}  // namespace

Speaker Shard::speaker(const Det& sp, const Det& ua, cwt::KidForm form) const {
  const Identity& us = config().speaks_as(sp);
  return {us.det, us.signer.get(), form, config().timers_of(ua).lifetime.seconds()};
}

void Shard::apply_config(Now now) {
  for (const auto& [ua, op] : operations_) {
    const Timers& timers = config().timers_of(ua);
    op->track.use(timers.reorder_window, config().policy_of(ua).speed_max_mps);
    if (op->state == OperationState::lost) {
      op->next_heartbeat = op->lost_since + timers.abandon;
    } else if (!op->over()) {
      op->next_heartbeat = std::min(op->next_heartbeat, now.tick + timers.heartbeat);
    } else {
      op->expires = std::min(op->expires, now.tick + (op->open() ? timers.abandon : timers.close_linger));
    }
    schedule(*op);
  }
}

// Does the ledger of R-029 let this answer go?
bool Shard::fits(const Report& report, Operation* op, const Response& response) {
  ReplyOctets space;
  const size_t size = make_reply(report.path, parts_.rules, report.request, response, parts_.shared.message_ids, space).size();
  ReturnPath* const path = op != nullptr ? op->paths.find(report.path) : nullptr;
  return path != nullptr ? path->allows(size) : size <= ReturnPath::kFactor * report.octets;
}

// The ledger of R-029 counts answers too. A datagram from an address that is not the operation's speaks for itself.
void Shard::answer(const Report& report, Operation* op, Response response) {
  if (!report.request.confirmable() && response.code == coap::kChanged && response.payload.empty()) return;
  ReplyOctets space;
  ReturnPath* const path = op != nullptr ? op->paths.find(report.path) : nullptr;
  // An address that is still to be proven gets an Echo value with its answer. No SCHC rule carries one beside 2.04.
  const bool ask = path != nullptr && !path->proven && report.path.transport == Transport::plain;
  const EchoValues::Value echo = parts_.shared.echoes.make(report.path.peer, report.gateway, tick_);
  if (ask) response.echo = echo;
  const auto make = [&] {
    return make_reply(report.path, parts_.rules, report.request, response, parts_.shared.message_ids, space);
  };
  Bytes octets = make();
  const auto allowed = [&] { return path != nullptr ? path->allows(octets.size()) : octets.size() <= ReturnPath::kFactor * report.octets; };
  if (ask && !allowed()) {  // better the word without the question
    response.echo = {};
    octets = make();
  }
  if (!allowed()) {
    parts_.counters.add(Counter::replies_withheld);
    if (response.payload.empty() || !report.request.confirmable()) return;
    response.payload = {};
    octets = make();
  }
  if (path != nullptr) path->sent += octets.size();
  outbox_.add(report.path, octets);
  if (report.request.confirmable() && !report.request.acked) {
    acks_.push_back({report.path.peer, report.request.id, Buffer(octets.begin(), octets.end())});
  }
}

void Shard::answer_heartbeat(const Report& report, Operation* op, cwt::MessageSet expected, Now now) {
  const Speaker from = speaker(report.sp, report.ua, report.kid_form);
  const auto move = op != nullptr ? redirect_of(*op, now) : std::nullopt;
  auto cwt = make_uss_cwt(from, {report.ua, expected, move}, now.wall.seconds(), cwt_space_);
  const bool moves = move && cwt.ok() && fits(report, op, {coap::kChanged, *cwt, 0});
  if (move && !moves) cwt = make_uss_cwt(from, {report.ua, expected, std::nullopt}, now.wall.seconds(), cwt_space_);
  if (!cwt.ok()) {  // accepted and counted as that; the signer failed
    return answer(report, op, {info(Error::internal).reply, as_bytes(info(Error::internal).counter), 0});
  }
  parts_.counters.add(Counter::heartbeat_sent);
  answer(report, op, {coap::kChanged, *cwt, 0});
  if (op == nullptr) return;
  op->asked = expected.types;
  if (moves) redirect_left(*op, now);
  if (report.iat < op->newest_iat) return;  // no sign of life: its timer, also that of a loss, runs on
  op->next_heartbeat = first_heartbeat(*op, now);  // it counts as that period's Heartbeat
}

void Shard::answer_end(const Report& report, Operation* op, Now now) {
  const Speaker from = speaker(report.sp, report.ua, report.kid_form);
  // an acknowledgement names the iat of the very request that it acknowledges, also when that repeats an earlier one.
  const cwt::EooBody body{report.ua, profile::kEooAcknowledged, static_cast<uint64_t>(report.iat), std::nullopt};
  const auto cwt = make_eoo_cwt(from, body, now.wall.seconds(), cwt_space_);
  if (cwt.ok()) answer(report, op, {coap::kChanged, *cwt, 0});
}

bool Shard::send_notice(Operation& op, ReturnPath& path, Bytes cwt) {
  std::array<uint8_t, 8> token{};
  do {  // random, and its first octet leads the 2.04 back to this shard
    parts_.random.fill(token);
  } while (shard_of_token(token, parts_.count) != parts_.index);
  const coap::Type type = path.proven ? coap::Type::non : coap::Type::con;
  ReplyOctets space;
  const Bytes octets = make_notice(path.to, parts_.rules, type, parts_.shared.message_ids.next(path.to.peer), token, cwt, space);
  if (!path.allows(octets.size())) {
    parts_.counters.add(Counter::replies_withheld);
    return false;
  }
  if (!path.proven) {
    path.token = token;
    token_slot(token) = {token, op.ua};
  }
  path.sent += octets.size();
  outbox_.add(path.to, octets);
  return true;
}

// only where it was heard within R*P.
bool Shard::send_to_newest(Operation& op, Bytes cwt, Now now) {
  ReturnPath* const path = op.paths.current();
  return path != nullptr && now.tick - path->authenticated <= timers(op).silence() && send_notice(op, *path, cwt);
}

void Shard::send_to_previous(Operation& op, Bytes cwt, Now now) {
  ReturnPath* const path = op.paths.previous();
  if (path == nullptr) return;
  --path->farewell;
  if (now.tick - path->authenticated <= timers(op).silence()) send_notice(op, *path, cwt);
}

void Shard::timed_heartbeat(Operation& op, Now now) {
  cwt::UssBody body{op.ua, {op.missing(policy(op)), std::nullopt}, redirect_of(op, now)};
  auto cwt = make_uss_cwt(speaker(op.sp, op.ua, op.kid_form), body, now.wall.seconds(), cwt_space_);
  if (!cwt.ok()) return;
  op.asked = body.expected.types;
  parts_.counters.add(Counter::heartbeat_timed);
  tell_peers(op, PeerNews::Kind::still_here);
  const bool sent = send_to_newest(op, *cwt, now);
  send_to_previous(op, *cwt, now);
  if (!body.move_sp) return;
  if (sent) return redirect_left(op, now);
  body.move_sp.reset();  // R-029 has no room for the longer one
  cwt = make_uss_cwt(speaker(op.sp, op.ua, op.kid_form), body, now.wall.seconds(), cwt_space_);
  if (cwt.ok()) send_to_newest(op, *cwt, now);
}

// R Heartbeats in a row met with silence. Before a first Location nothing flies that could be lost.
void Shard::lose(Operation& op, Now now) {
  const bool flew = op.last_location.has_value();
  drop_redirect(op, Counter::redirect_ignored, now);
  op.state = OperationState::lost;
  op.lost_since = now.tick;
  op.next_heartbeat = now.tick + timers(op).abandon;
  release_all(op);
  if (!flew) return;
  op.lost_told = true;
  parts_.counters.add(Counter::operation_lost);
  tell_peers(op, PeerNews::Kind::lost);
  tell(op, FlightEventKind::lost, now.wall,
       "silent for " + std::to_string((now.tick - op.last_contact).seconds()) + " s, " + last_position(op));
}

void Shard::on_timer(Operation& op, Now now) {
  out_.clear();
  op.track.release(now.tick, out_);
  tell(out_);
  if (op.over() || redirect_over(op, now) || now.tick < op.next_heartbeat) return;
  if (op.state == OperationState::lost) {
    parts_.counters.add(Counter::operation_abandoned);
    return close(op, FlightEventKind::abandoned, "no contact and no end", now);
  }
  op.lent = false;  // a lease that nobody renewed
  const bool silent = op.silent >= timers(op).silent_heartbeats;
  // told to go, and nothing could say that it arrived. The period may end a moment before the deadline does.
  if (silent && op.redirect.sent && !parts_.peers.connected()) {
    return move_away(op, op.redirect.target, "silent since the redirect, and nothing connects us", now);
  }
  if (silent) return lose(op, now);
  ++op.silent;
  timed_heartbeat(op, now);
  // Held up, we begin a new row: two Heartbeats close together would count as two periods of silence.
  const bool held_up = now.tick - op.next_heartbeat > kHeldUp;
  op.next_heartbeat = (held_up ? now.tick : op.next_heartbeat) + timers(op).heartbeat;
}

Duration heartbeat_lead(const Det& ua, Duration period) {
  const int64_t part = ua.octets[14] << 8 | ua.octets[15];
  return {period.us / 10 * part >> 16};
}

Tick Shard::first_heartbeat(const Operation& op, Now now) const {
  const Duration period = config().timers_of(op.ua).heartbeat;
  return now.tick + period - heartbeat_lead(op.ua, period);
}

// The wheel may hold old timers of an operation; only the one that it has as `scheduled` counts.
void Shard::schedule(Operation& op) {
  Tick due = op.over() ? op.expires : op.next_heartbeat;
  if (op.redirect.deadline) due = std::min(due, *op.redirect.deadline);
  if (const auto track = op.track.due(); track && *track < due) due = *track;
  if (op.scheduled == due) return;
  op.scheduled = due;
  timers_.set(due, {op.ua, op.id});
  if (timers_.size() < 64 + 8 * operations_.size()) return;
  timers_.clear();  // mostly old ones: set them anew from the operations
  for (const auto& [ua, each] : operations_) timers_.set(each->scheduled, {ua, each->id});
}

// A period in which very many are due is cut: what came in meanwhile is taken between, and what is signed leaves.
size_t Shard::fire_timers(Now now) {
  if (fired_at_ == fired_.size()) {
    fired_.clear();
    fired_at_ = 0;
    timers_.advance(now.tick, fired_);
  }
  const size_t count = std::min(fired_.size() - fired_at_, kTimersPerStep);
  for (const size_t end = fired_at_ + count; fired_at_ < end; ++fired_at_) {
    const Wheel::Timer& timer = fired_[fired_at_];
    const auto found = operations_.find(timer.key.ua);
    if (found == operations_.end() || found->second->id != timer.key.operation || found->second->scheduled != timer.due) continue;
    Operation& op = *found->second;
    op.scheduled = {};
    if (op.over() && op.expires <= now.tick) {
      forget(op);
      operations_.erase(found);
      continue;
    }
    if (op.open()) on_timer(op, now);
    schedule(op);
  }
  return count;
}

void Shard::wait(Now now) {
  Duration pause = milliseconds(100);
  if (const Tick due = timers_.next_due(); due.us != INT64_MAX) pause = std::clamp(due - now.tick, milliseconds(1), pause);
  if (!unsent_.empty()) pause = milliseconds(1);
  inputs_.wait(pause);
}

void Shard::drain(const Clock& clock) {
  for (int round = 0; !unsent_.empty() && round < kDrainRounds; ++round) {
    wait(clock.now());
    step(clock.now());
  }
  parts_.counters.add(Counter::event_dropped, unsent_.size());
  unsent_.clear();
}

// What is acknowledged must be safe first (design 4). While the journal fails nothing leaves that acknowledges anything.
void Shard::flush() {
  if (!unsent_.empty()) hand_on();
  if (journal_dirty_ || journal_broken_) {
    const bool safe = parts_.journal.sync().ok();
    if (!safe) parts_.counters.add(Counter::journal_failed);
    journal_broken_ = !safe;
    journal_dirty_ = false;
  }
  if (journal_broken_) {
    outbox_.clear();
    // What was taken is neither acknowledged nor answered: a repeat must find no answer "still being made", but be told
    // that it is a copy as soon as the journal is safe again.
    for (const PendingAck& ack : acks_) parts_.shared.con_replies.forget(ack.peer, ack.id);
    acks_.clear();
    if (accepted_.size() > kUnsafeMax) accepted_.erase(accepted_.begin(), accepted_.end() - static_cast<std::ptrdiff_t>(kUnsafeMax));
    return;
  }
  for (const Digest16& token : accepted_) parts_.shared.duplicates.accept(token);
  accepted_.clear();
  // Stored before they leave: a copy of the CON may be here a moment after its ACK is out.
  for (const PendingAck& ack : acks_) parts_.shared.con_replies.finish(ack.peer, ack.id, ack.octets);
  acks_.clear();
  outbox_.flush(parts_.counters);
}

}  // namespace nrid
