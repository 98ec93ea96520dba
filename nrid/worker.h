// A verify worker: one socket, one thread, caches only. It reads what the socket holds, sends it on its journey, counts one outcome
// for each datagram, answers what is refused and hands what is verified to the operation shard of its DET. Any worker takes any
// packet. While more comes than it can judge, the socket is still emptied, for the kernel drops the known and the forged alike: what
// no cheap check refuses waits in its class (nrid/verify_queue.h).
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <vector>

#include "base/ring.h"
#include "nrid/config.h"
#include "nrid/journey.h"
#include "nrid/prefix_budget.h"
#include "nrid/report.h"
#include "nrid/server.h"
#include "nrid/suspects.h"
#include "nrid/verify_queue.h"

namespace nrid {

struct WorkerParts {
  const Limits& limits;
  const Published& config;
  ServerPort port;
  const schc::RuleSet& rules;
  KeySource& keys;
  const Verifier& verifier;
  std::span<const Gate* const> gates;
  SharedTables& shared;
  CounterBlock& counters;
  Random& random;
  std::vector<Ring<ShardInput>*> shards;
  Ring<Record>& records;
};

// Which shard owns an operation; the same for every worker.
size_t shard_of(const Det& ua, size_t shards);
// Which shard drew this token (nrid/shard.cc draws until the first octet says so).
size_t shard_of_token(Bytes token, size_t shards);

class Worker {
 public:
  explicit Worker(WorkerParts parts);
  // What the socket holds and what is ready with its key, up to the room there is, then one batch of signatures; returns how
  // many datagrams it moved.
  size_t step(Now now);
  // One batch of those that wait, and nothing new: for the end.
  size_t judge(Now now);
  // After a step that moved so many: sleeps until something comes, or for a moment if what comes is worth gathering.
  void wait(size_t moved);
  size_t waiting() const { return waiting_.load(std::memory_order_relaxed); }  // for their signatures to be judged; any thread

 private:
  static constexpr size_t kBatchesBeside = 2;  // beside those that wait: what is read, and what comes back with its key
  struct Place {                         // a datagram from its reading to its outcome
    Item item;
    std::array<uint8_t, profile::kDatagramMax + 1> octets;
    uint32_t number = 0;
    VerifyClass verify_class = VerifyClass::active;
    Tick came;
  };
  const Overload& overload() const { return parts_.limits.overload; }
  void feel_pressure(Now now);
  size_t receive(Now now);
  size_t unpark(Now now);
  bool within_budget(const Address& peer, Now now);
  size_t places_max() const { return overload().waiting_max + kBatchesBeside * parts_.limits.batch_max; }
  void add_place();
  Item& arrive(Bytes octets, const ReplyPath& path, Instant received, Now now);
  void screen(Now now);
  void enqueue(Place& place, bool at_once, Now now);
  bool echoed(const Item& item, Now now) const;
  KnownPaths::Heard heard(const Item& item, Now now) const;
  VerifyClass class_of(const Item& item, bool proven, Now now) const;
  void account(const Place& place, Now now);
  void shed(uint32_t number, Now now);
  void leave(Place& place);

  void finish(Item& item, Now now);
  void hand_over(Item& item, Now now);
  void park(Item& item, Now now);
  void on_control(const Item& item, Now now);
  void on_duplicate(const Item& item, Now now);
  void on_refused(const Item& item, Now now);
  void tell_contradiction(const Item& item);
  void tell_refused(const Item& item, Now now);
  bool may_be_spared(const Report& report, Now now) const;
  void refuse(Item& item, Error error, Now now);
  void answer(const Item& item, const Request& request, const Response& response);
  const Config& config() const { return reader_.config(); }
  Bytes link_request(const Item& item, Now now, std::span<uint8_t> out) const;
  void push_reports(Now now);

  WorkerParts parts_;
  Published::Reader reader_;
  Journey journey_;
  std::deque<Place> places_;             // grows to its limit and stays; where no one is, is in free_
  std::vector<uint32_t> free_;
  VerifyQueue queue_;
  PrefixBudgets budgets_;
  Suspects suspects_;
  bool more_ = false;                    // the last read found no end of what the socket holds
  bool fills_ = false;                   // the socket does, since caught_up_
  bool busy_ = false;                    // more comes than can be judged: budgets bind
  bool pressed_ = false;                 // and so do classes and shares
  Tick caught_up_;                       // when nothing waited last
  std::atomic<size_t> waiting_{0};       // as of the last judge()
  std::vector<Received> received_;
  std::vector<Parked> unparked_;
  std::vector<Place*> arrived_;          // to be screened
  std::vector<Place*> judging_;
  std::vector<Item*> batch_;
  struct Pending {
    size_t shard = 0;
    Item* item = nullptr;
    bool pushed = false, spared = false;
    ShardInput input;
  };
  std::vector<Pending> reports_;         // the first report_count_ are of this batch
  size_t report_count_ = 0;
  std::vector<Pending*> of_shard_;
  Outbox outbox_;
};

}  // namespace nrid
