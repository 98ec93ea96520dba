#include "nrid/config.h"

#include <algorithm>

#include "base/check.h"

namespace nrid {
namespace {

bool before(const Hid& a, const Hid& b) { return a.raa != b.raa ? a.raa < b.raa : a.hda < b.hda; }

Config checked(Config config) {
  CHECK(!config.identities.empty() && config.identities.size() <= Config::kIdentitiesMax);
  CHECK(config.hdas.size() <= Config::kHdasMax);
  std::sort(config.hdas.begin(), config.hdas.end(), [](const HdaTerms& a, const HdaTerms& b) { return before(a.hid, b.hid); });
  return config;
}

}  // namespace

const Identity* Config::identity(const Det& sp) const {
  for (const Identity& one : identities) {
    if (one.det == sp) return &one;
  }
  return nullptr;
}

const Identity& Config::speaks_as(const Det& sp) const {
  const Identity* const one = identity(sp);
  return one != nullptr ? *one : identities.front();
}

const HdaTerms* Config::terms_of(const Det& det) const {
  if (hdas.empty()) return nullptr;
  const Hid hid{det.raa(), det.hda()};
  const auto found = std::lower_bound(hdas.begin(), hdas.end(), hid, [](const HdaTerms& a, const Hid& b) { return before(a.hid, b); });
  return found != hdas.end() && found->hid == hid ? &*found : nullptr;
}

const Timers& Config::timers_of(const Det& det) const {
  const HdaTerms* const terms = terms_of(det);
  return terms != nullptr ? terms->timers : timers;
}

const Policy& Config::policy_of(const Det& det) const {
  const HdaTerms* const terms = terms_of(det);
  return terms != nullptr ? terms->policy : policy;
}

Published::Published(Config first) : current_(std::make_shared<const Config>(checked(std::move(first)))) {}

void Published::publish(Config next) {
  auto snapshot = std::make_shared<const Config>(checked(std::move(next)));
  const std::lock_guard lock(mutex_);
  current_ = std::move(snapshot);
  generation_.fetch_add(1, std::memory_order_release);
}

std::shared_ptr<const Config> Published::take() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool Published::Reader::refresh() {
  const uint64_t generation = source_->generation_.load(std::memory_order_acquire);
  if (generation == seen_) return false;
  seen_ = generation;
  config_ = source_->take();  // perhaps a newer one already; then the next batch takes it again
  return true;
}

}  // namespace nrid
