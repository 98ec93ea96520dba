#include "nrid/worker.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <thread>

namespace nrid {
namespace {

constexpr size_t kReserved = 8;       // an eighth of a shard's ring
constexpr size_t kRounds = 32;        // batches that one step reads of a socket that fills
constexpr size_t kMany = 32;          // of a step: lanes are well filled
constexpr std::chrono::microseconds kGather(500);
constexpr Duration kBehind = milliseconds(5);  // for so long nobody asks how full the socket is

}  // namespace

size_t shard_of(const Det& ua, size_t shards) {  // the low octets are a hash already
  uint64_t low;
  std::memcpy(&low, ua.octets.data() + 8, sizeof low);
  return low % shards;
}

size_t shard_of_token(Bytes token, size_t shards) { return token[0] % shards; }

Worker::Worker(WorkerParts parts)
    : parts_(std::move(parts)),
      reader_(parts_.config),
      journey_({parts_.rules, parts_.keys, parts_.verifier, parts_.gates, parts_.shared, parts_.counters, overload().dry_rate}),
      queue_(places_max()),
      budgets_(overload().sources_max, overload().source_per_s, overload().source_burst, parts_.random),
      suspects_(overload().suspects_max, parts_.random),
      received_(parts_.limits.batch_max) {}

void Worker::wait(size_t moved) {
  // A back end with lanes judges eight in the time of one. Where a step has some and not many, the next are under way already.
  if (judging_.size() > 1 && judging_.size() < kMany && !more_) std::this_thread::sleep_for(kGather);
  if (moved > 0) return;
  // The first touch of memory takes the kernel longer than a datagram takes us, and in a burst it would make the burst longer.
  for (size_t i = 0; i < parts_.limits.batch_max && places_.size() < places_max(); ++i) add_place();
  // While something waits for a key its worker looks often; else the socket wakes us, and stop() within a tenth.
  parts_.port.port->wait(milliseconds(parts_.shared.parking.size() > 0 ? 5 : 100));
}

size_t Worker::step(Now now) {
  reader_.refresh();
  feel_pressure(now);
  const size_t moved = receive(now) + unpark(now);
  if (pressed_) {
    while (const auto old = queue_.older_than(now.tick - overload().waiting_age)) shed(*old, now);
    outbox_.flush(parts_.counters);
  }
  return moved + judge(now);
}

// Busy once something has waited in every step for so long, here or in the socket, and the socket got half full meanwhile: what is
// worked off before it does, after a pause that somebody else made, is nobody's loss. How old the oldest is tells less: at a high rate it
// is young, because it had to make room.
void Worker::feel_pressure(Now now) {
  if (queue_.size() == 0 && !more_) {
    caught_up_ = now.tick;
    fills_ = false;
  }
  const Duration behind = now.tick - caught_up_;
  if (behind > kBehind && !fills_) fills_ = parts_.port.port->filling();
  busy_ = fills_ && behind > overload().share_after;
  pressed_ = busy_ && !overload().dry_shares;
}

// Under pressure the socket is emptied and what waits makes room. Otherwise a batch is read when the one before is judged, and is judged
// while it lies in the processor's cache: what waits here is cold by its turn, and so costs more. A burst waits in the socket meanwhile,
// until that is half full.
size_t Worker::receive(Now now) {
  size_t sum = 0;
  more_ = false;
  const size_t rounds = fills_ ? kRounds : 1;
  for (size_t round = 0; round < rounds; ++round) {
    if (!pressed_ && queue_.size() + parts_.limits.batch_max > overload().waiting_max) break;
    const size_t count = parts_.port.port->receive(received_);
    parts_.counters.add(Counter::received, count);
    for (const Received& each : std::span(received_).first(count)) {
      if (busy_ && !within_budget(each.peer, now)) continue;
      arrive(each.octets, {parts_.port.port, parts_.port.transport, each.peer, each.to, parts_.port.protector}, now.wall, now);
    }
    screen(now);
    sum += count;
    more_ = count == received_.size();
    if (!more_) break;
  }
  return sum;
}

// What there is no room for stays parked, unless it may push others out.
size_t Worker::unpark(Now now) {
  const size_t room = overload().waiting_max - std::min(overload().waiting_max, queue_.size());
  const size_t count_max = pressed_ ? parts_.limits.batch_max : std::min(parts_.limits.batch_max, room);
  if (count_max == 0) return 0;
  unparked_.clear();
  parts_.shared.parking.take(now.tick, count_max, unparked_);
  for (const Parked& parked : unparked_) {
    Item& item = arrive(parked.datagram, parked.path, parked.received, now);
    item.acked = parked.acked;
    item.rate_taken = parked.rate_taken;
    item.parked_before = true;
    item.waits_for = parked.waits_for;
    item.key_answer = parked.answer;
  }
  screen(now);
  return unparked_.size();
}

bool Worker::within_budget(const Address& peer, Now now) {
  if (budgets_.charge(peer, now.tick)) return true;
  if (overload().dry_source) {
    parts_.counters.add(Counter::would_refuse_source);
    return true;
  }
  parts_.counters.refuse(Error::source_budget);
  return false;
}

void Worker::add_place() {
  Place& fresh = places_.emplace_back();
  fresh.number = static_cast<uint32_t>(places_.size() - 1);
  free_.push_back(fresh.number);
}

Item& Worker::arrive(Bytes octets, const ReplyPath& path, Instant received, Now now) {
  if (free_.empty()) add_place();
  Place& place = places_[free_.back()];
  free_.pop_back();
  place.came = now.tick;
  place.verify_class = VerifyClass::active;
  octets = octets.first(std::min(octets.size(), place.octets.size()));  // one octet too many is enough to be refused
  std::copy(octets.begin(), octets.end(), place.octets.begin());
  place.item.begin(Bytes(place.octets).first(octets.size()), path, received);
  arrived_.push_back(&place);
  return place.item;
}

void Worker::screen(Now now) {
  if (arrived_.empty()) return;
  batch_.clear();
  for (Place* const place : arrived_) batch_.push_back(&place->item);
  journey_.screen(batch_, now, config());
  // What this step judges anyway needs no class.
  const bool at_once = !pressed_ && queue_.size() + arrived_.size() <= parts_.limits.batch_max;
  for (Place* const place : arrived_) {
    if (place->item.fate == Fate::open) {
      enqueue(*place, at_once, now);
    } else {
      const bool copy = place->item.fate == Fate::duplicate;
      if (busy_ && copy && heard(place->item, now) == KnownPaths::Heard::here) budgets_.refund(place->item.path.peer, now.tick);
      finish(place->item, now);
      leave(*place);
    }
  }
  arrived_.clear();
  outbox_.flush(parts_.counters);
}

void Worker::enqueue(Place& place, bool at_once, Now now) {
  bool suspect = false;
  if (!at_once) {
    const bool proven = echoed(place.item, now);
    place.verify_class = class_of(place.item, proven, now);
    suspect = suspects_.suspect(place.item.token.kid, place.item.path.peer, proven, now.tick);
  }
  if (queue_.size() >= overload().waiting_max) {
    if (const auto out = queue_.make_room()) shed(*out, now);
  }
  queue_.add(place.number, place.verify_class, suspect, place.came);
}

// It carries our Echo value, so it comes from where it says (RFC 9175).
bool Worker::echoed(const Item& item, Now now) const {
  const coap::Option* const echo = item.frame.message.find(coap::option::echo);
  return echo != nullptr && parts_.shared.echoes.holds(echo->value, item.path.peer, item.token.kid, now.tick);
}

KnownPaths::Heard Worker::heard(const Item& item, Now now) const {
  const Det& kid = item.token.kid;
  return parts_.shared.known_paths.find(kid, item.path.peer, now.tick, config().timers_of(kid).silence());
}

VerifyClass Worker::class_of(const Item& item, bool proven, Now now) const {
  if (item.parked_before || item.key == nullptr) return VerifyClass::unknown;
  switch (heard(item, now)) {
    case KnownPaths::Heard::here: return VerifyClass::active;
    case KnownPaths::Heard::elsewhere: return proven ? VerifyClass::active : VerifyClass::moved;
    case KnownPaths::Heard::never: break;
  }
  return VerifyClass::known;
}

size_t Worker::judge(Now now) {
  judging_.clear();
  batch_.clear();
  while (judging_.size() < parts_.limits.batch_max) {
    const auto next = queue_.next(pressed_);
    if (!next) break;
    judging_.push_back(&places_[*next]);
    batch_.push_back(&places_[*next].item);
  }
  waiting_.store(queue_.size(), std::memory_order_relaxed);
  if (judging_.empty()) return 0;
  journey_.judge(batch_, now, config());
  report_count_ = 0;
  for (Place* const place : judging_) {
    account(*place, now);
    finish(place->item, now);
  }
  push_reports(now);
  for (Place* const place : judging_) leave(*place);
  outbox_.flush(parts_.counters);
  return judging_.size();
}

// Success for a signer and an address raises both; failure makes them wait, and no more: anybody can fail in another's name.
void Worker::account(const Place& place, Now now) {
  const Item& item = place.item;
  const Det& kid = item.token.kid;
  queue_.spent(place.verify_class, item.signatures);
  if (item.fate == Fate::open) {
    parts_.shared.known_paths.note(kid, item.path.peer, now.tick);
    if (busy_) budgets_.refund(item.path.peer, now.tick);
  } else if (item.error == Error::bad_signature || item.error == Error::wrapper_signature) {
    suspects_.failed(kid, item.path.peer, echoed(item, now), now.tick);
  }
  if (overload().dry_shares && now.tick - place.came > overload().waiting_age) parts_.counters.add(Counter::would_shed);
}

void Worker::shed(uint32_t number, Now now) {
  Place& place = places_[number];
  parts_.counters.add(kVerifyClasses[static_cast<size_t>(place.verify_class)].shed);
  refuse(place.item, Error::shed, now);
  leave(place);
}

void Worker::leave(Place& place) { free_.push_back(place.number); }

void Worker::finish(Item& item, Now now) {
  switch (item.fate) {
    case Fate::open: hand_over(item, now); break;      // counted by its shard
    case Fate::control: parts_.counters.add(Counter::control); on_control(item, now); break;
    case Fate::duplicate: parts_.counters.add(Counter::duplicate); on_duplicate(item, now); break;
    case Fate::parked: park(item, now); break;    // counted when it comes back
    case Fate::refused:
      parts_.counters.refuse(item.error);
      if (item.error == Error::wrapper_signature) tell_contradiction(item);
      on_refused(item, now);
      break;
  }
}

void Worker::hand_over(Item& item, Now now) {
  if (reports_.size() == report_count_) reports_.emplace_back();  // their room is used again, batch after batch
  Pending& pending = reports_[report_count_++];
  pending.shard = shard_of(item.ua, parts_.shards.size());
  pending.item = &item;
  Report& report = pending.input.what.emplace<Report>();
  report.kind = item.is_end() ? Report::Kind::end : Report::Kind::pack;
  report.ua = item.ua;
  report.gateway = item.token.kid;
  report.sp = item.sp();
  report.kid_form = item.token.kid_form;
  report.iat = item.claims.iat;
  report.received = item.received;
  report.path = item.path;
  report.request = Request::of(item.frame.message);
  report.request.acked = item.acked;
  report.echoed = echoed(item, now);
  report.octets = item.datagram.size();
  report.verdict = item.verdict;
  report.origin = item.origin;
  report.gateway_key = item.key;
  report.ua_key = item.ua_key;
  report.token_digest = item.digest;
  if (item.is_end()) {
    report.end_code = std::get<cwt::EooBody>(item.claims.body).code;
  } else {
    report.wrapped = item.auth.wrapper.has_value();
    report.messages = item.messages;
    report.message_count = item.message_count;
    report.pack_digest = parts_.shared.pack_digest.of(item.pack.octets);
    if (item.auth.link) report.link_hashes = rid::link_hashes(item.pack, *item.auth.link);
    if (!item.auth.wrapper && item.auth.other) {  // beside a Wrapper nobody judged its signature
      report.frame = item.auth.other->sam == rid::Sam::frame;
      if (!report.frame) report.manifest = rid::read_manifest(*item.auth.other);
    }
  }
  const Bytes cwt = item.frame.message.payload;
  report.raw.assign(cwt);
  if (!item.is_end()) {  // the claims borrow from the payload
    report.pack_at = static_cast<uint16_t>(item.pack.octets.data() - cwt.data());
    report.pack_size = static_cast<uint16_t>(item.pack.octets.size());
  }
}

// One lock for a batch and shard. What finds no room is refused and may come again.
void Worker::push_reports(Now now) {
  for (size_t shard = 0; shard < parts_.shards.size(); ++shard) {
    Ring<ShardInput>& ring = *parts_.shards[shard];
    of_shard_.clear();
    for (size_t i = 0; i < report_count_; ++i) {
      if (reports_[i].shard == shard) of_shard_.push_back(&reports_[i]);
    }
    if (of_shard_.empty()) continue;
    const size_t spare = ring.limit() - ring.limit() / kReserved;
    ring.push_each(of_shard_, [&](Pending* pending, size_t filled) -> ShardInput* {
      pending->spared = filled >= spare && may_be_spared(std::get<Report>(pending->input.what), now);
      pending->pushed = !pending->spared && filled < ring.limit();
      return pending->pushed ? &pending->input : nullptr;
    });
    for (Pending* pending : of_shard_) {
      if (pending->pushed) continue;
      if (pending->spared) parts_.counters.add(Counter::position_shed);
      parts_.shared.duplicates.forget(pending->item->digest);  // the same token may be tried again
      refuse(*pending->item, Error::overload, now);
    }
  }
}

// starts, ends and answers to flags keep the last eighth of a ring for themselves.
bool Worker::may_be_spared(const Report& report, Now now) const {
  return report.kind == Report::Kind::pack && !report.request.confirmable() && parts_.shared.fresh_points.fresh(report.ua, now.tick);
}

void Worker::refuse(Item& item, Error error, Now now) {
  item.fate = Fate::refused;
  item.error = error;
  parts_.counters.refuse(error);
  on_refused(item, now);
}

void Worker::park(Item& item, Now now) {
  const Det det = item.waits_for;
  const bool con = item.frame.head.type == coap::Type::con;
  Parked parked{Buffer(item.datagram.begin(), item.datagram.end()), item.path, item.received, det, Error::none, {},
                item.acked || con, item.rate_taken};
  if (!parts_.shared.parking.park(std::move(parked), now.tick, config().timers_of(det).parking)) return refuse(item, Error::parking_full, now);
  parts_.counters.add(Counter::parked_total);
  if (con && !item.acked) {  // at once, so that the sender does not repeat
    ReplyOctets space;
    outbox_.add(item.path, make_empty(item.path, parts_.rules, coap::Type::ack, item.frame.head.id, space));
  }
  parts_.keys.request(det);
  // The key may have come between find() and park(); its answer would then have found nobody waiting.
  const auto found = parts_.keys.find(det, now);
  if (found.ok() || found.error() != Error::key_unavailable) parts_.shared.parking.answered(det, found.error());
}

}  // namespace nrid
