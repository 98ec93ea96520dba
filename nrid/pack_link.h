// Broadcast Remote ID as octets over UDP: each datagram is one Message Pack or one 25-octet message, as a receiver or an
// aircraft's Remote ID module hands them on. Nothing is answered.
#pragma once

#include <array>

#include "nrid/datagram_port.h"
#include "nrid/live_source.h"

namespace nrid {

class PackLink {
 public:
  PackLink(DatagramPort& port, LiveSource& source) : port_(port), source_(source) {}  // both borrowed

  void step(Now now);

  uint64_t datagrams() const { return datagrams_; }
  uint64_t refused(Error error) const { return refused_[static_cast<size_t>(error)]; }
  uint64_t refused_sum() const;

 private:
  Error read(Bytes octets, Now now);

  DatagramPort& port_;
  LiveSource& source_;
  uint64_t datagrams_ = 0;
  std::array<uint64_t, static_cast<size_t>(Error::count_)> refused_{};
};

}  // namespace nrid
