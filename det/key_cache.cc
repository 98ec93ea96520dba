#include "det/key_cache.h"

#include <algorithm>

#include "base/salted_hash.h"

namespace nrid::det {
namespace {

constexpr size_t kShards = 16;              // a power of two
constexpr size_t kChances = 64;             // that are given at once, for the lock is held
constexpr size_t kShardedFrom = 1024;       // smaller caches have one shard, so that their limit is exact

KeyCache::Found refused(bool use) { return {.error = Error::det_revoked, .settled = true, .reason = use ? "" : "revoked here, or one above it is"}; }

}  // namespace

size_t DetHash::operator()(const Det& det) const {
  static SystemRandom random;
  static const SaltedHash hash(random);
  return hash.of(det.octets);
}

KeyCache::KeyCache(const KeySourceLimits& limits, const Revocations& revocations)
    : limits_(limits), revocations_(revocations), shards_(limits.keys_max >= kShardedFrom ? kShards : 1) {}

void KeyCache::prefetch(const Det& det) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  in.entries.prefetch(det);
}

KeyCache::Found KeyCache::find(const Det& det, Now now) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  Found found = look(in, det, now, true);
  ++(found.key != nullptr || found.settled ? in.hits : in.misses);
  return found;
}

KeyCache::Found KeyCache::peek(const Det& det, Now now) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  return look(in, det, now, false);
}

bool KeyCache::remembers(const Det& det, Now now) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  const auto at = in.entries.find(det);
  return at != in.entries.end() && at->second.kind == Kind::positive && !revoked(det, at->second) && outlasts_trouble(at->second, now);
}

// The set is asked once for each entry and generation.
bool KeyCache::revoked(const Det& det, Entry& entry) const {
  const uint32_t generation = revocations_.generation();
  if (entry.judged != generation) {
    entry.revoked = revocations_.reaches(det, entry.issuers);
    entry.judged = generation;
  }
  return entry.revoked;
}

// Whose issuer is revoked may get another one: the chain is asked for again when its time is over.
KeyCache::Found KeyCache::look_revoked(const Det& det, const Entry& entry, Now now, bool use) const {
  if (entry.issuers != nullptr && now.tick >= entry.expires && !revocations_.holds(det)) return {.had_key = true};
  return refused(use);
}

KeyCache::Found KeyCache::look(Shard& in, const Det& det, Now now, bool use) {
  const auto at = in.entries.find(det);
  if (at == in.entries.end()) return revocations_.holds(det) ? refused(use) : Found{};
  Entry& entry = at->second;
  if (revoked(det, entry)) return look_revoked(det, entry, now, use);
  switch (entry.kind) {
    case Kind::local:
      if (now.wall <= entry.key->valid_until) return {.key = entry.key};
      drop(in, det);
      return {};
    case Kind::negative: {
      if (now.tick >= entry.expires) return {};
      entry.used |= use;
      return {.error = entry.error, .settled = true, .reason = use ? "" : entry.reason};
    }
    case Kind::positive: return look_positive(in, entry, now, use);
  }
  return {};
}

KeyCache::Found KeyCache::look_positive(Shard& in, Entry& entry, Now now, bool use) {
  const Found over{.had_key = true, .by_fallback = entry.by_fallback};
  if (now.wall > entry.trust_until) return over;
  const bool expired = now.tick >= entry.expires;
  if (expired && (!entry.trouble || !outlasts_trouble(entry, now))) return over;
  if (expired && !entry.key->stale) {
    auto stale = std::make_shared<KeyEntry>(*entry.key);
    stale->stale = true;
    entry.key = std::move(stale);
  }
  Found found{.key = entry.key, .by_fallback = entry.by_fallback};
  if (!use) return found;
  if (expired) ++in.stale_served;
  entry.used = true;
  if (now.tick >= entry.refresh_at) {
    entry.refresh_at = now.tick + limits_.retry;
    found.refresh = true;
  }
  return found;
}

bool KeyCache::fixed(const Shard& in, const Det& det, Now now) const {
  const auto at = in.entries.find(det);
  if (at == in.entries.end()) return false;
  return at->second.kind == Kind::local && now.wall <= at->second.key->valid_until;
}

KeyCache::Found KeyCache::put(std::shared_ptr<const KeyEntry> entry, Instant trust_until, Issuers issuers, Now now, bool by_fallback) {
  Shard& in = shard(entry->det);
  const std::lock_guard lock(in.mutex);
  const Det det = entry->det;
  if (!fixed(in, det, now)) {
    Entry& kept = place(in, det, Kind::positive);
    const Duration life = entry->valid_until - now.wall;  // below zero for a key of before a restart
    kept.key = std::move(entry);
    kept.issuers = std::move(issuers);
    kept.trust_until = trust_until;
    kept.expires = now.tick + life;
    kept.refresh_at = kept.expires - std::min(Duration{std::max<int64_t>(life.us, 0) / 5}, seconds(30));  // active DETs never run out
    kept.trouble = false;
    kept.by_fallback = by_fallback;
  }
  return look(in, det, now, false);
}

KeyCache::Found KeyCache::put_no(const Det& det, Error error, const std::string& reason, Now now) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  if (!fixed(in, det, now)) {
    Entry& kept = place(in, det, Kind::negative);
    kept.error = error;
    kept.reason = reason;
    kept.expires = now.tick + limits_.negative;
  }
  return look(in, det, now, false);
}

KeyCache::Found KeyCache::put_trouble(const Det& det, const std::string& reason, Now now) {
  Shard& in = shard(det);
  const std::lock_guard lock(in.mutex);
  if (fixed(in, det, now)) return look(in, det, now, false);
  const auto at = in.entries.find(det);
  if (at != in.entries.end() && at->second.kind == Kind::positive) {
    at->second.trouble = true;
    at->second.refresh_at = now.tick + limits_.retry;
    if (Found found = look(in, det, now, false); found.key != nullptr || found.settled) return found;
  }
  Entry& kept = place(in, det, Kind::negative);
  kept.error = Error::key_unavailable;
  kept.reason = reason;
  kept.expires = now.tick + limits_.retry;
  return look(in, det, now, false);
}

void KeyCache::put_local(std::shared_ptr<const KeyEntry> entry) {
  Shard& in = shard(entry->det);
  const std::lock_guard lock(in.mutex);
  Entry& kept = place(in, entry->det, Kind::local);
  kept.key = std::move(entry);
}

// The entry of this DET, made new as one of `kind`; if that kind has no room, a cold one leaves.
KeyCache::Entry& KeyCache::place(Shard& in, const Det& det, Kind kind) {
  drop(in, det);
  auto& order = in.order[static_cast<size_t>(kind)];
  size_t max = SIZE_MAX;  // local DETs come from the operator, not from the network
  if (kind == Kind::positive) max = std::max<size_t>(limits_.keys_max / shards_.size(), 1);
  if (kind == Kind::negative) max = std::max<size_t>(limits_.negatives_max / shards_.size(), 1);
  if (order.size() >= max) {
    for (size_t chance = 0; chance < kChances; ++chance) {
      Entry& last = in.entries.find(order.back())->second;
      if (!last.used) break;
      last.used = false;
      order.splice(order.begin(), order, last.order);
    }
    drop(in, Det(order.back()));
    ++in.evicted;
  }
  order.push_front(det);
  Entry& entry = in.entries[det];
  entry = Entry{.kind = kind, .order = order.begin()};
  return entry;
}

void KeyCache::drop(Shard& in, const Det& det) {
  const auto at = in.entries.find(det);
  if (at == in.entries.end()) return;
  in.order[static_cast<size_t>(at->second.kind)].erase(at->second.order);
  in.entries.erase(at);
}

DnsKeySource::Stats KeyCache::stats() const {
  DnsKeySource::Stats out;
  out.revoked = revocations_.size();
  for (const Shard& in : shards_) {
    const std::lock_guard lock(in.mutex);
    out.keys += in.order[static_cast<size_t>(Kind::positive)].size();
    out.negatives += in.order[static_cast<size_t>(Kind::negative)].size();
    out.local += in.order[static_cast<size_t>(Kind::local)].size();
    out.hits += in.hits;
    out.misses += in.misses;
    out.evicted += in.evicted;
    out.stale_served += in.stale_served;
  }
  return out;
}

}  // namespace nrid::det
