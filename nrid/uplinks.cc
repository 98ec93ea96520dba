#include "nrid/uplinks.h"

#include "base/check.h"

namespace nrid {

std::string_view to_word(UplinkMode mode) { return mode == UplinkMode::failover ? "failover" : "duplicate"; }

Uplinks::Uplinks(std::vector<Uplink> links, UplinkMode mode, const Clock& clock) : mode_(mode), clock_(clock) {
  CHECK(!links.empty() && links.size() <= kMax);
  for (Uplink& link : links) {
    UplinkStatus counts;
    counts.name = link.name;
    links_.push_back({std::move(link), counts, clock_.now().tick, false, false});
  }
}

// One port a call: what it gave stays valid until its own next receive(), and the caller asks again while there is more.
size_t Uplinks::receive(std::span<Received> out) {
  for (size_t tried = 0; tried < links_.size(); ++tried) {
    const size_t index = next_read_;
    next_read_ = (next_read_ + 1) % links_.size();
    const size_t count = links_[index].uplink.port->receive(out);
    if (count == 0) continue;
    links_[index].counts.received += count;
    links_[index].heard = true;
    return count;
  }
  return 0;
}

size_t Uplinks::send(std::span<const Outgoing> datagrams) {
  const Tick now = clock_.now().tick;
  if (mode_ == UplinkMode::failover && links_[active_].spoken && now - links_[active_].good >= kSilent) turn_to_next(now);
  size_t left = 0;
  for (const Outgoing& one : datagrams) {
    bool gone = false;
    for (size_t tried = 0; tried < links_.size(); ++tried) {
      const size_t index = mode_ == UplinkMode::failover ? active_ : tried;
      Link& link = links_[index];
      link.spoken = true;
      const bool sent = link.uplink.port->send({&one, 1}) == 1;
      ++(sent ? link.counts.sent : link.counts.failed);
      gone = gone || sent;
      if (mode_ == UplinkMode::duplicate) continue;
      if (sent) break;
      turn_to_next(now);                    // at once: this very datagram goes by the next one
    }
    left += gone ? 1 : 0;
  }
  return left;
}

void Uplinks::turn_to_next(Tick now) {
  if (links_.size() == 1) return;
  active_ = (active_ + 1) % links_.size();
  links_[active_].good = now;
  links_[active_].spoken = false;
  ++failovers_;
}

void Uplinks::confirm() {
  for (Link& link : links_) {
    if (link.heard) link.good = clock_.now().tick;
    link.heard = false;
  }
}

std::vector<UplinkStatus> Uplinks::status() const {
  std::vector<UplinkStatus> out;
  for (size_t i = 0; i < links_.size(); ++i) {
    out.push_back(links_[i].counts);
    out.back().active = mode_ == UplinkMode::duplicate || i == active_;
  }
  return out;
}

}  // namespace nrid
