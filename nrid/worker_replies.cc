// What a worker says to a sender before any operation knows of it: nrid.md.
#include <algorithm>

#include "nrid/client.h"
#include "nrid/worker.h"

namespace nrid {
namespace {

constexpr uint32_t kRetryAfter = 3;  // Max-Age of a 5.03, seconds

// Refusals that come after the token was read, and after which the same sender may come again. The SCHC rules carry an Echo
// value beside 4.01 alone.
bool asks_for_echo(uint8_t code, Transport transport) {
  constexpr uint8_t kUnauthorized = 0x81, kUnavailable = 0xa3;
  return code == kUnauthorized || (code == kUnavailable && transport == Transport::plain);
}

}  // namespace

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
  // Anybody can send these: they fill no more than half of a ring. A proof that is lost is asked for again by the next CON Heartbeat.
  Ring<ShardInput>& ring = *parts_.shards[shard_of_token(message.token, parts_.shards.size())];
  if (ring.size() < ring.limit() / 2) static_cast<void>(ring.push(ShardInput{path}));
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

// The outer signature holds, and the owner was asked: nobody else can cast doubt on a flight.
void Worker::tell_contradiction(const Item& item) {
  Ring<ShardInput>& ring = *parts_.shards[shard_of(item.ua, parts_.shards.size())];
  if (ring.size() < ring.limit() / 2) static_cast<void>(ring.push(ShardInput{Contradiction{item.ua, item.token.kid, item.received}}));
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
