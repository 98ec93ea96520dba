// The part of the journey that knows packs: whose they are (nrid.md R-056), what a Wrapper covers, and where the
// keys come from.
#include <algorithm>

#include "det/endorsement.h"
#include "nrid/journey.h"
#include "nrid/operation.h"

namespace nrid {
namespace {

rid::MessageOctets copy_of(rid::RawMessage raw) {
  rid::MessageOctets octets;
  std::copy(raw.begin(), raw.end(), octets.begin());
  return octets;
}

std::optional<Det> session_in(rid::RawMessage raw) {
  if (rid::type_of(raw) != rid::MessageType::basic_id) return std::nullopt;
  const auto basic = rid::decode_basic_id(raw);
  return basic.ok() ? basic->session_det() : std::nullopt;
}

std::optional<Det> session_in(const rid::Pack& pack) {
  for (size_t i = 0; i < pack.count; ++i) {
    if (const auto det = session_in(pack.message(i))) return det;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Det> session_of(std::span<const rid::MessageOctets> messages) {
  for (const rid::MessageOctets& message : messages) {
    if (const auto det = session_in(message)) return det;
  }
  return std::nullopt;
}

std::optional<std::array<uint8_t, rid::kEndorsementSize>> Journey::link_in(const Item& item) {
  if (item.is_end() || item.pack.auth_pages() == 0) return std::nullopt;
  const auto auth = rid::read_auth(item.pack);
  return auth.ok() ? auth->link : std::nullopt;
}

// a Link in the packet whose child is the DET we need, and whose chain holds, replaces the query.
bool Journey::learn_link(Item& item, const Det& wanted, Now now, KeyPtr& key) {
  const auto link = link_in(item);
  if (!link) return false;
  const auto endorsement = det::decode_endorsement(*link);
  if (!endorsement.ok() || endorsement->child != wanted) return false;
  ++item.signatures;
  const auto learned = parts_.keys.learn(*link, now);
  if (!learned.ok()) return false;
  parts_.counters.add(Counter::link_learned);
  key = *learned;
  return key != nullptr;
}

Error Journey::key_of(Item& item, const Det& det, Now now, KeyPtr& key) {
  const auto found = parts_.keys.find(det, now);
  if (found.ok()) {
    key = *found;
    return Error::none;
  }
  if (found.error() == Error::det_revoked) return found.error();
  if (learn_link(item, det, now, key)) return Error::none;
  return no_key(item, det, found.error());
}

Error Journey::no_key(Item& item, const Det& det, Error why) {
  if (why != Error::key_unavailable) return why;
  if (item.parked_before && item.waits_for == det) {  // its wait is over, whatever the resolver said
    return item.key_answer == Error::none ? Error::key_unavailable : item.key_answer;
  }
  item.fate = Fate::parked;
  item.waits_for = det;
  return Error::none;
}

Error Journey::owner_ok(const Item& item) const {
  return parts_.shared.owners.may_speak(item.token.kid, item.ua) ? Error::none : Error::not_owner;
}

bool Journey::take_rate(const Det& kid, Now now) const {
  const Policy& policy = config_->policy_of(kid);
  if (parts_.shared.rates.take(kid, now.tick, policy.rate_per_s, policy.rate_burst)) return true;
  if (!parts_.dry_rate) return false;
  parts_.counters.add(Counter::would_refuse_rate);
  return true;
}

// Behind the outer signature: a forger can spend neither the rate nor the owner's name.
Error Journey::admit(Item& item, Now now) const {
  if (!item.rate_taken && !take_rate(item.token.kid, now)) return Error::rate;
  item.rate_taken = true;
  if (item.is_end()) return owner_ok(item);
  // A plain pack says here whose it is. Beside pages a Basic ID may be one that no Wrapper covers: read_pack() judges.
  if (item.pack.auth_pages() != 0) return Error::none;
  if (const auto named = session_in(item.pack)) {
    item.ua = *named;
    return owner_ok(item);
  }
  return Error::none;
}

Error Journey::read_pack(Item& item) {
  item.message_count = 0;
  if (item.is_end()) return Error::none;
  const auto auth = rid::read_auth(item.pack);
  if (!auth.ok()) return auth.error();
  item.auth = *auth;
  if (item.auth.extra_pages > 0) parts_.counters.add(Counter::extra_auth_page, item.auth.extra_pages);

  const Error error = item.evidence() != nullptr ? read_wrapped(item) : read_plain(item);
  if (error != Error::none) return error;
  if (const Error bad = check_messages({item.messages.data(), item.message_count}); bad != Error::none) return bad;
  if (!item.ua.has_prefix()) return Error::bad_kid;
  const auto& accepted = config_->policy.accept_hids;
  const Hid hid{item.ua.raa(), item.ua.hda()};
  if (!accepted.empty() && std::find(accepted.begin(), accepted.end(), hid) == accepted.end()) return Error::hid_not_accepted;
  return owner_ok(item);
}

Error Journey::read_wrapped(Item& item) {
  const rid::Evidence& evidence = *item.evidence();
  const auto window = rid::check_window(evidence, item.received, {config_->timers_of(evidence.ua).skew, config_->policy.conformance});
  if (!window.ok()) return window.error();
  if (evidence.unix_epoch) parts_.counters.add(Counter::unix_epoch_evidence);

  if (item.auth.wrapper) {
    for (size_t i = 0; i < evidence.message_count; ++i) item.messages[item.message_count++] = copy_of(evidence.message(i));
  }
  const auto session = session_of({item.messages.data(), item.message_count});
  item.ua = evidence.ua;
  item.verdict = Verdict::verified;
  item.origin = evidence.ua == item.token.kid ? Origin::aircraft : Origin::relayed;
  if (!session || *session == evidence.ua) return Error::none;
  // R-056 c: the ground station wrapped with its own DET what the aircraft told it over C2.
  if (evidence.ua != item.token.kid) return Error::basic_id_mismatch;
  if (!config_->policy_of(*session).allow_c2_origin) return Error::c2_origin;
  item.ua = *session;
  item.verdict = Verdict::c2;
  item.origin = Origin::c2;
  return Error::none;
}

// No Wrapper: a plain pack (R-056 c), or a Link. What stands beside a Link counts only when a ground station speaks.
Error Journey::read_plain(Item& item) {
  const auto session = session_in(item.pack);
  const bool link = item.auth.link.has_value();
  const bool speaks_for_other = session && *session != item.token.kid;
  const bool c2_allowed = config_->policy_of(session.value_or(item.token.kid)).allow_c2_origin;
  item.verdict = Verdict::c2;
  item.origin = Origin::c2;
  if (link && !(speaks_for_other && c2_allowed)) {
    // The DET that the endorsement is about; its key is learned behind the outer signature (find_wrapper_key).
    const auto endorsement = det::decode_endorsement(*item.auth.link);
    if (!endorsement.ok()) return endorsement.error();
    item.ua = session.value_or(endorsement->child);
    return Error::none;
  }
  if (!c2_allowed) return Error::c2_origin;
  if (item.relative_times) return Error::expired;  // drip.md 7.2: nothing else would date a plain pack
  if (session) {
    item.ua = *session;
  } else if (const auto open = parts_.shared.owners.only_open(item.token.kid)) {
    item.ua = *open;
  } else {
    return Error::bad_pack;  // names no aircraft, and this gateway has not exactly one in the air
  }
  for (size_t i = 0; i < item.pack.count; ++i) {
    if (rid::type_of(item.pack.message(i)) == rid::MessageType::authentication) continue;
    item.messages[item.message_count++] = copy_of(item.pack.message(i));
  }
  return Error::none;
}

Error Journey::find_wrapper_key(Item& item, Now now) {
  const rid::Evidence* evidence = item.evidence();
  if (evidence == nullptr) {
    if (!item.is_end() && item.auth.link) {
      const auto endorsement = det::decode_endorsement(*item.auth.link);
      if (!endorsement.ok()) return endorsement.error();
      if (endorsement->child == item.token.kid) return Error::none;  // its key is here: it signed the CWT
      const auto learned = parts_.keys.learn(*item.auth.link, now);
      if (!learned.ok()) return learned.error();
      parts_.counters.add(Counter::link_learned);
    }
    return Error::none;
  }
  if (evidence->ua == item.token.kid) {
    item.ua_key = item.key;
    return Error::none;
  }
  const Error error = key_of(item, evidence->ua, now, item.ua_key);
  item.wrapper_key_missing = error == Error::unknown_key || error == Error::key_unavailable;
  return error;
}

}  // namespace nrid
