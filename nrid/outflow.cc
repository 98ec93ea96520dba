#include "nrid/outflow.h"

#include <algorithm>

namespace nrid {

Outflow::Level Outflow::level(uint64_t carried, uint64_t capacity, const RedirectSettings& settings, Tick now) {
  const std::lock_guard lock(mutex_);
  const double stays = static_cast<double>(carried - std::min(carried, leaving_));
  const bool crowded = stays > settings.load_high * static_cast<double>(capacity);
  if (!crowded) crowded_since_.reset();
  else if (!crowded_since_) crowded_since_ = now;
  if (crowded && now - *crowded_since_ >= settings.hysteresis) shedding_ = true;
  if (stays <= settings.load_low * static_cast<double>(capacity)) shedding_ = false;
  return {crowded, shedding_};
}

bool Outflow::take(uint64_t flights, Tick now) {
  const std::lock_guard lock(mutex_);
  const double share = kRedirectShare * static_cast<double>(flights);
  if (now < bucket_.filled) now = bucket_.filled;  // shards may be a little out of step
  return bucket_.take(now, std::max(share, kRedirectShare), std::max(share, 1.0));
}

void Outflow::leaving(const Det& sp) {
  const std::lock_guard lock(mutex_);
  ++counts_[sp].leaving;
  ++leaving_;
}

void Outflow::left(const Det& sp) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[sp];
  CHECK(count.leaving > 0);
  --count.leaving;
  --leaving_;
  ++count.left;
}

void Outflow::stays(const Det& sp) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[sp];
  CHECK(count.leaving > 0);
  --count.leaving;
  --leaving_;
}

void Outflow::forget(const Det& sp) {
  const std::lock_guard lock(mutex_);
  Count& count = counts_[sp];
  CHECK(count.left > 0);
  --count.left;
}

uint64_t Outflow::sent_to(const Det& sp) const {
  const std::lock_guard lock(mutex_);
  const auto found = counts_.find(sp);
  return found == counts_.end() ? 0 : found->second.leaving + found->second.left;
}

// An entry that was renewed or has arrived is found stale here and skipped.
void Reservations::expire(Tick now) const {
  while (!order_.empty() && order_.front().first <= now) {
    const auto found = until_.find(order_.front().second);
    if (found != until_.end() && found->second == order_.front().first) until_.erase(found);
    order_.pop_front();
  }
}

bool Reservations::reserve(const Det& ua, uint64_t carried, uint64_t capacity, Duration life, Tick now) {
  const std::lock_guard lock(mutex_);
  expire(now);
  if (order_.size() >= 2 * places_max_) return false;
  const auto found = until_.find(ua);
  if (found == until_.end() && (carried + until_.size() >= capacity || until_.size() >= places_max_)) return false;
  until_[ua] = now + life;
  order_.emplace_back(now + life, ua);
  return true;
}

void Reservations::arrived(const Det& ua) {
  const std::lock_guard lock(mutex_);
  until_.erase(ua);
}

uint64_t Reservations::count(Tick now) const {
  const std::lock_guard lock(mutex_);
  expire(now);
  return until_.size();
}

}  // namespace nrid
