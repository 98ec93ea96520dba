#include "nrid/duplicates.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/open_addressing.h"

namespace nrid {

Duplicates::Duplicates(size_t entries_max, Random& random)
    : keyed_(random), stripe_max_(entries_max / kStripes + 1), stripes_(std::make_unique<std::array<Stripe, kStripes>>()) {
  for (Stripe& stripe : *stripes_) stripe.grow(std::min(kFirst, stripe_max_));
}

uint32_t Duplicates::tag_of(const Digest16& digest) {
  uint32_t tag;
  std::memcpy(&tag, digest.data() + 4, sizeof tag);
  return tag;
}

size_t Duplicates::Stripe::place_of(const Digest16& digest) const {
  const uint32_t tag = tag_of(digest);
  size_t place = home(tag);
  for (; known[place].slot != 0; place = (place + 1) & (known.size() - 1)) {
    if (known[place].tag == tag && ring[known[place].slot - 1].digest == digest) break;
  }
  return place;
}

Duplicates::Kept* Duplicates::Stripe::find(const Digest16& digest) {
  const uint32_t slot = known[place_of(digest)].slot;
  return slot == 0 ? nullptr : &ring[slot - 1];
}

void Duplicates::Stripe::erase(size_t place) {
  const size_t hole = close_gap(
      place, known.size() - 1, [&](size_t at) { return known[at].slot != 0; }, [&](size_t at) { return home(known[at].tag); },
      [&](size_t from, size_t to) { known[to] = known[from]; });
  known[hole] = {};
}

Digest16 Duplicates::digest(const Det& kid, std::span<const uint8_t, 64> signature) const {
  std::array<uint8_t, 80> input;
  std::memcpy(input.data(), kid.octets.data(), 16);
  std::memcpy(input.data() + 16, signature.data(), 64);
  return keyed_.of(input);
}

void Duplicates::Stripe::grow(size_t entries) {
  ZeroedVector<Kept> all(entries);
  known = ZeroedVector<Known>(std::bit_ceil(2 * entries));
  for (size_t i = 0; i < count; ++i) {
    all[i] = ring[(head + i) % ring.size()];
    if (all[i].expires == Instant{}) continue;  // forgotten: in the order, not in the index
    const uint32_t tag = tag_of(all[i].digest);
    size_t place = home(tag);
    while (known[place].slot != 0) place = (place + 1) & (known.size() - 1);
    known[place] = {tag, static_cast<uint32_t>(i + 1)};
  }
  ring = std::move(all);
  head = 0;
  known_at.store(reinterpret_cast<uintptr_t>(known.data()), std::memory_order_relaxed);
  known_mask.store(known.size() - 1, std::memory_order_relaxed);
}

void Duplicates::prefetch(const Digest16& digest) const {
  const Stripe& stripe = stripe_of(digest);
  const size_t place = tag_of(digest) & stripe.known_mask.load(std::memory_order_relaxed);
  __builtin_prefetch(reinterpret_cast<const void*>(stripe.known_at.load(std::memory_order_relaxed) + place * sizeof(Known)), 1);
}

bool Duplicates::seen(const Digest16& digest) const {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  return stripe.find(digest) != nullptr;
}

// Lifetimes differ by at most a minute, so a short one behind a long one waits no longer than that.
void Duplicates::Stripe::forget_expired(Instant now) {
  while (count > 0 && ring[head].expires + kStepBack <= now) {
    const size_t place = place_of(ring[head].digest);
    if (known[place].slot == head + 1) erase(place);  // else forgotten, and perhaps entered again
    head = (head + 1) % ring.size();
    --count;
  }
}

Duplicates::Entered Duplicates::enter(const Digest16& digest, Instant now, Instant expires, const Det& ua) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  stripe.forget_expired(now);
  size_t place = stripe.place_of(digest);
  if (stripe.known[place].slot != 0) return Entered::seen;
  if (stripe.count == stripe.ring.size()) {
    if (stripe.count == stripe_max_) return Entered::full;
    stripe.grow(std::min(2 * stripe.count, stripe_max_));
    place = stripe.place_of(digest);
  }
  const size_t slot = (stripe.head + stripe.count) % stripe.ring.size();
  stripe.known[place] = {tag_of(digest), static_cast<uint32_t>(slot + 1)};
  stripe.ring[slot] = {digest, expires, false, ua};
  ++stripe.count;
  return Entered::fresh;
}

void Duplicates::accept(const Digest16& digest) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  if (Kept* const kept = stripe.find(digest)) kept->accepted = true;
}

std::optional<Det> Duplicates::aircraft(const Digest16& digest) const {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const Kept* const kept = stripe.find(digest);
  return kept == nullptr ? std::nullopt : std::optional(kept->ua);
}

bool Duplicates::accepted(const Digest16& digest) const {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const Kept* const kept = stripe.find(digest);
  return kept != nullptr && kept->accepted;
}

// Its place is free at once if nothing came after it, else when it reaches the head.
void Duplicates::forget(const Digest16& digest) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const size_t place = stripe.place_of(digest);
  if (stripe.known[place].slot == 0) return;
  stripe.ring[stripe.known[place].slot - 1].expires = {};
  stripe.erase(place);
  const auto newest = [&] { return (stripe.head + stripe.count - 1) % stripe.ring.size(); };
  while (stripe.count > 0 && stripe.ring[newest()].expires == Instant{}) --stripe.count;
}

size_t Duplicates::size() const {
  size_t sum = 0;
  for (const Stripe& stripe : *stripes_) {
    const std::lock_guard lock(stripe.mutex);
    sum += stripe.count;
  }
  return sum;
}

}  // namespace nrid
