#include "nrid/journey.h"

#include <algorithm>

namespace nrid {

void Item::begin(Bytes octets, const ReplyPath& from, Instant at) {
  datagram = octets;
  path = from;
  received = at;
  fate = Fate::open;
  error = key_answer = Error::none;
  acked = rate_taken = parked_before = outer_verified = remembered = wrapper_key_missing = relative_times = false;
  message_count = 0;
  signatures = 0;
  digest = {};
  key.reset();
  ua_key.reset();
  claims = cwt::Claims{};
  auth = rid::PackAuth{};
}

// The life of a datagram. The costs are the estimates of the design for one core; bench/journey_bench.cc measures them.
void Journey::screen(std::span<Item* const> batch, Now now, const Config& config) {
  config_ = &config;
  each(batch, [&](Item& i) { return open(i, now); });              // schc/ RFC 8724 7.2, wire/ RFC 7252 3      0.3 us
  each(batch, [&](Item& i) { return read_token(i); });             // cwt/  shape, alg, kid, subject, HID       0.3 us
  each(batch, [&](Item& i) { return judge_claims(i); });           // cwt/  times, addressee; rid/ pack head    20 ns
  each(batch, [&](Item& i) { return digest(i); });                 // nrid/ S < L, the digest of R-045         60 ns
  fetch(batch, [&](Item& i) { parts_.keys.prefetch(i.token.kid), parts_.shared.duplicates.prefetch(i.digest); });
  each(batch, [&](Item& i) { return refuse_duplicate(i, now); });  // nrid/ replay filter: last free no         30 ns
  each(batch, [&](Item& i) { return find_key(i, now); });          // det/  cached key of kid, a Link, or parked 30 ns
}

// Between the two the items wait in their classes (nrid/verify_queue.h) while more comes than can be judged.
void Journey::judge(std::span<Item* const> batch, Now now, const Config& config) {
  config_ = &config;
  each(batch, [&](Item& i) { return learn_key(i, now); });         // det/  the Link of an unknown signer       50 us
  verify_outer(batch);                                             // cwt/  the gateway signed it               3-50 us
  fetch(batch, [&](Item& i) { parts_.shared.rates.prefetch(i.token.kid); });
  each(batch, [&](Item& i) { return admit(i, now); });             // nrid/ rate of kid, owner                  50 ns
  each(batch, [&](Item& i) { return read_pack(i); });              // rid/  ASTM F3411 pages, RFC 9575 evidence 0.2 us
  each(batch, [&](Item& i) { return find_wrapper_key(i, now); });  // det/  cached key of the aircraft          30 ns
  verify_wrapper(batch);                                           // rid/  the aircraft signed it              3-50 us
  fetch(batch, [&](Item& i) { parts_.shared.duplicates.prefetch(i.digest), parts_.shared.known_paths.prefetch(i.token.kid); });
  each(batch, [&](Item& i) { return remember(i, now); });          // nrid/ into the replay filter              0.1 us
}

template <class Step>
void Journey::each(std::span<Item* const> batch, Step step) {
  for (Item* const item : batch) {
    if (item->fate != Fate::open) continue;
    const Error error = step(*item);
    if (error == Error::none) continue;
    item->fate = Fate::refused;
    item->error = error;
  }
}

template <class Table>
void Journey::fetch(std::span<Item* const> batch, Table table) const {
  for (Item* const item : batch) {
    if (item->fate == Fate::open) table(*item);
  }
}

Error Journey::open(Item& item, Now now) const {
  const Error error = open_frame(item.path.transport, parts_.rules, schc::Direction::up, item.datagram, item.space, item.frame);
  if (error != Error::none) {
    // RFC 7252 4.2: a malformed ACK or RST is rejected by ignoring it; it still is no request.
    return error;
  }
  switch (item.frame.kind) {
    case FrameKind::acknowledged:
    case FrameKind::reset:
    case FrameKind::ping: item.fate = Fate::control; return Error::none;
    case FrameKind::response: return Error::coap_unmatched;
    case FrameKind::request: break;
  }
  if (item.frame.head.type == coap::Type::con && !item.parked_before &&
      parts_.shared.con_replies.find(item.path.peer, item.frame.head.id, item.datagram, now.tick).known) {
    item.fate = Fate::duplicate;  // octet for octet; the worker sends the stored ACK
    return Error::none;
  }
  if (const Error bad = check_request(item.frame.message); bad != Error::none) return bad;
  if (item.path.protector == nullptr) return Error::none;
  if (item.bare == nullptr) item.bare = std::make_unique<std::array<uint8_t, profile::kPayloadMax>>();
  const auto bare = item.path.protector->open(item.path.peer, item.frame.message.payload, *item.bare);
  if (!bare.ok()) return bare.error();
  item.frame.message.payload = *bare;
  return Error::none;
}

Error Journey::read_token(Item& item) const {
  const auto token = cwt::decode_sign1(item.frame.message.payload);
  if (!token.ok()) return token.error();
  item.token = *token;
  const auto claims = cwt::decode_claims(item.token.payload, item.token.kid);
  if (!claims.ok()) return claims.error();
  item.claims = *claims;
  if (std::holds_alternative<cwt::UssBody>(item.claims.body)) return Error::bad_claims;  // Heartbeats go the other way

  const Hid hid{item.token.kid.raa(), item.token.kid.hda()};
  const auto& accepted = config_->policy.accept_hids;
  if (!accepted.empty() && std::find(accepted.begin(), accepted.end(), hid) == accepted.end()) return Error::hid_not_accepted;
  return Error::none;
}

Error Journey::judge_claims(Item& item) const {
  const int64_t exp = item.claims.exp;
  const auto times = cwt::check_times(item.claims, item.received, {config_->timers_of(item.token.kid).skew, config_->policy.allow_relative});
  if (!times.ok()) return times.error();
  item.relative_times = item.claims.exp != exp;

  if (config_->identity(item.sp()) == nullptr) return Error::wrong_sp;  // a DET whose key we hold
  if (item.is_end()) {
    const auto& end = std::get<cwt::EooBody>(item.claims.body);
    if (end.code != profile::kEooRequest && end.code != profile::kEooAborted) return Error::bad_claims;
    item.ua = end.ua.value_or(item.token.kid);
    return item.ua.has_prefix() ? Error::none : Error::bad_claims;
  }
  const auto pack = rid::decode_pack(item.uas().data);
  if (!pack.ok()) return pack.error();
  item.pack = *pack;
  if (const auto& hint = item.uas().encoded) {  // bit 15 says nothing, data is always a pack
    const uint32_t types = hint->types & 0x7fff;
    const bool pages_differ = hint->pages && *hint->pages != item.pack.auth_pages();
    if (types != item.pack.types() || pages_differ) {
      if (config_->policy.conformance) return Error::bad_pack;
      parts_.counters.add(Counter::encoded_mismatch);
    }
  }
  return Error::none;
}

Error Journey::digest(Item& item) const {
  if (!signature_form_ok(item.token.signature)) return Error::signature_form;
  item.digest = parts_.shared.duplicates.digest(item.token.kid, item.token.signature);
  return Error::none;
}

Error Journey::refuse_duplicate(Item& item, Now now) const {
  if (parts_.shared.duplicates.seen(item.digest)) {
    item.fate = Fate::duplicate;
    return Error::none;
  }
  for (const Gate* gate : parts_.gates) {
    if (const Error error = gate->before_signature(item.token.kid, now); error != Error::none) return error;
  }
  return Error::none;
}

// What a Link says takes a signature to believe, and anybody can invent children of an authority that we know (T19): it waits for its
// turn, as all that has to be verified.
Error Journey::find_key(Item& item, Now now) {
  const auto found = parts_.keys.find(item.token.kid, now);
  if (found.ok()) {
    item.key = *found;
    return Error::none;
  }
  if (found.error() != Error::det_revoked && link_in(item)) return Error::none;
  return no_key(item, item.token.kid, found.error());
}

Error Journey::learn_key(Item& item, Now now) { return item.key != nullptr ? Error::none : key_of(item, item.token.kid, now, item.key); }

void Journey::verify_outer(std::span<Item* const> batch) {
  jobs_.clear();
  judged_.clear();
  if (signed_bytes_.size() < batch.size()) signed_bytes_.resize(batch.size());
  for (Item* const each : batch) {
    Item& item = *each;
    if (item.fate != Fate::open) continue;
    const auto octets = cwt::signed_bytes(item.token, signed_bytes_[jobs_.size()]);
    if (!octets.ok()) {  // a payload over our own limit cannot pass check_request: the room is there
      item.fate = Fate::refused;
      item.error = octets.error();
      continue;
    }
    jobs_.push_back({.key = &item.key->key, .message = *octets, .signature = item.token.signature});
    judged_.push_back(&item);
  }
  parts_.verifier.verify(jobs_);
  for (size_t i = 0; i < jobs_.size(); ++i) {
    ++judged_[i]->signatures;
    judged_[i]->outer_verified = jobs_[i].good;
    if (jobs_[i].good) continue;
    judged_[i]->fate = Fate::refused;
    judged_[i]->error = Error::bad_signature;
  }
}

void Journey::verify_wrapper(std::span<Item* const> batch) {
  jobs_.clear();
  judged_.clear();
  for (Item* const each : batch) {
    Item& item = *each;
    const rid::Evidence* evidence = item.fate == Fate::open ? item.evidence() : nullptr;
    if (evidence == nullptr) continue;
    jobs_.push_back({.key = &item.ua_key->key, .message = evidence->signed_bytes(), .signature = evidence->signature});
    judged_.push_back(&item);
  }
  parts_.verifier.verify(jobs_);
  for (size_t i = 0; i < jobs_.size(); ++i) {
    ++judged_[i]->signatures;
    if (jobs_[i].good) continue;
    judged_[i]->fate = Fate::refused;
    judged_[i]->error = Error::wrapper_signature;
  }
}

// Longer than anything waits for its turn: the largest overload.waiting_age, and some. Where a dry run of the shares sheds nothing, a
// queue of the largest size takes about as long.
constexpr Duration kTurnMax = seconds(8);

// Two copies in one batch both come to here; the first enters, the second is the duplicate.
Error Journey::remember(Item& item, Now now) {
  for (const Gate* gate : parts_.gates) {
    if (const Error error = gate->after_signature(item.token.kid, item.ua, now); error != Error::none) return error;
  }
  const Timers& timers = config_->timers_of(item.token.kid);
  // One that was parked or waited for its turn may have expired meanwhile; its copies may have waited as long, and come after it.
  const Instant expires = std::max(at_second(item.claims.exp) + timers.skew, now.wall + timers.parking * 2 + kTurnMax);
  switch (parts_.shared.duplicates.enter(item.digest, now.wall, expires, item.ua)) {
    case Duplicates::Entered::seen: item.fate = Fate::duplicate; return Error::none;
    case Duplicates::Entered::full: return Error::overload;
    case Duplicates::Entered::fresh: break;
  }
  item.remembered = true;
  if (item.frame.head.type != coap::Type::con) return Error::none;
  parts_.shared.con_replies.begin(item.path.peer, item.frame.head.id, item.datagram, now.tick);
  if (item.acked) {  // the ACK that it got when it was parked is the one that a repeat gets
    ReplyOctets space;
    const Bytes ack = make_empty(item.path, parts_.rules, coap::Type::ack, item.frame.head.id, space);
    parts_.shared.con_replies.finish(item.path.peer, item.frame.head.id, ack);
  }
  return Error::none;
}

}  // namespace nrid
