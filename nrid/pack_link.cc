#include "nrid/pack_link.h"

#include <algorithm>
#include <numeric>

namespace nrid {
namespace {

constexpr size_t kBatch = 16;
constexpr int kRounds = 8;  // a flood must not keep the flight from being flown

}  // namespace

uint64_t PackLink::refused_sum() const { return std::accumulate(refused_.begin(), refused_.end(), uint64_t{0}); }

void PackLink::step(Now now) {
  std::array<Received, kBatch> batch{};
  for (int round = 0; round < kRounds; ++round) {
    const size_t count = port_.receive(batch);
    for (size_t i = 0; i < count; ++i) {
      ++datagrams_;
      const Error error = read(batch[i].octets, now);
      if (error != Error::none) ++refused_[static_cast<size_t>(error)];
    }
    if (count < batch.size()) return;
  }
}

Error PackLink::read(Bytes octets, Now now) {
  if (octets.size() != rid::kMessageSize) return source_.hear_pack(octets, now);
  rid::MessageOctets message;
  std::copy(octets.begin(), octets.end(), message.begin());
  return source_.hear(message, now);
}

}  // namespace nrid
