#include "det/key_source.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <unordered_map>

#include "det/chain.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "det/hid_map.h"
#include "det/key_cache.h"

namespace nrid::det {
namespace {

constexpr size_t kParentsMax = 1024;
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

// What DetRates of nrid/ is for signatures, for questions: a bucket per zone and one for all. Not locked.
class QuestionRates {
 public:
  QuestionRates(double zone_per_s, double all_per_s) : zone_per_s_(zone_per_s), all_per_s_(all_per_s), all_{all_per_s, {}} {}

  bool take(const Det& det, double from_zone, double from_all, Tick now) {
    const std::pair<uint16_t, uint16_t> hid{det.raa(), det.hda()};
    const auto at = zones_.find(hid);
    Bucket zone = at != zones_.end() ? at->second : Bucket{zone_per_s_, now};
    fill(zone, zone_per_s_, now);
    fill(all_, all_per_s_, now);
    if (zone.tokens < from_zone || all_.tokens < from_all) return false;  // a zone in trouble spends nothing of the others
    zone.tokens -= from_zone;
    all_.tokens -= from_all;
    if (zones_.size() >= kZonesMax && at == zones_.end()) forget_full(now);
    zones_[hid] = zone;
    return true;
  }

 private:
  struct Bucket {
    double tokens = 0;
    Tick filled;
  };
  static constexpr size_t kZonesMax = 4096;  // beyond it goes what is full again after a second without a question

  static void fill(Bucket& bucket, double per_s, Tick now) {
    if (now <= bucket.filled) return;
    bucket.tokens = std::min(per_s, bucket.tokens + static_cast<double>((now - bucket.filled).us) * 1e-6 * per_s);
    bucket.filled = now;
  }
  // The bucket for all admits no more than two seconds of it in one second, so that those in use are few.
  void forget_full(Tick now) {
    std::erase_if(zones_, [&](const auto& zone) { return now - zone.second.filled >= seconds(1); });
  }

  const double zone_per_s_;
  const double all_per_s_;
  Bucket all_;
  std::map<std::pair<uint16_t, uint16_t>, Bucket> zones_;
};

}  // namespace

struct DnsKeySource::Shared : std::enable_shared_from_this<DnsKeySource::Shared> {
  Shared(ResolverSettings settings, const KeySourceLimits& all_limits, Lookup& dns, const Clock& time)
      : limits(all_limits), lookup(dns), clock(time), resolver(std::move(settings), dns, time), cache(all_limits, revocations),
        rates(all_limits.zone_questions_per_s, all_limits.all_questions_per_s) {}

  struct Parent {
    PublicKey key{};
    Instant valid_until;
    std::string chain;
    Issuers issuers;
  };

  void request(const Det& det, bool wanted);
  void finished(const Det& det, const Resolved& walked);
  void answer(const KeySource::Answer& answer);
  void answer_later(KeySource::Answer answer);
  void answer_due();
  void add_parent(const Det& det, Parent parent);
  void forget_parent(const Det& det);
  std::optional<Parent> find_parent(const Det& det, Instant now) const;
  Result<KeyPtr> store_learned(const Endorsement& be, const Parent& parent, Now now);

  const KeySourceLimits limits;
  Lookup& lookup;
  const Clock& clock;
  Resolver resolver;
  const double questions = kQuestionsPerName * (resolver.settings().fallback_name ? 2 : 1);  // the worst case, NXDOMAIN
  Revocations revocations;
  IssuerLists issuer_lists;
  KeyCache cache;

  mutable std::mutex mutex;                            // guards the five below
  std::unordered_map<Det, bool, DetHash> flights;      // a look-up is under way; true: somebody waits for the Answer
  HidMap<Parent> parents{kParentsMax};                 // authorities that a walk or a Link has proven
  QuestionRates rates;
  std::vector<KeySource::Answer> later;                // that need no question, until the look-up's thread gives them
  uint64_t lookups = 0, failures = 0, learned = 0;

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

void DnsKeySource::Shared::finished(const Det& det, const Resolved& walked) {
  const Now now = clock.now();
  // The walk allows for skewed clocks, the cache serves nothing past its endorsements: in between is a "no".
  const bool run_out = walked.ok() && walked->trust_until < now.wall;
  const Resolved resolved = run_out ? Resolved::failed(Error::endorsement_expired, to_text(det) + ": endorsement or certificate has run out") : walked;
  KeySource::Answer out{det, nullptr, Error::none, ""};
  if (resolved.ok()) {
    auto entry = std::make_shared<KeyEntry>();
    entry->det = det;
    entry->key = *PreparedKey::from(resolved->key);    // the walk refused what is no key
    entry->valid_until = resolved->valid_until;
    entry->chain = resolved->chain;
    std::vector<Det> above = issuers_of(*resolved);
    const Issuers issuers = issuer_lists.of(above);
    if (resolved->authority) add_parent(det, {resolved->key, resolved->valid_until, resolved->chain, issuers});
    for (const Issuer& issuer : resolved->issuers) {
      const size_t from = resolved->chain.find(to_text(issuer.det));
      above.erase(above.begin());
      add_parent(issuer.det, {issuer.key, issuer.valid_until, from == std::string::npos ? "" : resolved->chain.substr(from), issuer_lists.of(above)});
    }
    const KeyCache::Found kept = cache.put(std::move(entry), resolved->trust_until, issuers, now, resolved->by_fallback);
    out.key = kept.key;
    out.error = kept.key != nullptr ? Error::none : kept.error;  // det_revoked, if it or one above it is
    out.reason = kept.reason;
  } else {
    // Where the key came from, DNS is in trouble; that the proper name denies it is nothing new.
    const bool trouble = resolved.fallback_in_trouble() && cache.peek(det, now).by_fallback;
    const Error error = trouble ? Error::key_unavailable : seen_outside(resolved.error());
    if (error != Error::key_unavailable) forget_parent(det);  // who is withdrawn vouches for nobody
    const KeyCache::Found kept = error == Error::key_unavailable ? cache.put_trouble(det, resolved.text(), now)
                                                                 : cache.put_no(det, error, resolved.text(), now);
    out.key = kept.key;                                // an older key may serve on while the resolver is down
    out.error = kept.key != nullptr ? Error::none : kept.error;
    out.reason = kept.key != nullptr ? "" : resolved.text();
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

void DnsKeySource::Shared::add_parent(const Det& det, Parent parent) {
  const std::lock_guard lock(mutex);
  parents.put(det, std::move(parent));
}

void DnsKeySource::Shared::forget_parent(const Det& det) {
  const std::lock_guard lock(mutex);
  parents.erase(det);
}

// Only authorities may vouch: the anchors, and what a walk found with CA:TRUE or an RAA has made its HDA. A UA's key must
// not, although its numbers would permit it. None that is revoked, or hangs below one that is.
std::optional<DnsKeySource::Shared::Parent> DnsKeySource::Shared::find_parent(const Det& det, Instant now) const {
  if (const TrustAnchor* anchor = find_anchor(resolver.settings().anchors, det)) {
    if (revocations.holds(det)) return std::nullopt;
    return Parent{anchor->key, Instant{INT64_MAX}, to_text(det) + " (anchor)", nullptr};
  }
  const std::lock_guard lock(mutex);
  const Parent* held = parents.find(det);
  if (held == nullptr || held->valid_until < now || revocations.reaches(det, held->issuers)) return std::nullopt;
  return *held;
}

Result<KeyPtr> DnsKeySource::Shared::store_learned(const Endorsement& be, const Parent& parent, Now now) {
  const auto prepared = PreparedKey::from(be.child_key);
  if (!prepared.ok()) return prepared.error();
  const Instant trust_until = std::min(be.not_after, parent.valid_until);
  auto entry = std::make_shared<KeyEntry>();
  entry->det = be.child;
  entry->key = *prepared;
  entry->valid_until = std::min(trust_until, now.wall + kCacheMax);
  entry->chain = to_text(be.child) + " < " + parent.chain;
  // An RAA (or the Apex) registers RAAs and HDAs, nobody else: what it endorsed under another HID is an authority.
  const bool other_hid = be.parent.raa() != be.child.raa() || be.parent.hda() != be.child.hda();
  std::vector<Det> above{be.parent};
  if (parent.issuers != nullptr) above.insert(above.end(), parent.issuers->begin(), parent.issuers->end());
  const Issuers issuers = issuer_lists.of(std::move(above));
  if (other_hid) add_parent(be.child, {be.child_key, trust_until, entry->chain, issuers});
  const KeyCache::Found kept = cache.put(std::move(entry), trust_until, issuers, now);
  if (kept.key == nullptr) return kept.error;
  {
    const std::lock_guard lock(mutex);
    ++learned;
  }
  return kept.key;
}

DnsKeySource::DnsKeySource(ResolverSettings settings, KeySourceLimits limits, Lookup& lookup, const Clock& clock)
    : shared_(std::make_shared<Shared>(std::move(settings), limits, lookup, clock)) {}

DnsKeySource::~DnsKeySource() {
  const std::lock_guard lock(shared_->callback_mutex);
  shared_->callback = nullptr;
}

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
  const auto parent = shared_->find_parent(be.parent, now.wall);
  if (!parent) return Error::untrusted_chain;
  TRY_VOID(verify_endorsement(be, parent->key, now.wall, shared_->resolver.settings().skew));
  return shared_->store_learned(be, *parent, now);
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
  const std::lock_guard lock(shared_->mutex);
  out.in_flight = shared_->flights.size();
  out.lookups = shared_->lookups;
  out.failures = shared_->failures;
  out.learned = shared_->learned;
  return out;
}

}  // namespace nrid::det
