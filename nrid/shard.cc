#include "nrid/shard.h"

#include <algorithm>
#include <utility>

#include "nrid/client.h"

namespace nrid {
namespace {

constexpr size_t kInputsPerStep = 256;
constexpr size_t kTokenSlots = 16'384;
constexpr size_t kUnsentPerAircraft = 6;  // of the table: started, active, redirected, moved, lost and ended may all wait for the record thread

// Positions, changes of static messages and refusals for want of a key come again; a start, a loss, a recovery or an end does not.
bool may_drop(const Record& record) {
  const auto* event = std::get_if<FlightEvent>(&record.what);
  if (event == nullptr) return true;
  return event->kind == FlightEventKind::static_changed || event->kind == FlightEventKind::confirmed || event->kind == FlightEventKind::unverifiable;
}

uint32_t type_bit(const rid::MessageOctets& message) { return 1u << static_cast<unsigned>(rid::type_of(message)); }

}  // namespace

Shard::Shard(ShardParts parts)
    : parts_(parts), reader_(parts.config), inputs_(parts.setup.limits.report_ring), tokens_(kTokenSlots), id_salt_(uint64_t{parts.random.u16()} << 6) {}

size_t Shard::step(Now now) {
  tick_ = now.tick;
  if (reader_.refresh()) apply_config(now);
  batch_.clear();
  table_ = parts_.shared.peer_table.snapshot();
  parts_.shared.alive_us.store(now.tick.us, std::memory_order_relaxed);
  if (parts_.index == 0) parts_.counters.add(Counter::peer_news_dropped, parts_.shared.news_dropped.exchange(0, std::memory_order_relaxed));
  const size_t count = inputs_.pop_many(batch_, kInputsPerStep);
  for (ShardInput& input : batch_) take(input, now);
  const size_t fired = fire_timers(now);
  flush();
  return count + fired;
}

void Shard::take(ShardInput& input, Now now) {
  if (const auto* report = std::get_if<Report>(&input.what)) {
    take_report(*report, now);
  } else if (const auto* proof = std::get_if<PathProof>(&input.what)) {
    take_proof(*proof);
  } else if (const auto* copy = std::get_if<CopyHeard>(&input.what)) {
    const auto found = operations_.find(copy->ua);
    if (found != operations_.end()) found->second->paths.heard_copy(copy->from, now.tick);
  } else if (const auto* contradiction = std::get_if<Contradiction>(&input.what)) {
    take_contradiction(*contradiction);
  } else if (const auto* command = std::get_if<EndCommand>(&input.what)) {
    take_command(*command, now);
  } else if (const auto* redirect = std::get_if<RedirectCommand>(&input.what)) {
    take_command(*redirect, now);
  } else if (const auto* arrival = std::get_if<ExpectedArrival>(&input.what)) {
    take_arrival(*arrival, now);
  } else if (const auto* news = std::get_if<PeerNews>(&input.what)) {
    take_news(*news, now);
  }
}

void Shard::take_report(const Report& report, Now now) {
  if (config().identity(report.sp) == nullptr) return refuse(report, Error::wrong_sp);  // its key went while it was under way
  if (report.kind == Report::Kind::end) {
    take_end(report, now);
  } else {
    take_pack(report, now);
  }
}

// Says so to the peer, who is authenticated: NON is answered too.
void Shard::refuse(const Report& report, Error error) {
  parts_.counters.refuse(error);
  parts_.shared.duplicates.forget(report.token_digest);  // the same token may be tried again
  answer(report, nullptr, {info(error).reply, as_bytes(info(error).counter), 3});
}

void Shard::accept(const Report& report) {
  parts_.counters.add(Counter::accepted);
  accepted_.push_back(report.token_digest);
}

bool Shard::journal(const Report& report, uint64_t operation) {
  const Status status = parts_.journal.append({report.ua, report.gateway, operation, report.received, report.raw.bytes()});
  if (!status.ok()) {
    parts_.counters.add(Counter::journal_failed);
    return false;
  }
  journal_dirty_ = true;
  return true;
}

// Unique for its aircraft at all providers, and rising, also over a restart: the second of the start, then a row that begins
// at random. 53 bits until 2087, so that any reader of JSON keeps it.
uint64_t Shard::next_id(Now now) {
  const uint64_t second = static_cast<uint64_t>(std::max<int64_t>(0, now.wall.seconds() - kEpoch2019));
  next_operation_ = std::max(next_operation_ + 1, ((second << 22) + id_salt_) / parts_.count);
  return next_operation_ * parts_.count + parts_.index;
}

// the first authenticated packet with content opens an operation; null when the table is full.
Operation* Shard::open_operation(const Report& report, Now now) {
  if (operations_.size() >= aircraft_max()) return nullptr;
  const Timers& timers = config().timers_of(report.ua);
  auto op = std::make_unique<Operation>(timers, config().policy_of(report.ua));
  op->ua = report.ua;
  op->sp = report.sp;
  op->gateway = report.gateway;
  op->id = next_id(now);
  adopt(*op, now);
  op->started_iat = op->newest_iat = report.iat;
  op->next_heartbeat = first_heartbeat(*op, now);
  Operation* const opened = op.get();
  operations_[report.ua] = std::move(op);
  return opened;
}

void Shard::take_pack(const Report& report, Now now) {
  const auto found = operations_.find(report.ua);
  Operation* op = found == operations_.end() ? nullptr : found->second.get();
  std::unique_ptr<Operation> ended;  // makes room for a new operation; stays if that cannot begin
  if (op != nullptr && !op->open()) {
    // what is not newer than the end is late; a newer packet may begin again.
    const bool newer = report.iat > op->end_iat;
    if (!newer || !policy(*op).restart_after_end) return refuse(report, Error::late_after_end);
    if (report.message_count > 0) {
      ended = std::move(found->second);
      operations_.erase(found);
      op = nullptr;
    }
  }
  const bool fresh = op == nullptr && report.message_count > 0;
  if (fresh) op = open_operation(report, now);
  if (fresh && op == nullptr) return refuse(report, Error::overload);
  if (!journal(report, op == nullptr ? 0 : op->id)) {
    if (fresh) operations_.erase(report.ua);
    if (ended) operations_[report.ua] = std::move(ended);
    return refuse(report, Error::overload);
  }
  accept(report);
  if (op == nullptr || !op->open()) {  // a Link or a Manifest before anything else: nothing to keep, but an answer is due
    return answer_heartbeat(report, nullptr, {config().policy_of(report.ua).required | 1u << 2, profile::kPagesWrapper}, now);
  }
  if (fresh) {
    parts_.counters.add(Counter::operation_started);
    parts_.shared.owners.opened(report.gateway, report.ua);
    settle_in(*op);
    tell(*op, FlightEventKind::started, report.received, "through " + to_text(report.gateway) + (op->came_from ? ", from " + to_text(*op->came_from) : ""));
  }
  const bool back = op->state == OperationState::moved && report.iat > op->newest_iat;
  if (back) come_back(*op, report, now);  // addressed to us again
  const bool answer_now = back || op->state == OperationState::starting || op->asked != 0;
  contact(*op, report, now);
  if (back) tell_peers(*op, PeerNews::Kind::here);
  if (!op->knows_pack(report.pack_digest)) {  // the same pack in a newer CWT is contact only
    op->remember_pack(report.pack_digest);
    supplement(*op, report);
    content(*op, report, now);
  }
  // who is sent elsewhere starts there.
  const bool leaves = op->state == OperationState::starting && (op->redirect.reason != RedirectReason::none || decide_redirect(*op, now));
  if (op->state == OperationState::starting && !leaves && op->missing(policy(*op)) == 0 && op->last_location) {
    op->state = OperationState::active;
    tell(*op, FlightEventKind::active, report.received, "");
  }
  // what may be spared of this flight in the next seconds, and what not.
  const bool settled = op->state == OperationState::active && op->missing(policy(*op)) == 0;
  if (settled && report.message_count > 0) parts_.shared.fresh_points.note(op->ua, now.tick);
  if (!settled) parts_.shared.fresh_points.forget(op->ua);
  if (answer_now) {
    answer_heartbeat(report, op, {op->missing(policy(*op)), std::nullopt}, now);
  } else if (report.request.confirmable()) {
    answer(report, op, {});
  }
  schedule(*op);
}

// what any accepted datagram of the operation means, whatever is in it. One that was held up on its way says
// nothing of now: it neither proves life nor ends a loss.
void Shard::contact(Operation& op, const Report& report, Now now) {
  const bool newer = report.iat > op.newest_iat;
  if (op.gateway != report.gateway && newer) {
    parts_.shared.owners.closed(op.gateway, op.ua);
    parts_.shared.owners.opened(report.gateway, op.ua);
    op.gateway = report.gateway;
  }
  op.paths.heard(report.path, report.octets, newer, report.echoed, now.tick);
  if (report.iat < op.newest_iat) return;
  op.kid_form = report.kid_form;
  op.sp = report.sp;
  op.newest_iat = report.iat;
  op.last_contact = now.tick;
  op.silent = 0;
  if (newer && std::exchange(op.lent, false)) {  // the node that receives owns the timer
    op.next_heartbeat = first_heartbeat(op, now);
    tell_peers(op, PeerNews::Kind::here);
  }
  if (op.state != OperationState::lost) return;
  const bool complete = op.missing(policy(op)) == 0 && op.last_location;
  op.state = complete ? OperationState::active : OperationState::starting;
  op.next_heartbeat = first_heartbeat(op, now);
  if (!std::exchange(op.lost_told, false)) return;
  parts_.counters.add(Counter::operation_recovered);
  tell(op, FlightEventKind::recovered, report.received, "silent for " + std::to_string((now.tick - op.lost_since).seconds()) + " s more");
}

void Shard::content(Operation& op, const Report& report, Now now) {
  for (size_t i = 0; i < report.message_count; ++i) {
    const rid::MessageOctets& message = report.messages[i];
    if (rid::type_of(message) == rid::MessageType::location) continue;
    op.have |= type_bit(message);
    if (!op.keep_static(message)) continue;
    parts_.counters.add(Counter::static_changed);
    tell(op, FlightEventKind::static_changed, report.received, "message type " + std::to_string(message[0] >> 4));
  }
  if (report.message_count == 0) return;

  Sighting sighting;
  sighting.ua = report.ua;
  sighting.gateway = report.gateway;
  sighting.operation = op.id;
  sighting.verdict = report.verdict;
  sighting.trust = trust_of(report.verdict, report.ua_key ? report.ua_key->trust : Trust::anchor);
  if (op.contradicted) sighting.trust = contradicted(sighting.trust);
  sighting.origin = report.origin;
  sighting.evidence = op.evidence_for(report);
  sighting.signed_at = at_second(report.iat);
  sighting.sampled = sighting.signed_at;
  sighting.received = report.received;
  const Bytes raw = report.raw.bytes();
  sighting.raw = std::make_shared<const std::vector<uint8_t>>(raw.begin(), raw.end());
  decode_messages(report, sighting);

  out_.clear();
  if (sighting.location) {
    sighting.sampled = rid::absolute_time(*sighting.location, sighting.signed_at).value_or(sighting.signed_at);
    if (!Track::stale(sighting.sampled, sighting.signed_at)) {  // a stale one is contact and history
      op.have |= 1u << static_cast<unsigned>(rid::MessageType::location);
      if (!op.last_location || sighting.sampled > op.last_sampled) {
        op.last_location = sighting.location;
        op.last_sampled = sighting.sampled;
        note_position(op);
      }
    }
    op.track.add(std::move(sighting), now.tick, out_);
  } else {
    parts_.counters.add(Counter::no_location);
    out_.push_back(std::move(sighting));
  }
  tell(out_);
}

void Shard::take_end(const Report& report, Now now) {
  const auto found = operations_.find(report.ua);
  Operation* op = found == operations_.end() ? nullptr : found->second.get();
  if (!journal(report, op == nullptr ? 0 : op->id)) return refuse(report, Error::overload);
  accept(report);
  if (op == nullptr) {
    parts_.counters.add(Counter::eoo_unknown);
    op = open_operation(report, now);
    if (op == nullptr) return answer_end(report, nullptr, now);
    op->state = OperationState::closed;  // so that a packet held up on its way does not open it
    op->expires = now.tick + timers(*op).close_linger;
    FlightEvent event;
    event.kind = FlightEventKind::eoo_unknown;
    event.ua = report.ua;
    event.gateway = report.gateway;
    event.at = report.received;
    tell(std::move(event));
  }
  if (report.iat >= op->newest_iat) {
    op->kid_form = report.kid_form;
    op->sp = report.sp;
  }
  op->paths.heard(report.path, report.octets, report.iat > op->newest_iat, report.echoed, now.tick);
  op->newest_iat = std::max(op->newest_iat, report.iat);
  if (op->open() && report.iat >= op->started_iat) {  // an older one ended the operation before this
    parts_.counters.add(Counter::operation_ended);
    close(*op, FlightEventKind::ended, report.end_code == profile::kEooAborted ? "aborted by the UAS" : "ended by the UAS", now);
  }
  if (!op->open()) op->end_iat = std::max(op->end_iat, report.iat);
  answer_end(report, op, now);
  schedule(*op);
}

void Shard::take_command(const EndCommand& command, Now now) {
  const auto found = operations_.find(command.ua);
  if (found == operations_.end() || !found->second->open()) return;
  Operation& op = *found->second;
  cwt::EooBody body{op.ua, profile::kEooBySp, static_cast<uint64_t>(now.wall.seconds()), std::nullopt};
  const auto cwt = make_eoo_cwt(speaker(op.sp, op.ua, op.kid_form), body, now.wall.seconds(), cwt_space_);
  if (cwt.ok()) {
    send_to_newest(op, *cwt, now);
    send_to_previous(op, *cwt, now);
  }
  parts_.counters.add(Counter::operation_ended);
  close(op, FlightEventKind::ended, command.reason, now);
  schedule(op);
}

Shard::TokenSlot& Shard::token_slot(std::span<const uint8_t, 8> token) {
  return tokens_[(static_cast<size_t>(token[1]) << 8 | token[2]) % tokens_.size()];
}

// A stranger's ACK costs one look into a fixed table. A slot that another token took loses a proof; the next CON Heartbeat
// asks again.
void Shard::take_proof(const PathProof& proof) {
  const TokenSlot& slot = token_slot(proof.token);
  if (slot.token != proof.token) return;
  const auto found = operations_.find(slot.ua);
  if (found != operations_.end()) found->second->paths.prove(proof.peer, proof.token);
}

// It stays so until the operation ends: who once signed for another may have done so before.
void Shard::take_contradiction(const Contradiction& contradiction) {
  const auto found = operations_.find(contradiction.ua);
  if (found == operations_.end() || !found->second->open() || std::exchange(found->second->contradicted, true)) return;
  tell(*found->second, FlightEventKind::contradicted, contradiction.received,
       "its Wrapper in a message that " + to_text(contradiction.gateway) + " signed does not verify");
}

void Shard::close(Operation& op, FlightEventKind kind, std::string detail, Now now) {
  release_all(op);
  forget(op);
  op.state = OperationState::closed;
  op.end_iat = std::max(op.end_iat, op.newest_iat);
  op.expires = now.tick + timers(op).close_linger;
  parts_.shared.owners.closed(op.gateway, op.ua);
  tell_peers(op, PeerNews::Kind::ended);
  tell(op, kind, now.wall, std::move(detail));
}

void Shard::release_all(Operation& op) {
  out_.clear();
  op.track.flush(out_);
  tell(out_);
}

void Shard::tell(const Operation& op, FlightEventKind kind, Instant at, std::string detail) {
  tell(FlightEvent{kind, op.ua, op.gateway, op.id, at, std::move(detail)});
}

void Shard::tell(FlightEvent event) { unsent_.push_back(Record{std::move(event)}); }

void Shard::tell(std::vector<Sighting>& sightings) {
  for (Sighting& sighting : sightings) {
    if (sighting.late) parts_.counters.add(Counter::late_position);
    if (sighting.anomaly) parts_.counters.add(Counter::anomaly);
    unsent_.push_back(Record{std::move(sighting)});
  }
  sightings.clear();
}

void Shard::count_dropped(const Record& record) {
  parts_.counters.add(std::holds_alternative<Sighting>(record.what) ? Counter::position_dropped : Counter::event_dropped);
}

// What a step tells goes into the record ring together, in order, where what may drop makes room. If the ring is full of what may not,
// what may not waits for the next step.
void Shard::hand_on() {
  const size_t told = parts_.records.push_drop_oldest(std::span(unsent_), may_drop, [this](const Record& oldest) { count_dropped(oldest); });
  size_t kept = 0;
  for (size_t i = told; i < unsent_.size(); ++i) {
    if (may_drop(unsent_[i]) || kept >= kUnsentPerAircraft * aircraft_max()) count_dropped(unsent_[i]);
    else std::swap(unsent_[kept++], unsent_[i]);
  }
  unsent_.resize(kept);
}

}  // namespace nrid
