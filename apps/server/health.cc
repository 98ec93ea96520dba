#include "apps/server/health.h"

#include "base/errors.h"

namespace nrid::provider {

Status WatchedJournal::append(const JournalEntry& entry) {
  Status status = journal_.append(entry);
  append_failed_.store(!status.ok(), std::memory_order_relaxed);
  return status;
}

Status WatchedJournal::sync() {
  Status status = journal_.sync();
  sync_failed_.store(!status.ok(), std::memory_order_relaxed);
  return status;
}

// A key that is not in the cache is no trouble yet: each look asks for it, and it has time to come.
std::string Health::trouble(Now now) {
  if (journal_.failing()) return "the journal does not take reports, so none is acknowledged";
  const std::lock_guard lock(mutex_);
  const auto key = keys_.find(self_, now);
  if (!key.ok() && key.error() == Error::key_unavailable) keys_.request(self_);
  if (key.ok()) {
    unconfirmed_since_.reset();
    return "";  // a stale key serves on: nrid_key_stale_served_total tells, a balancer need not act
  }
  if (!unconfirmed_since_) unconfirmed_since_ = now.tick;
  if (key.error() == Error::key_unavailable && now.tick - *unconfirmed_since_ < kConfirmMax) return "";
  return "DNS does not confirm our own key: " + std::string(info(key.error()).text);
}

void Health::become(const Det& self) {
  const std::lock_guard lock(mutex_);
  if (self == self_) return;
  self_ = self;
  unconfirmed_since_.reset();
}

}  // namespace nrid::provider
