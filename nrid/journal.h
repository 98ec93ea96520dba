// The record of accepted reports. What a Heartbeat acknowledges is in the journal before it leaves (design 4). This
// interface is what the operation shards call; the journal in memory keeps the newest reports for tests and for one
// machine, a durable one takes its place without a change here.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/result.h"

namespace nrid {

struct JournalEntry {
  Det ua;
  Det gateway;
  uint64_t operation = 0;
  Instant received;
  Bytes cwt;                       // octet for octet; borrowed until append() returns
};

class Journal {                    // safe from any thread: every shard appends
 public:
  virtual ~Journal() = default;
  // Takes the entry; it is safe once sync() has returned. A failure means: not acknowledged, not applied.
  virtual Status append(const JournalEntry& entry) = 0;
  // Once per batch, before any of its answers leaves. One that succeeds makes safe all that was taken before, also what an
  // earlier one failed for.
  virtual Status sync() = 0;
};

class MemoryJournal final : public Journal {
 public:
  explicit MemoryJournal(size_t octets_max = 16 * 1024 * 1024) : octets_max_(octets_max) {}
  Status append(const JournalEntry& entry) override;
  Status sync() override { return {}; }

  struct Kept {
    Det ua;
    Det gateway;
    uint64_t operation = 0;
    Instant received;
    Buffer cwt;
  };
  std::vector<Kept> entries() const;   // oldest first
  uint64_t appended() const;

 private:
  const size_t octets_max_;
  mutable std::mutex mutex_;
  std::deque<Kept> kept_;
  size_t octets_ = 0;
  uint64_t appended_ = 0;
};

}  // namespace nrid
