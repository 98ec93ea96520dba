// Somebody on the path who hears part of what is said, and speaks: replays, from his own address or a stolen one, to the same
// provider or another; copies that overtake the original; datagrams held back and played later; forgeries, junk, and an
// insider with a good key who speaks for aircraft that are not his.
#pragma once

#include <deque>

#include "tests/sim/scene.h"

namespace nrid::sim {

class Attacker {
 public:
  explicit Attacker(Scene& scene);
  // What the network carries; true when it is swallowed.
  bool overhear(const Address& from, const Address& to, Bytes octets);
  uint64_t attacks() const { return attacks_; }

 private:
  struct Caught {
    Address from, to;
    Buffer octets;
  };
  static constexpr size_t kCaughtMax = 256;

  void replay(const Caught& caught);
  void forge();
  void betray();
  Address mine();
  Address other_provider(const Address& than);
  void play(Duration wait, const Address& from, const Address& to, Buffer octets);

  Scene& scene_;
  Dice dice_;
  Port port_;                          // where answers to him arrive
  std::deque<Caught> caught_;
  std::unique_ptr<SeedSigner> insider_;
  Det insider_det_;
  uint64_t attacks_ = 0;
};

}  // namespace nrid::sim
