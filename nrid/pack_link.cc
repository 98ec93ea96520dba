#include "nrid/pack_link.h"

#include <algorithm>
#include <numeric>

namespace nrid {

uint64_t PackLink::refused_sum() const { return std::accumulate(refused_.begin(), refused_.end(), uint64_t{0}); }

void PackLink::step(Now now) {
  port_.take_some([&](const Received& received) {
    ++datagrams_;
    const Error error = read(received.octets, now);
    if (error != Error::none) ++refused_[static_cast<size_t>(error)];
  });
}

Error PackLink::read(Bytes octets, Now now) {
  if (octets.size() != rid::kMessageSize) return source_.hear_pack(octets, now);
  rid::MessageOctets message;
  std::copy(octets.begin(), octets.end(), message.begin());
  return source_.hear(message, now);
}

}  // namespace nrid
