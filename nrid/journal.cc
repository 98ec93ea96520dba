#include "nrid/journal.h"

namespace nrid {

Status MemoryJournal::append(const JournalEntry& entry) {
  const std::lock_guard lock(mutex_);
  kept_.push_back({entry.ua, entry.gateway, entry.operation, entry.received, Buffer(entry.cwt.begin(), entry.cwt.end())});
  octets_ += entry.cwt.size();
  ++appended_;
  while (octets_ > octets_max_ && !kept_.empty()) {
    octets_ -= kept_.front().cwt.size();
    kept_.pop_front();
  }
  return {};
}

std::vector<MemoryJournal::Kept> MemoryJournal::entries() const {
  const std::lock_guard lock(mutex_);
  return {kept_.begin(), kept_.end()};
}

uint64_t MemoryJournal::appended() const {
  const std::lock_guard lock(mutex_);
  return appended_;
}

}  // namespace nrid
