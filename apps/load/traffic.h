// Sockets, one thread that hears, and what is heard: answers are matched with the probe that asked, Heartbeats with the aircraft
// they are for. Aircraft share the sockets, 64 in a row each, so that what is due together leaves in one system call.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "apps/load/histogram.h"
#include "apps/load/messages.h"
#include "apps/load/result.h"
#include "base/random.h"
#include "nrid/udp_port.h"

namespace nrid::load {

inline constexpr size_t kSocketsMax = 1024;
inline constexpr Duration kAnswerMax = seconds(2);     // a probe that waits longer is not answered

enum class Stage : uint8_t { unknown, linked, flying };

struct TrafficParts {
  const Fleet& fleet;
  const Carriage& carriage;
  Address target;
  Address local;                                       // port 0
  size_t sockets = 16;
  size_t judged = kAircraftMax;                        // the first so many are missed when they hear no Heartbeat
  Duration heartbeat = seconds(5);                     // P of the server
  double loss = 0;                                     // share of what comes that counts as not heard
  const Clock& clock;
};

class Traffic {
 public:
  static StatusOr<std::unique_ptr<Traffic>> open(TrafficParts parts);
  ~Traffic();
  Traffic(const Traffic&) = delete;
  Traffic& operator=(const Traffic&) = delete;

  size_t socket_of(size_t flier) const { return flier / 64 % sockets_.size(); }
  UdpPort& port(size_t socket) { return *sockets_[socket]->port; }
  uint16_t next_id(size_t flier) { return sockets_[socket_of(flier)]->next_id++; }  // the sender's thread
  // From now on a 2.04 with this id answers what was to leave at `scheduled`.
  void expect(size_t flier, uint16_t id, Tick scheduled);
  // A probe that never left after all.
  void forget(size_t flier, uint16_t id) { sockets_[socket_of(flier)]->asked[id].at_us = 0; }

  Stage stage(size_t flier) const { return stages_[flier].load(std::memory_order_relaxed); }
  void deaf(bool on) { deaf_ = on; }                   // an outage: what comes is not heard
  // What was heard since the last call. `begin` of the period that starts: answers to older probes no longer count.
  Heard take(Tick begin);
  // When the newest probe that nobody answered was to leave; the epoch when there is none.
  Tick newest_open() const;
  size_t open_probes() const;
  // Before take(): who heard nothing for P + 1 s missed Heartbeats.
  void close_period(Tick now);

 private:
  struct Asked {
    std::atomic<int64_t> at_us{0};                     // 0: nothing open
    std::atomic<uint32_t> flier{0};
  };
  struct Socket {
    std::unique_ptr<UdpPort> port;
    uint16_t next_id = 0;
    std::vector<Asked> asked;
    Socket() : asked(65'536) {}
  };
  explicit Traffic(TrafficParts parts);
  void run();
  void hear(Socket& socket, const Received& received, bool lost, Tick now);
  static int64_t asked(Socket& socket, const Inbound& in, size_t* flier = nullptr);
  void hear_answer(Socket& socket, const Inbound& in, Tick now);
  void hear_word(size_t flier, Bytes cwt, Tick now);
  void hear_notice(Socket& socket, const Received& received, const Inbound& in, Tick now);
  std::optional<size_t> subject(Bytes cwt, cwt::MessageSet& expected) const;

  TrafficParts parts_;
  std::vector<std::unique_ptr<Socket>> sockets_;
  absl::flat_hash_map<Det, uint32_t> by_det_;
  std::vector<std::atomic<Stage>> stages_;
  std::optional<PreparedKey> sp_key_;
  std::mutex mutex_;                                   // what follows; taken once per batch
  Heard heard_;
  Tick begin_;
  std::vector<int64_t> heard_at_us_;                   // last Heartbeat of each
  Tick next_verify_;
  SystemRandom random_;
  std::atomic<bool> deaf_ = false, stop_ = false;
  std::thread thread_;
};

}  // namespace nrid::load
