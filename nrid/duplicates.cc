#include "nrid/duplicates.h"

#include <cstring>

namespace nrid {

Duplicates::Duplicates(size_t entries_max, Random& random) : keyed_(random), stripes_(std::make_unique<std::array<Stripe, kStripes>>()) {
  const size_t each = entries_max / kStripes + 1;
  for (Stripe& stripe : *stripes_) {
    stripe.ring.resize(each);
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
    known.erase(ring[head].digest);
    head = (head + 1) % ring.size();
    --count;
  }
}

Duplicates::Entered Duplicates::enter(const Digest16& digest, Instant now, Instant expires) {
  Stripe& stripe = stripe_of(digest);
  const std::lock_guard lock(stripe.mutex);
  stripe.forget_expired(now);
  if (stripe.known.contains(digest)) return Entered::seen;
  if (stripe.count == stripe.ring.size()) return Entered::full;
  stripe.known.insert(digest);
  stripe.ring[(stripe.head + stripe.count) % stripe.ring.size()] = {digest, expires};
  ++stripe.count;
  return Entered::fresh;
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
