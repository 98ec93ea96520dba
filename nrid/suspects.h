// Who named a DET from an address and failed with it a moment ago: comes after the others of its class, and is never shut out, for
// anybody can fail in another's name. Fixed memory: a slot belongs to who failed in it last.
#pragma once

#include <cmath>
#include <cstring>

#include "base/clock.h"
#include "base/det.h"
#include "base/zeroed.h"
#include "nrid/datagram_port.h"
#include "nrid/keyed_digest.h"

namespace nrid {

class Suspects {                        // one thread
 public:
  static constexpr double kFailures = 3;           // within about a second or two
  static constexpr Duration kForgotten = seconds(2);  // half of it

  Suspects(size_t slots, Random& random) : keyed_(random), slots_(slots) {}
  // `proven`: it carried our Echo value, so the failure is its own. One without proof, in whoever's name, costs its holder nothing.
  void failed(const Det& kid, const Address& peer, bool proven, Tick now) {
    const uint64_t tag = tag_of(kid, peer, proven);
    Slot& slot = slots_[tag % slots_.size()];
    if (slot.tag != tag) slot = {tag, 0, now};
    slot.failures = left(slot, now) + 1;
    slot.at = now;
  }
  bool suspect(const Det& kid, const Address& peer, bool proven, Tick now) const {
    const uint64_t tag = tag_of(kid, peer, proven);
    const Slot& slot = slots_[tag % slots_.size()];
    return slot.tag == tag && left(slot, now) >= kFailures;
  }

 private:
  struct Slot {
    uint64_t tag = 0;
    double failures = 0;
    Tick at;
  };
  static double left(const Slot& slot, Tick now) { return slot.failures * std::exp2(-static_cast<double>(now.us - slot.at.us) / static_cast<double>(kForgotten.us)); }
  uint64_t tag_of(const Det& kid, const Address& peer, bool proven) const {
    std::array<uint8_t, 35> input;
    std::memcpy(input.data(), kid.octets.data(), 16);
    std::memcpy(input.data() + 16, peer.ip.data(), 16);
    std::memcpy(input.data() + 32, &peer.port, 2);
    input[34] = proven ? 1 : 0;
    const Digest16 digest = keyed_.of(input);
    uint64_t tag;
    std::memcpy(&tag, digest.data(), 8);
    return tag;
  }
  KeyedDigest keyed_;
  ZeroedVector<Slot> slots_;
};

}  // namespace nrid
