#include "nrid/verify_queue.h"

#include <algorithm>

namespace nrid {

VerifyQueue::VerifyQueue(size_t places) : entries_(places) {}

void VerifyQueue::add(uint32_t place, VerifyClass in, bool suspect, Tick came) {
  const size_t of_class = static_cast<size_t>(in);
  if (held(of_class) == 0) spent_[of_class] = std::max(spent_[of_class], virtual_time_);
  const size_t number = of_class * 2 + (suspect ? 1 : 0);
  Lane& lane = lanes_[number];
  entries_[place] = {lane.newest, kNone, number_++, came, static_cast<uint8_t>(number)};
  if (lane.newest != kNone) entries_[lane.newest].newer = place;
  else lane.oldest = place;
  lane.newest = place;
  ++lane.size;
  ++size_;
}

uint32_t VerifyQueue::take(uint32_t place) {
  const Entry& entry = entries_[place];
  Lane& lane = lanes_[entry.lane];
  (entry.older != kNone ? entries_[entry.older].newer : lane.oldest) = entry.newer;
  (entry.newer != kNone ? entries_[entry.newer].older : lane.newest) = entry.older;
  --lane.size;
  --size_;
  return place;
}

uint32_t VerifyQueue::first_to_come() const {
  uint32_t first = kNone;
  for (const Lane& lane : lanes_) {
    if (lane.oldest != kNone && (first == kNone || entries_[lane.oldest].number < entries_[first].number)) first = lane.oldest;
  }
  return first;
}

std::optional<uint32_t> VerifyQueue::next(bool pressed) {
  if (size_ == 0) return std::nullopt;
  if (!pressed) {
    const uint32_t first = first_to_come();
    virtual_time_ = std::max(virtual_time_, spent_[entries_[first].lane / 2]);
    return take(first);
  }
  size_t chosen = spent_.size();
  for (size_t c = 0; c < spent_.size(); ++c) {
    if (held(c) > 0 && (chosen == spent_.size() || spent_[c] < spent_[chosen])) chosen = c;
  }
  virtual_time_ = std::max(virtual_time_, spent_[chosen]);
  const Lane& good = lanes_[chosen * 2];
  return take(good.size > 0 ? good.newest : lanes_[chosen * 2 + 1].newest);
}

void VerifyQueue::spent(VerifyClass by, unsigned signatures) {
  const size_t of_class = static_cast<size_t>(by);
  spent_[of_class] += static_cast<double>(signatures) / kVerifyClasses[of_class].share;
}

std::optional<uint32_t> VerifyQueue::make_room() {
  if (size_ == 0) return std::nullopt;
  const auto over = [&](size_t c) { return static_cast<double>(held(c)) / kVerifyClasses[c].share; };
  size_t chosen = 0;
  for (size_t c = 1; c < spent_.size(); ++c) {
    if (over(c) > over(chosen)) chosen = c;
  }
  const Lane& suspects = lanes_[chosen * 2 + 1];
  return take(suspects.size > 0 ? suspects.oldest : lanes_[chosen * 2].oldest);
}

std::optional<uint32_t> VerifyQueue::older_than(Tick then) {
  const uint32_t first = first_to_come();
  if (first == kNone || entries_[first].came >= then) return std::nullopt;
  return take(first);
}

}  // namespace nrid
