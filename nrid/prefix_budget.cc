#include "nrid/prefix_budget.h"

#include <algorithm>
#include <cstring>

namespace nrid {

PrefixBudgets::PrefixBudgets(size_t entries_max, double per_s, double burst, Random& random)
    : per_s_(per_s), burst_(burst), keyed_(random), sets_(entries_max / kWays + 1) {}

double PrefixBudgets::owed(const Entry& entry, const Level& level, Tick now) const {
  const double passed = static_cast<double>(std::max<int64_t>(0, now.us - entry.at.us)) * 1e-6;
  return std::max(0.0, entry.owed - passed * per_s_ * level.factor);
}

PrefixBudgets::Entry& PrefixBudgets::entry_of(const Address& peer, const Level& level, Tick now) {
  std::array<uint8_t, 17> prefix{};
  const size_t octets = peer.is_v4() ? level.octets_v4 : level.octets_v6;
  std::memcpy(prefix.data(), peer.ip.data(), octets);
  prefix[16] = static_cast<uint8_t>(octets);
  const Digest16 digest = keyed_.of(prefix);
  uint64_t tag, hash;
  std::memcpy(&tag, digest.data(), 8);
  std::memcpy(&hash, digest.data() + 8, 8);
  tag |= 1;                             // never that of a free entry

  Set& set = sets_[hash % sets_.size()];
  Entry* least = &set[0];
  for (Entry& each : set) {
    if (each.tag == tag) return each;
    if (least->tag != 0 && (each.tag == 0 || owed(each, level, now) < owed(*least, level, now))) least = &each;
  }
  *least = {tag, 0, now};
  return *least;
}

// What an address is refused its network does not pay for: neighbours owe nothing.
bool PrefixBudgets::charge(const Address& peer, Tick now) {
  for (const Level& level : kLevels) {
    Entry& entry = entry_of(peer, level, now);
    entry.owed = owed(entry, level, now);
    entry.at = now;
    if (entry.owed + 1 > burst_ * level.factor) return false;
    entry.owed += 1;
  }
  return true;
}

void PrefixBudgets::refund(const Address& peer, Tick now) {
  for (const Level& level : kLevels) {
    Entry& entry = entry_of(peer, level, now);
    entry.owed = std::max(0.0, owed(entry, level, now) - 1);
    entry.at = now;
  }
}

}  // namespace nrid
