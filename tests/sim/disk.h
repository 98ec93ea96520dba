// A journal on a simulated disk (nrid/journal.h): an entry is safe once sync() has returned; a crash loses what was not. The disk
// fails now and then, stalls, and a provider may die on it: before the entries are safe, or after, with no answer sent.
#pragma once

#include <functional>

#include "nrid/journal.h"
#include "tests/sim/faults.h"

namespace nrid::sim {

// What the laws see of it.
struct JournalWatch {
  virtual ~JournalWatch() = default;
  virtual void on_append(const JournalEntry& entry) = 0;
  virtual void on_sync(bool safe) = 0;
};

class DiskJournal final : public Journal {
 public:
  DiskJournal(const Faults& faults, Dice& dice, JournalWatch& watch) : faults_(faults), dice_(dice), watch_(watch) {}

  Status append(const JournalEntry& entry) override {
    if (!healed && dice_.chance(faults_.disk_error)) return Status::failed("disk: write error");
    watch_.on_append(entry);
    return {};
  }
  Status sync() override {
    const bool dies = crash_next;
    const bool fails = (dies && dice_.chance(0.5)) || (!healed && dice_.chance(faults_.disk_error));
    watch_.on_sync(!fails);
    if (dies) {
      crash_next = false;
      on_crash();
    }
    return fails ? Status::failed("disk: write error") : Status();
  }

  bool healed = false;
  bool crash_next = false;             // the provider dies in the next sync()
  std::function<void()> on_crash = [] {};

 private:
  const Faults& faults_;
  Dice& dice_;
  JournalWatch& watch_;
};

}  // namespace nrid::sim
