// The laws that a provider must hold at every step, judged from outside: from what the network carried to and from it, what
// its disk took, and what its modules were told. Nothing here reads the server's own state except the counters whose sum is
// the law itself, and the sizes of its tables.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "nrid/server.h"
#include "tests/sim/book.h"
#include "tests/sim/disk.h"
#include "tests/sim/flight_model.h"

namespace nrid::sim {

// Says which law was broken, and how. The first one stops the run.
using Verdicts = std::function<void(std::string law, std::string what)>;

// 3 x bytes in per unproven address, 1.1 x for one exchange (R-029, T31). Counts what the network saw, both ways.
class ByteLaw {
 public:
  explicit ByteLaw(Verdicts& broken) : broken_(broken) {}
  void restart();
  void took(const Address& from, size_t octets, const std::optional<Opened>& opened);
  // `plain_pack`: the request was a pack without a Wrapper, for which one answer may be about twice as long.
  void sent(const Address& to, size_t octets, const Opened& opened);
  bool proven(const Address& address) const;

 private:
  struct Account {
    uint64_t in = 0, out = 0;
    bool proven = false;
    Buffer echo;                         // the newest value that went there
    std::array<std::pair<uint32_t, size_t>, 16> requests{};  // newest: message id or token, and size
    size_t next = 0;
  };
  Verdicts& broken_;
  absl::flat_hash_map<Address, Account> accounts_;
  absl::flat_hash_map<std::string, Address> notices_;      // tokens of CON Heartbeats, and to whom
};

class ProviderLaws final : public JournalWatch {
 public:
  struct Facts {                       // of this provider; borrowed or copied once
    Det det;
    Timers timers;
    Policy policy;
    Limits limits;
    std::string name;
  };

  ProviderLaws(Facts facts, Timeline& timeline, Book& book, Verdicts& broken);

  // A new process: what was not safe is gone, and it remembers nothing.
  void restart();
  // Network
  void took(const Address& from, Transport transport, Bytes octets);
  void sent(const Address& to, Transport transport, Bytes octets);
  // JournalWatch
  void on_append(const JournalEntry& entry) override;
  void on_sync(bool safe) override;
  // Modules
  void heard(const FlightEvent& event);
  void heard(const Sighting& sighting);
  // After each step of the server, and twice a second.
  void after_step(Now now, const CounterTotals& counters, const Server& server);
  void tick(Now now, const CounterTotals& counters);
  // Timers cannot be kept while the process is held up by its disk.
  void excuse(Now now) { excused_ = now.tick; }
  void stuck() { broken_("progress", facts_.name + " finds no rest"); }

  // Another provider, to whom this one is connected, took a report of that aircraft; or started anew.
  void peer_took(const Det& ua, int64_t iat, Now now);
  void peer_restarted();
  std::function<void(const Det& ua, int64_t iat)> on_taken;
  std::function<void(const std::string&)> trace;  // for people; empty: nothing is traced

  // Reports that were safe at any time, over all restarts.
  bool safe(const Digest16& token) const { return safe_ever_.contains(token); }
  uint64_t accepted() const { return accepted_; }
  uint64_t heartbeats() const { return heartbeats_; }
  uint64_t runs() const { return runs_; }

 private:
  struct TokenState {
    bool appended = false, safe = false, shown = false;
    bool expects_sighting = false;
    int true_copies = 0;               // octet for octet, in this run
    Tick appended_at;
    Tick shown_by;
    std::vector<Address> from;         // where copies came from, in order
  };
  // Forgers use message ids and tokens of others: an answer is right if it is right for one of those that asked so.
  using Request = std::vector<Digest16>;
  static constexpr size_t kSameNameMax = 8;
  void remember(const Address& from, uint32_t name, const Digest16& digest);
  void answered(const Address& to, const Opened& opened, const Entry* said);
  void notice(const Address& to, const Opened& opened, const Entry& said, FlightModel* flight);
  FlightModel& flight(const Det& ua);
  void judge_acceptance(const JournalEntry& entry, const Entry& said, TokenState& token);

  Facts facts_;
  Timeline& timeline_;
  Book& book_;
  Verdicts& broken_;
  ByteLaw bytes_;

  absl::flat_hash_map<Digest16, TokenState> tokens_;
  std::vector<Digest16> pending_;      // appended, not yet safe
  absl::flat_hash_map<std::pair<Address, uint32_t>, Request> requests_;
  std::map<Det, FlightModel> flights_;
  std::vector<FlightModel*> touched_;  // in this step
  std::deque<Digest16> unshown_;       // in order of arrival: a sighting must come of them
  Tick tidied_;
  absl::flat_hash_set<Digest16> safe_ever_;
  std::set<std::pair<Det, uint64_t>> doubted_;  // operations of which a contradiction was told
  uint64_t taken_ = 0;
  uint64_t perhaps_copies_ = 0;        // datagrams that may be copies of a token already verified
  uint64_t left_ = 0, withheld_ = 0;
  Tick excused_, withheld_at_;
  Now now_{};
  bool journal_broken_ = false;
  uint64_t accepted_ = 0, heartbeats_ = 0, runs_ = 0;

  friend class Provider;
};

}  // namespace nrid::sim
