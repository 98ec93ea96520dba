#include "det/key_source.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <unordered_map>

#include "det/authorities.h"
#include "det/chain.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "det/key_cache.h"
#include "det/key_store.h"
#include "det/question_rates.h"

namespace nrid::det {
namespace {

constexpr Duration kAskAgain = seconds(60);
constexpr uint32_t kSilence = 3;              // look-ups in a row without an answer that counts: the next has nobody wait for it
constexpr double kQuestionsPerName = 2;  // of a walk's first level: HHIT and BRID

// What the journey sees of a resolver's failure: "no" is remembered and is the peer's fault, trouble is ours.
Error seen_outside(Error error) {
  if (error == Error::dns_nxdomain) return Error::unknown_key;
  return is_resolver_trouble(error) || error == Error::internal ? Error::key_unavailable : error;
}

// From its issuer up to the anchor.
std::vector<Det> issuers_of(const Resolution& resolution) {
  std::vector<Det> out;
  for (const Issuer& issuer : resolution.issuers) out.push_back(issuer.det);
  if (resolution.anchor != resolution.det) out.push_back(resolution.anchor);
  return out;
}

}  // namespace

struct DnsKeySource::Shared : std::enable_shared_from_this<DnsKeySource::Shared> {
  Shared(ResolverSettings settings, const KeySourceLimits& all_limits, Lookup& dns, const Clock& time, KeyStore* on_disk)
      : limits(all_limits), lookup(dns), clock(time), store(on_disk), resolver(std::move(settings), dns, time),
        authorities(revocations, all_limits.stale_max), cache(all_limits, revocations),
        rates(all_limits.zone_questions_per_s, all_limits.all_questions_per_s) {}

  void request(const Det& det, bool wanted);
  void finished(const Det& det, const Resolved& walked);
  KeyCache::Found believe(const Resolution& resolution, Now now);
  KeyCache::Found doubt(const Det& det, const Resolved& resolved, Now now);
  void answer(const KeySource::Answer& answer);
  void answer_later(KeySource::Answer answer);
  void answer_due();
  KeyCache::Found hold(const KeptKey& key, Now now);
  KeyCache::Found keep(KeptKey key, Now now);
  void restore(KeptKey key, Now now);
  std::optional<Authority> find_authority(const Det& det, Instant now);
  Result<KeyPtr> keep_learned(const Endorsement& be, const Authority& parent, Now now);

  const KeySourceLimits limits;
  Lookup& lookup;
  const Clock& clock;
  KeyStore* const store;                               // null: nothing outlives a restart
  Resolver resolver;
  const double questions = kQuestionsPerName * (resolver.settings().fallback_name ? 2 : 1);  // the worst case, NXDOMAIN
  Revocations revocations;
  IssuerLists issuer_lists;
  Authorities authorities;
  KeyCache cache;

  mutable std::mutex mutex;                            // guards the four below
  std::unordered_map<Det, bool, DetHash> flights;      // a look-up is under way; true: somebody waits for the Answer
  QuestionRates rates;
  std::vector<KeySource::Answer> later;                // that need no question, until the look-up's thread gives them
  uint64_t lookups = 0, failures = 0, learned = 0;
  std::atomic<uint32_t> in_trouble = 0;                // look-ups in a row

  std::recursive_mutex callback_mutex;                 // held while the callback runs, so that none runs after the source's end
  std::function<void(const KeySource::Answer&)> callback;
};

void DnsKeySource::Shared::answer(const KeySource::Answer& out) {
  const std::lock_guard lock(callback_mutex);
  if (callback) callback(out);
}

// To wake a thread costs more than to refuse a datagram: one wake for all that are due. Under a flood of invented DETs each of
// them comes this way.
void DnsKeySource::Shared::answer_later(KeySource::Answer out) {
  {
    const std::lock_guard lock(mutex);
    later.push_back(std::move(out));
    if (later.size() > 1) return;                      // woken already
  }
  lookup.run([weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->answer_due();
  });
}

void DnsKeySource::Shared::answer_due() {
  std::vector<KeySource::Answer> due;
  {
    const std::lock_guard lock(mutex);
    due.swap(later);
  }
  for (const KeySource::Answer& each : due) answer(each);
}

// `wanted`: an Answer must come; otherwise this is a refresh before a key runs out. No bucket holds up a refresh, nor a DET
// whose key has run out: there are no more of them than keys, and aircraft that fly must not pay for a flood.
void DnsKeySource::Shared::request(const Det& det, bool wanted) {
  const Now now = clock.now();
  bool invented = wanted;  // it may be
  if (wanted) {
    const KeyCache::Found found = cache.peek(det, now);
    if (found.key != nullptr) return answer_later({det, found.key, Error::none, ""});
    if (found.settled) return answer_later({det, nullptr, found.error, found.reason});
    invented = !found.had_key;
  }
  // Who brings a Link need not wait in vain first; who does not comes again, and finds the key if DNS is back.
  const bool silence = wanted && in_trouble.load(std::memory_order_relaxed) >= kSilence;
  if (silence) {
    answer_later({det, nullptr, Error::key_unavailable, "DNS has not answered the last " + std::to_string(kSilence) + " look-ups"});
    wanted = false;
  }
  std::string busy;
  {
    const std::lock_guard lock(mutex);
    const auto at = flights.find(det);
    if (at != flights.end()) {
      at->second = at->second || wanted;
      return;
    }
    if (flights.size() >= limits.in_flight_max) {
      busy = std::to_string(limits.in_flight_max) + " look-ups are under way already";
    } else if (invented && !rates.take(det, kQuestionsPerName, questions, now.tick)) {
      busy = "too many DNS questions a second about unknown DETs";
    } else {
      flights.emplace(det, wanted);
      ++lookups;
    }
  }
  if (!busy.empty()) {
    if (wanted) answer_later({det, nullptr, Error::key_unavailable, std::move(busy)});
    return;  // a refresh can wait
  }
  resolver.resolve(det, false, [weak = weak_from_this(), det](const Resolved& resolved) {
    if (const auto self = weak.lock()) self->finished(det, resolved);
  });
}

// In memory: in the cache, or in the table of authorities. Its key was judged.
KeyCache::Found DnsKeySource::Shared::hold(const KeptKey& key, Now now) {
  const Issuers issuers = issuer_lists.of(key.issuers);
  if (key.role == KeptKey::Role::authority) {
    authorities.put(key.det, {key.key, key.fresh_until, key.trust_until, key.chain, issuers}, now.wall);
    return {};
  }
  auto entry = std::make_shared<KeyEntry>();
  entry->det = key.det;
  entry->key = *PreparedKey::from(key.key);
  entry->valid_until = key.fresh_until;
  entry->chain = key.chain;
  return cache.put(std::move(entry), key.trust_until, issuers, now, key.by_fallback);
}

KeyCache::Found DnsKeySource::Shared::keep(KeptKey key, Now now) {
  KeyCache::Found kept = hold(key, now);
  if (store != nullptr) store->note(std::move(key));
  return kept;
}

KeyCache::Found DnsKeySource::Shared::believe(const Resolution& resolution, Now now) {
  std::vector<Det> above = issuers_of(resolution);
  KeptKey key{.det = resolution.det, .role = KeptKey::Role::authority, .key = resolution.key, .fresh_until = resolution.valid_until, .trust_until = resolution.trust_until,
              .by_fallback = resolution.by_fallback, .chain = resolution.chain, .issuers = above};
  if (resolution.authority) keep(key, now);
  for (const Issuer& issuer : resolution.issuers) {
    const size_t from = resolution.chain.find(to_text(issuer.det));
    above.erase(above.begin());
    keep({.det = issuer.det, .role = KeptKey::Role::authority, .key = issuer.key, .fresh_until = issuer.valid_until, .trust_until = issuer.trust_until,
          .chain = from == std::string::npos ? "" : resolution.chain.substr(from), .issuers = above}, now);
  }
  key.role = KeptKey::Role::key;
  return keep(std::move(key), now);
}

KeyCache::Found DnsKeySource::Shared::doubt(const Det& det, const Resolved& resolved, Now now) {
  const KeyCache::Found before = cache.peek(det, now);
  // Where the key came from, DNS is in trouble; that the proper name denies it is nothing new.
  const Error error = resolved.fallback_in_trouble() && before.by_fallback ? Error::key_unavailable : seen_outside(resolved.error());
  if (error == Error::key_unavailable) {
    authorities.in_trouble(det);
    return cache.put_trouble(det, resolved.text(), now);  // an older key may serve on while the resolver is down
  }
  authorities.erase(det);                              // who is withdrawn vouches for nobody
  for (const auto role : {KeptKey::Role::authority, KeptKey::Role::key}) {
    if (store != nullptr) store->forget(det, role);    // also what made room in memory
  }
  return cache.put_no(det, error, resolved.text(), now);
}

void DnsKeySource::Shared::finished(const Det& det, const Resolved& walked) {
  const Now now = clock.now();
  // The walk allows for skewed clocks, the cache serves nothing past its endorsements: in between is a "no".
  const bool run_out = walked.ok() && walked->trust_until < now.wall;
  if (!walked.ok() && seen_outside(walked.error()) == Error::key_unavailable) in_trouble.fetch_add(1, std::memory_order_relaxed);
  else in_trouble.store(0, std::memory_order_relaxed);
  const Resolved resolved = run_out ? Resolved::failed(Error::endorsement_expired, to_text(det) + ": endorsement or certificate has run out") : walked;
  const KeyCache::Found kept = resolved.ok() ? believe(*resolved, now) : doubt(det, resolved, now);
  KeySource::Answer out{det, kept.key, Error::none, ""};
  if (kept.key == nullptr) {
    out.error = kept.error;                            // det_revoked, if it or one above it is
    out.reason = resolved.ok() ? kept.reason : resolved.text();
  }
  bool wanted = false;
  {
    const std::lock_guard lock(mutex);
    const auto at = flights.find(det);
    if (at != flights.end()) {
      wanted = at->second;
      flights.erase(at);
    }
    if (!resolved.ok()) ++failures;
  }
  if (wanted) answer(out);
}

// What was believed before the restart, if it still could be: the key is that DET's, and its chain ends where it must.
void DnsKeySource::Shared::restore(KeptKey key, Now now) {
  const Det& anchor = key.issuers.empty() ? key.det : key.issuers.back();
  if (!check(key.det, key.key).ok() || !PreparedKey::from(key.key).ok() || find_anchor(resolver.settings().anchors, anchor) == nullptr) return;
  key.fresh_until = std::min(key.fresh_until, now.wall + kCacheMax);  // a clock that was ahead does not lengthen it
  hold(key, now);
}

// The anchors, and who vouches below them. One whose time is over is asked for; until DNS has said something it vouches for nobody.
std::optional<Authority> DnsKeySource::Shared::find_authority(const Det& det, Instant now) {
  if (const TrustAnchor* anchor = find_anchor(resolver.settings().anchors, det)) {
    if (revocations.holds(det)) return std::nullopt;
    return Authority{anchor->key, Instant{INT64_MAX}, Instant{INT64_MAX}, to_text(det) + " (anchor)", nullptr};
  }
  Authorities::Found found = authorities.find(det, now);
  if (found.asked_first) request(det, false);
  return std::move(found.authority);
}

Result<KeyPtr> DnsKeySource::Shared::keep_learned(const Endorsement& be, const Authority& parent, Now now) {
  if (const auto prepared = PreparedKey::from(be.child_key); !prepared.ok()) return prepared.error();
  KeptKey key{.det = be.child, .role = KeptKey::Role::authority, .key = be.child_key, .trust_until = std::min(be.not_after, parent.trust_until),
              .chain = to_text(be.child) + " < " + parent.chain, .issuers = {be.parent}};
  const bool stale = parent.valid_until < now.wall;  // then DNS is asked again soon
  key.fresh_until = std::min({key.trust_until, now.wall + kCacheMax, stale ? now.wall + kAskAgain : parent.valid_until});
  if (parent.issuers != nullptr) key.issuers.insert(key.issuers.end(), parent.issuers->begin(), parent.issuers->end());
  // An RAA (or the Apex) registers RAAs and HDAs, nobody else: what it endorsed under another HID is an authority.
  if (be.parent.raa() != be.child.raa() || be.parent.hda() != be.child.hda()) keep(key, now);
  key.role = KeptKey::Role::key;
  const KeyCache::Found kept = keep(std::move(key), now);
  if (kept.key == nullptr) return kept.error;
  {
    const std::lock_guard lock(mutex);
    ++learned;
  }
  return kept.key;
}

DnsKeySource::DnsKeySource(ResolverSettings settings, KeySourceLimits limits, Lookup& lookup, const Clock& clock, KeyStore* store)
    : shared_(std::make_shared<Shared>(std::move(settings), limits, lookup, clock, store)) {}

DnsKeySource::~DnsKeySource() {
  const std::lock_guard lock(shared_->callback_mutex);
  shared_->callback = nullptr;
}

Status DnsKeySource::restore() {
  if (shared_->store == nullptr) return {};
  const Now now = shared_->clock.now();
  return shared_->store->load(now.wall, [&](KeptKey key) { shared_->restore(std::move(key), now); });
}

Status DnsKeySource::upkeep() {
  for (const Det& det : shared_->authorities.due(shared_->clock.now().wall)) shared_->request(det, false);
  return shared_->store == nullptr ? Status() : shared_->store->write();
}

bool DnsKeySource::remembers(const Det& det, Now now) const { return shared_->cache.remembers(det, now); }

void DnsKeySource::prefetch(const Det& det) { shared_->cache.prefetch(det); }

Result<KeyPtr> DnsKeySource::find(const Det& det, Now now) {
  const KeyCache::Found found = shared_->cache.find(det, now);
  if (found.refresh) shared_->request(det, false);
  if (found.key != nullptr) return found.key;
  return found.error;
}

void DnsKeySource::request(const Det& det) { shared_->request(det, true); }

void DnsKeySource::on_answer(std::function<void(const Answer&)> callback) {
  const std::lock_guard lock(shared_->callback_mutex);
  shared_->callback = std::move(callback);
}

Result<KeyPtr> DnsKeySource::learn(Bytes endorsement136, Now now) {
  TRY(be, decode_endorsement(endorsement136));
  const KeyCache::Found known = shared_->cache.peek(be.child, now);
  if (known.error == Error::det_revoked) return Error::det_revoked;
  if (known.key != nullptr && !known.key->stale) {
    if (known.key->key.octets() != be.child_key) return Error::det_hi_mismatch;  // two keys of one hash: the first stays
    return known.key;
  }
  if (be.self_signed()) return Error::untrusted_chain;
  if (!may_register(be.parent, be.child)) return Error::endorsement_parent;
  const auto parent = shared_->find_authority(be.parent, now.wall);
  if (!parent) return Error::untrusted_chain;
  TRY_VOID(verify_endorsement(be, parent->key, now.wall, shared_->resolver.settings().skew));
  return shared_->keep_learned(be, *parent, now);
}

Result<void> DnsKeySource::add_local(const Det& det, const PublicKey& key, Instant valid_until) {
  TRY_VOID(check(det, key));
  TRY(prepared, PreparedKey::from(key));
  auto entry = std::make_shared<KeyEntry>();
  entry->det = det;
  entry->key = prepared;
  entry->trust = Trust::local;
  entry->valid_until = valid_until;
  entry->chain = to_text(det) + " (registered here)";
  shared_->revocations.lift(det);
  shared_->cache.put_local(std::move(entry));
  return {};
}

void DnsKeySource::revoke(const Det& det) { shared_->revocations.revoke(det); }

void DnsKeySource::revoke_listed(std::span<const Det> dets) { shared_->revocations.list(dets); }

DnsKeySource::Stats DnsKeySource::stats() const {
  Stats out = shared_->cache.stats();
  if (shared_->store != nullptr) out.stored = shared_->store->rows();
  const std::lock_guard lock(shared_->mutex);
  out.in_flight = shared_->flights.size();
  out.lookups = shared_->lookups;
  out.failures = shared_->failures;
  out.learned = shared_->learned;
  return out;
}

}  // namespace nrid::det
