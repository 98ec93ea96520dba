#include "nrid/spool.h"

namespace nrid {
namespace {

constexpr Duration kRetry = seconds(1);             // after the network refused one

}  // namespace

void Spool::make_room() {
  if (uncertain_.size() + waiting_.size() < policy_.max) return;
  ++counts_.dropped_full;
  if (!waiting_.empty()) waiting_.pop_front();
  else uncertain_.pop_front();
}

void Spool::sent(const SourcePack& pack, bool left) {
  if (policy_.max == 0) return;
  if (!uncertain_.empty() && uncertain_.back().pack.sampled == pack.sampled) {
    uncertain_.back().left = uncertain_.back().left || left;
    return;
  }
  make_room();
  uncertain_.push_back({pack, left});
}

void Spool::heard(bool after_silence) {
  for (Kept& kept : uncertain_) {
    if (after_silence || !kept.left) waiting_.push_back(std::move(kept.pack));
  }
  uncertain_.clear();
}

const SourcePack* Spool::due(Now now) {
  if (now.tick < next_) return nullptr;
  while (!waiting_.empty()) {
    const SourcePack& oldest = waiting_.front();
    if (now.wall - oldest.sampled > policy_.age_max) {
      ++counts_.dropped_old;
    } else if (!oldest.location && oldest.good_until && *oldest.good_until <= now.wall) {
      ++counts_.dropped_window;
    } else {
      return &oldest;
    }
    waiting_.pop_front();
  }
  return nullptr;
}

void Spool::took(Now now) {
  ++counts_.sent;
  waiting_.pop_front();
  next_ = now.tick + policy_.gap;
}

void Spool::later(Now now) { next_ = now.tick + kRetry; }

void Spool::give_up() {
  ++counts_.dropped_window;
  waiting_.pop_front();
}

}  // namespace nrid
