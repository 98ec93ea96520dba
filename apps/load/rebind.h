// Aircraft beside the load that change their address while a step runs, as behind a NAT that forgets or from one network to the next
// (threat T20): how long each is away. Half of them bring the provider's Echo value back with their next report, as our gateway does
// half do not know that option. Their reports are confirmable: nothing else is answered while a provider is short of time.
#pragma once

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "apps/load/messages.h"
#include "apps/load/result.h"
#include "nrid/udp_port.h"

namespace nrid::load {

struct RebinderParts {
  const Maker& maker;
  const Carriage& carriage;
  Address target;
  Address local;                                       // port 0
  size_t first = 0, count = 0;                         // aircraft of the fleet that nobody else speaks for
};

class Rebinders {
 public:
  static constexpr Duration kEvery = seconds(5);       // each moves so often; who is not back by then counts as away all that time

  static StatusOr<std::unique_ptr<Rebinders>> prepare(const RebinderParts& parts);
  ~Rebinders() { stop(); }
  Rebinders(const Rebinders&) = delete;
  Rebinders& operator=(const Rebinders&) = delete;

  void start(Tick begin, Duration length);
  // Those that know the Echo option, and those that do not.
  std::pair<Rebound, Rebound> stop();

 private:
  struct Mover {
    size_t flier = 0;
    bool knows_echo = false;
    std::unique_ptr<UdpPort> port;
    Buffer echo;
    uint16_t id = 0;
    Tick next_report, next_move;
    Tick moved;                                        // the epoch: not yet
    bool back = true;
  };
  explicit Rebinders(const RebinderParts& parts) : parts_(parts), movers_(parts.count) {}
  void run(Tick end);
  void settle(Mover& mover);
  void move(Mover& mover, Tick now, Tick end);
  void report(Mover& mover, Now now);
  void hear(Mover& mover, Tick now);
  Rebound& of(const Mover& mover) { return mover.knows_echo ? with_echo_ : without_; }

  RebinderParts parts_;
  std::vector<Mover> movers_;
  SystemClock clock_;
  Rebound with_echo_, without_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace nrid::load
