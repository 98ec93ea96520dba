#include "nrid/parking.h"

#include <algorithm>

namespace nrid {

bool Parking::park(Parked&& parked, Tick now, Duration wait) {
  const std::lock_guard lock(mutex_);
  if (size_.load(std::memory_order_relaxed) >= total_max_) return false;
  std::vector<Parked>& queue = waiting_[parked.waits_for];
  if (queue.size() >= per_det_max_) return false;
  parked.deadline = now + wait;
  if (!deadlines_.empty()) parked.deadline = std::max(parked.deadline, deadlines_.back().first);  // ascending, also after a reload
  deadlines_.emplace_back(parked.deadline, parked.waits_for);
  queue.push_back(std::move(parked));
  size_.fetch_add(1, std::memory_order_release);
  return true;
}

void Parking::answered(const Det& det, Error error) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(det);
  if (found == waiting_.end()) return;
  for (Parked& parked : found->second) {
    parked.answer = error;
    ready_.push_back(std::move(parked));
  }
  waiting_.erase(found);
}

void Parking::expire(Tick now) {
  while (!deadlines_.empty() && deadlines_.front().first <= now) {
    const Det det = deadlines_.front().second;
    deadlines_.pop_front();
    const auto found = waiting_.find(det);
    if (found == waiting_.end()) continue;
    std::vector<Parked>& queue = found->second;
    const auto first_alive = std::find_if(queue.begin(), queue.end(), [&](const Parked& p) { return p.deadline > now; });
    for (auto it = queue.begin(); it != first_alive; ++it) {
      it->answer = Error::key_unavailable;
      ready_.push_back(std::move(*it));
    }
    queue.erase(queue.begin(), first_alive);
    if (queue.empty()) waiting_.erase(found);
  }
}

void Parking::take(Tick now, size_t batch_max, std::vector<Parked>& out) {
  if (size() == 0) return;
  const std::lock_guard lock(mutex_);
  expire(now);
  while (!ready_.empty() && batch_max-- > 0) {
    out.push_back(std::move(ready_.front()));
    ready_.pop_front();
    size_.fetch_sub(1, std::memory_order_release);
  }
}

Tick Parking::next_due() const {
  if (size() == 0) return {INT64_MAX};
  const std::lock_guard lock(mutex_);
  if (!ready_.empty()) return {};
  return deadlines_.empty() ? Tick{INT64_MAX} : deadlines_.front().first;
}

}  // namespace nrid
