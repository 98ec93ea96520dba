// What attackers send beside the genuine load, on a thread and sockets of their own: each datagram from another address of
// 127/8 when the target is loopback, from another port otherwise.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "apps/load/plan.h"

namespace nrid::load {

class Attack {
 public:
  static constexpr size_t kRing = 16'384;              // different datagrams of a kind, again and again
  static constexpr Duration kFresh = seconds(30);      // then they are made anew: their tokens live 60 s

  struct Sent {
    uint64_t unknown = 0, active = 0, junk = 0;
  };
  // Makes its datagrams (their times count from `begin`) and opens its sockets.
  static StatusOr<std::unique_ptr<Attack>> prepare(const PlanParts& parts, const Mix& mix, const Address& target, Duration length, Instant begin);
  ~Attack() { stop(); }
  Attack(const Attack&) = delete;
  Attack& operator=(const Attack&) = delete;

  void start(Tick begin);
  Sent stop();

 private:
  struct Kind {
    double per_s = 0;
    uint64_t Sent::* sent = nullptr;
    std::vector<std::unique_ptr<Ring>> rings;          // one for each kFresh
    double due = 0;
    size_t next = 0;
  };
  Attack() = default;
  void run(Tick begin);
  void send(Kind& kind, size_t count, size_t epoch);

  Address target_;
  Duration length_;
  std::vector<Kind> kinds_;
  std::vector<std::unique_ptr<UdpPort>> ports_;
  size_t turn_ = 0;
  SystemClock clock_;
  SystemRandom random_;
  Sent sent_;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace nrid::load
