// What /healthz knows of the provider: whether the journal takes what it is given, and whether DNS confirms our own key,
// without which no gateway believes us. "" is healthy, otherwise one sentence for the operator.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>

#include "base/key_source.h"
#include "nrid/journal.h"

namespace nrid::provider {

// Passes everything on and remembers how the last calls ended. Any thread.
class WatchedJournal final : public Journal {
 public:
  explicit WatchedJournal(Journal& journal) : journal_(journal) {}  // outlives us
  Status append(const JournalEntry& entry) override;
  Status sync() override;
  bool failing() const { return append_failed_ || sync_failed_; }

 private:
  Journal& journal_;
  std::atomic<bool> append_failed_ = false, sync_failed_ = false;
};

class Health {
 public:
  // References outlive the object.
  Health(const WatchedJournal& journal, KeySource& keys, const Det& self) : journal_(journal), keys_(keys), self_(self) {}
  std::string trouble(Now now);  // any thread
  void become(const Det& self);  // another key is ours; any thread

 private:
  static constexpr Duration kConfirmMax = seconds(6);  // a walk through DNS takes at most 5 s

  const WatchedJournal& journal_;
  KeySource& keys_;
  std::mutex mutex_;
  Det self_;
  std::optional<Tick> unconfirmed_since_;
};

}  // namespace nrid::provider
