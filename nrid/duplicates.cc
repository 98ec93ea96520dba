#include "nrid/duplicates.h"

#include <cstring>

namespace nrid {

Duplicates::Duplicates(size_t entries_max, Random& random) : keyed_(random), stripes_(std::make_unique<std::array<Stripe, kStripes>>()) {
  const size_t each = entries_max / kStripes + 1;
  for (Stripe& stripe : *stripes_) {
    stripe.ring = ZeroedVector<Kept>(each);
    stripe.known.reserve(each);
  }
}

Digest16 Duplicates::digest(const Det& kid, std::span<const uint8_t, 64> signature) const {
  std::array<uint8_t, 80> input;
  std::memcpy(input.data(), kid.octets.data(), 16);
  std::memcpy(input.data() + 16, signature.data(), 64);
  return keyed_.of(input);
}

bool Duplicates::seen(const Digest16& digest) const {
  const Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  return stripe.known.contains(digest);
}

// Lifetimes differ by at most a minute, so a short one behind a long one waits no longer than that.
void Duplicates::Stripe::forget_expired(Instant now) {
  while (count > 0 && ring[head].expires <= now) {
    const auto found = known.find(ring[head].digest);
    if (found != known.end() && found->second == head) known.erase(found);  // else forgotten, and perhaps entered again
    head = (head + 1) % ring.size();
    --count;
  }
}

Duplicates::Entered Duplicates::enter(const Digest16& digest, Instant now, Instant expires, const Det& ua) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  stripe.forget_expired(now);
  if (stripe.known.contains(digest)) return Entered::seen;
  if (stripe.count == stripe.ring.size()) return Entered::full;
  const size_t slot = (stripe.head + stripe.count) % stripe.ring.size();
  stripe.known[digest] = static_cast<uint32_t>(slot);
  stripe.ring[slot] = {digest, expires, false, ua};
  ++stripe.count;
  return Entered::fresh;
}

void Duplicates::accept(const Digest16& digest) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  if (const auto found = stripe.known.find(digest); found != stripe.known.end()) stripe.ring[found->second].accepted = true;
}

std::optional<Det> Duplicates::aircraft(const Digest16& digest) const {
  const Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.known.find(digest);
  if (found == stripe.known.end()) return std::nullopt;
  return stripe.ring[found->second].ua;
}

bool Duplicates::accepted(const Digest16& digest) const {
  const Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.known.find(digest);
  return found != stripe.known.end() && stripe.ring[found->second].accepted;
}

// Its place is free at once if nothing came after it, else when it reaches the head.
void Duplicates::forget(const Digest16& digest) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  const auto found = stripe.known.find(digest);
  if (found == stripe.known.end()) return;
  stripe.ring[found->second].expires = {};
  stripe.known.erase(found);
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
