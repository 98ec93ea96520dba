// A verify worker: one socket, one thread, caches only. It reads a batch, sends it on its journey, counts one outcome for
// each datagram, answers what is refused and hands what is verified to the operation shard of its DET. Any worker takes
// any packet.
#pragma once

#include <memory>
#include <vector>

#include "base/ring.h"
#include "nrid/config.h"
#include "nrid/journey.h"
#include "nrid/report.h"
#include "nrid/server.h"

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
  // One batch from the socket and one of parked datagrams whose key has come; returns how many were read.
  size_t step(Now now);
  void wait();

 private:
  void run(size_t count, Now now);
  void finish(Item& item, Now now);
  void hand_over(Item& item, Now now);
  void park(Item& item, Now now);
  void on_control(const Item& item, Now now);
  void on_duplicate(const Item& item, Now now);
  void on_refused(const Item& item, Now now);
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
  std::vector<Item> items_;
  std::vector<Received> received_;
  std::vector<Parked> unparked_;
  struct Pending {
    size_t shard;
    size_t item;
    ShardInput input;
  };
  std::vector<Pending> reports_;
  Outbox outbox_;
};

}  // namespace nrid
