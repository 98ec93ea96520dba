#include "nrid/worker.h"

#include <algorithm>
#include <cstring>

#include "nrid/client.h"

namespace nrid {
namespace {

constexpr uint32_t kRetryAfter = 3;  // Max-Age of a 5.03, seconds
constexpr size_t kReserved = 8;      // an eighth of a shard's ring

// Refusals that come after the token was read, and after which the same sender may come again. The SCHC rules carry an Echo
// value beside 4.01 alone.
bool asks_for_echo(uint8_t code, Transport transport) {
  constexpr uint8_t kUnauthorized = 0x81, kUnavailable = 0xa3;
  return code == kUnauthorized || (code == kUnavailable && transport == Transport::plain);
}

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
      journey_({parts_.rules, parts_.keys, parts_.verifier, parts_.gates, parts_.shared, parts_.counters}),
      items_(parts_.limits.batch_max),
      received_(parts_.limits.batch_max) {}

void Worker::wait() {
  // While something waits for a key its worker looks often; else the socket wakes us, and stop() within a tenth.
  parts_.port.port->wait(milliseconds(parts_.shared.parking.size() > 0 ? 5 : 100));
}

size_t Worker::step(Now now) {
  reader_.refresh();
  const size_t count = parts_.port.port->receive(received_);
  parts_.counters.add(Counter::received, count);
  for (size_t i = 0; i < count; ++i) {
    Item& item = items_[i];
    item.datagram = received_[i].octets;
    item.path = {parts_.port.port, parts_.port.transport, received_[i].peer, received_[i].to, parts_.port.protector};
    item.received = now.wall;
    item.acked = item.rate_taken = item.parked_before = false;
  }
  if (count > 0) run(count, now);

  unparked_.clear();
  parts_.shared.parking.take(now.tick, items_.size(), unparked_);
  for (size_t i = 0; i < unparked_.size(); ++i) {
    const Parked& parked = unparked_[i];
    Item& item = items_[i];
    item.datagram = parked.datagram;
    item.path = parked.path;
    item.received = parked.received;
    item.acked = parked.acked;
    item.rate_taken = parked.rate_taken;
    item.parked_before = true;
    item.waits_for = parked.waits_for;
    item.key_answer = parked.answer;
  }
  if (!unparked_.empty()) run(unparked_.size(), now);
  return count + unparked_.size();
}

void Worker::run(size_t count, Now now) {
  const std::span<Item> batch(items_.data(), count);
  for (Item& item : batch) {
    item.fate = Fate::open;
    item.error = Error::none;
    item.outer_verified = item.remembered = item.wrapper_key_missing = item.relative_times = false;
    item.message_count = 0;
    item.digest = {};
    item.key.reset();
    item.ua_key.reset();
    item.claims = cwt::Claims{};
    item.auth = rid::PackAuth{};
  }
  journey_.read(batch, now, config());
  reports_.clear();
  for (Item& item : batch) finish(item, now);
  push_reports(now);
  outbox_.flush(parts_.counters);
}

void Worker::finish(Item& item, Now now) {
  switch (item.fate) {
    case Fate::open: hand_over(item, now); break;      // counted by its shard
    case Fate::control: parts_.counters.add(Counter::control); on_control(item, now); break;
    case Fate::duplicate: parts_.counters.add(Counter::duplicate); on_duplicate(item, now); break;
    case Fate::parked: park(item, now); break;    // counted when it comes back
    case Fate::refused: parts_.counters.refuse(item.error); on_refused(item, now); break;
  }
}

void Worker::hand_over(Item& item, Now now) {
  Report report;
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
  const coap::Option* const echo = item.frame.message.find(coap::option::echo);
  report.echoed = echo != nullptr && parts_.shared.echoes.holds(echo->value, item.path.peer, report.gateway, now.tick);
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
    report.hash_count = rid::pack_hashes(item.pack, report.hashes);
    if (item.auth.link) report.link_hashes = rid::link_hashes(item.pack, *item.auth.link);
    if (!item.auth.wrapper && item.auth.other) {  // beside a Wrapper nobody judged its signature
      report.frame = item.auth.other->sam == rid::Sam::frame;
      if (!report.frame) report.manifest = rid::read_manifest(*item.auth.other);
    }
  }
  const Bytes cwt = item.frame.message.payload;
  report.raw = std::make_shared<const std::vector<uint8_t>>(cwt.begin(), cwt.end());
  reports_.push_back({shard_of(report.ua, parts_.shards.size()), static_cast<size_t>(&item - items_.data()),
                      ShardInput{std::move(report)}});
}

void Worker::push_reports(Now now) {
  for (Pending& pending : reports_) {
    Ring<ShardInput>& ring = *parts_.shards[pending.shard];
    const bool spared = may_be_spared(std::get<Report>(pending.input.what), now) && ring.size() >= ring.limit() - ring.limit() / kReserved;
    if (spared) parts_.counters.add(Counter::position_shed);
    if (!spared && ring.push(std::move(pending.input))) continue;
    parts_.shared.duplicates.forget(items_[pending.item].digest);  // the same token may be tried again
    refuse(items_[pending.item], Error::overload, now);
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

void Worker::on_control(const Item& item, Now now) {
  const coap::Message& message = item.frame.message;
  if (item.frame.kind == FrameKind::ping) {  // RFC 7252 4.3
    if (!parts_.shared.unverified_replies.take(now.tick)) return parts_.counters.add(Counter::replies_withheld);
    ReplyOctets space;
    return outbox_.add(item.path, make_empty(item.path, parts_.rules, coap::Type::rst, message.id, space));
  }
  const bool proof = message.type == coap::Type::ack && message.code == coap::kChanged && message.token.size() == 8;
  if (!proof) return;
  PathProof path{item.path.peer, {}};
  std::copy(message.token.begin(), message.token.end(), path.token.begin());
  // A full ring loses a proof; the next CON Heartbeat asks again.
  static_cast<void>(parts_.shards[shard_of_token(message.token, parts_.shards.size())]->push(ShardInput{path}));
}

// a CON repeated octet for octet gets its stored ACK; another copy of a token already taken gets an empty
// 2.04 if it is confirmable, so that it is not repeated, and no Heartbeat. While nobody knows yet whether the first copy is
// taken, or safe in the journal, there is nothing to say.
void Worker::on_duplicate(const Item& item, Now now) {
  if (const auto ua = parts_.shared.duplicates.aircraft(item.digest)) {
    Ring<ShardInput>& ring = *parts_.shards[shard_of(*ua, parts_.shards.size())];
    // Replays may fill no more than half of it; a copy that is lost is followed by another in a second.
    if (ring.size() < ring.limit() / 2) static_cast<void>(ring.push(ShardInput{CopyHeard{*ua, item.path}}));
  }
  if (item.frame.head.type != coap::Type::con || item.acked) return;
  const auto stored = parts_.shared.con_replies.find(item.path.peer, item.frame.head.id, item.datagram, now.tick);
  if (stored.known) return outbox_.add(item.path, stored.reply());  // empty while its answer is being made
  if (!parts_.shared.duplicates.accepted(item.digest)) return;
  if (!parts_.shared.unverified_replies.take(now.tick)) return parts_.counters.add(Counter::replies_withheld);
  answer(item, Request::of(item.frame.message), {});
}

void Worker::answer(const Item& item, const Request& request, const Response& response) {
  ReplyOctets space;
  const Bytes octets = make_reply(item.path, parts_.rules, request, response, parts_.shared.message_ids, space);
  outbox_.add(item.path, octets);
  if (item.remembered && request.confirmable() && !request.acked) {  // a refusal is an answer too, and repeated as one
    parts_.shared.con_replies.finish(item.path.peer, request.id, octets);
  }
}

// the key of the Wrapper is unknown, the gateway is not: ask for the Link.
Bytes Worker::link_request(const Item& item, Now now, std::span<uint8_t> out) const {
  cwt::UssBody body;
  body.ua = item.ua;
  body.expected = {1u << 2, profile::kPagesLink};
  const Identity& us = config().speaks_as(item.sp());
  const Speaker speaker{us.det, us.signer.get(), item.token.kid_form, config().timers_of(item.ua).lifetime.seconds()};
  const auto cwt = make_uss_cwt(speaker, body, now.wall.seconds(), out);
  return cwt.ok() ? *cwt : Bytes{};
}

// audit events. Anybody can name a revoked kid; what such peers cause comes out of their small bucket.
void Worker::tell_refused(const Item& item, Now now) {
  FlightEvent event;
  event.gateway = item.token.kid;
  event.at = now.wall;
  if (item.error == Error::not_owner) {
    event.kind = FlightEventKind::not_owner;
    event.ua = item.ua;
    event.detail = to_text(event.gateway) + " may not speak for " + to_text(event.ua);
  } else if (item.error == Error::det_revoked && (item.outer_verified || parts_.shared.unverified_replies.take(now.tick))) {
    event.kind = FlightEventKind::revoked;
    event.ua = item.outer_verified ? item.ua : item.token.kid;  // of the Wrapper, or of the token itself
    event.detail = to_text(event.ua) + " is revoked";
  } else {
    return;
  }
  if (!parts_.records.push(Record{std::move(event)})) parts_.counters.add(Counter::event_dropped);
}

void Worker::on_refused(const Item& item, Now now) {
  tell_refused(item, now);
  const uint8_t code = info(item.error).reply;
  const coap::Type type = item.frame.head.type;
  if (code == kSilence || !item.frame.has_head || type == coap::Type::ack || type == coap::Type::rst) return;
  const bool con = type == coap::Type::con;
  if (!con && (code == kResetIfConfirmable || (!item.outer_verified && !item.acked))) return;  // NON silence
  if (!item.outer_verified && !parts_.shared.unverified_replies.take(now.tick)) {
    return parts_.counters.add(Counter::replies_withheld);
  }
  if (code == kResetIfConfirmable) {
    ReplyOctets space;
    return outbox_.add(item.path, make_empty(item.path, parts_.rules, coap::Type::rst, item.frame.head.id, space));
  }
  Request request = Request::of(item.frame.message);
  request.acked = item.acked;
  std::array<uint8_t, kReplySpace> heartbeat;
  Response response{code, {}, kRetryAfter};
  const Bytes link = item.wrapper_key_missing ? link_request(item, now, heartbeat) : Bytes{};
  if (!link.empty()) {
    response = {coap::kChanged, link, 0};
  } else if (item.outer_verified) {
    response.payload = as_bytes(info(item.error).counter);  // only to authenticated peers
  }
  // RFC 9175 section 2.3: who named a DET and may come again proves its address with the next request.
  const EchoValues::Value echo = parts_.shared.echoes.make(item.path.peer, item.token.kid, now.tick);
  if (!item.outer_verified && asks_for_echo(code, item.path.transport)) response.echo = echo;
  answer(item, request, response);
}

}  // namespace nrid
