// An operation shard: owns the state and the timers of the aircraft whose DETs fall to it. It takes verified reports, writes the
// journal, answers, sends the timed Heartbeats, and tells the modules. One thread; workers reach it through its ring.
#pragma once

#include <memory>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/zeroed.h"
#include "nrid/client.h"
#include "nrid/config.h"
#include "nrid/host.h"
#include "nrid/journal.h"
#include "nrid/operation.h"
#include "nrid/server.h"
#include "nrid/shared_tables.h"
#include "nrid/timer_wheel.h"

namespace nrid {

struct ShardParts {
  size_t index = 0;
  size_t count = 1;
  const ServerSetup& setup;              // what no reload changes
  const Published& config;
  const schc::RuleSet& rules;
  Random& random;
  Journal& journal;
  SharedTables& shared;
  CounterBlock& counters;
  Ring<Record>& records;
  Peers& peers;
};

// What nrid/redirect.h judges by, of this server. Borrows all.
NodeView node_view(const PeerTable& table, const ServerSetup& setup, SharedTables& shared, const Peers& peers, Now now);
uint64_t capacity_of(const PeerTable& table, const Limits& limits);  // operations that we carry at most

// By how much the first Heartbeat of a row of periods comes early. Aircraft that begin together, as all do after an outage, must not stay
// together: it is up to a tenth of the period, by their names.
Duration heartbeat_lead(const Det& ua, Duration period);

class Shard {
 public:
  explicit Shard(ShardParts parts);
  // Takes what workers handed over, fires timers, syncs the journal, sends. Returns how many inputs it took and timers fired, so 0
  // when there is nothing more to do now.
  size_t step(Now now);
  // Sleeps until an input comes, a timer is due, or a tenth of a second is over.
  void wait(Now now);
  // The next timer; INT64_MAX without one, the epoch when something waits to be handed on.
  Tick next_due() const { return !unsent_.empty() || journal_broken_ || fired_at_ < fired_.size() ? Tick{} : timers_.next_due(); }
  void wake() { inputs_.wake(); }
  // The last call of its thread: waits for room in the record ring, a while; what then is left is counted as dropped.
  void drain(const Clock& clock);
  Ring<ShardInput>& inputs() { return inputs_; }

 private:
  using Table = absl::flat_hash_map<Det, std::unique_ptr<Operation>>;
  struct TimerOf {
    Det ua;
    uint64_t operation = 0;
    bool operator<(const TimerOf& o) const { return ua != o.ua ? ua < o.ua : operation < o.operation; }
  };
  using Wheel = TimerWheel<TimerOf>;
  struct TokenSlot {                     // tokens of CON Heartbeats that wait for their 2.04
    std::array<uint8_t, 8> token{};
    Det ua;
  };
  struct PendingAck {                    // stored for repeats of its CON once it has left
    Address peer;
    uint16_t id = 0;
    Buffer octets;
  };

  // nrid/shard.cc: what comes in
  void take(ShardInput& input, Now now);
  void take_report(const Report& report, Now now);
  void take_pack(const Report& report, Now now);
  void take_end(const Report& report, Now now);
  void take_command(const EndCommand& command, Now now);
  void take_proof(const PathProof& proof);
  void take_contradiction(const Contradiction& contradiction);
  TokenSlot& token_slot(std::span<const uint8_t, 8> token);
  uint64_t next_id(Now now);
  Operation* open_operation(const Report& report, Now now);
  void contact(Operation& op, const Report& report, Now now);
  void content(Operation& op, const Report& report, Now now);
  void supplement(Operation& op, const Report& report);  // nrid/shard_evidence.cc: Manifests
  bool journal(const Report& report, uint64_t operation);
  void accept(const Report& report);
  void refuse(const Report& report, Error error);
  void close(Operation& op, FlightEventKind kind, std::string detail, Now now);
  void tell(const Operation& op, FlightEventKind kind, Instant at, std::string detail);
  void tell(FlightEvent event);
  void tell(std::vector<Sighting>& sightings);
  void release_all(Operation& op);       // nothing more of it is waited for: what its track holds leaves
  void hand_on();
  void count_dropped(const Record& record);
  size_t aircraft_max() const { return (parts_.setup.limits.aircraft_max + parts_.count - 1) / parts_.count; }
  const Config& config() const { return reader_.config(); }
  const Timers& timers(const Operation& op) const { return config().timers_of(op.ua); }
  const Policy& policy(const Operation& op) const { return config().policy_of(op.ua); }
  void apply_config(Now now);            // a new one: what waits by the old timers waits by the new

  // nrid/shard_redirect.cc: other providers, R-090..R-094 and R-111
  void take_command(const RedirectCommand& command, Now now);
  void take_arrival(const ExpectedArrival& arrival, Now now);
  void take_news(const PeerNews& news, Now now);
  void adopt(Operation& op, Now now);
  void settle_in(Operation& op);
  void note_position(Operation& op);
  void tell_peers(const Operation& op, PeerNews::Kind kind);
  Det known_as(const Operation& op) const;
  Reservation reservation(const Operation& op) const;
  bool decide_redirect(Operation& op, Now now);
  std::optional<cwt::MoveSp> redirect_of(Operation& op, Now now);
  void redirect_left(Operation& op, Now now);
  void drop_redirect(Operation& op, Counter why, Now now);
  bool redirect_over(Operation& op, Now now);
  void move_away(Operation& op, const Det& to, std::string_view how, Now now);
  void come_back(Operation& op, const Report& report, Now now);
  void lend(Operation& op, const PeerNews& news, Now now);
  void forget(Operation& op);

  // nrid/shard_heartbeat.cc: what goes out, and when
  bool fits(const Report& report, Operation* op, const Response& response);
  void answer(const Report& report, Operation* op, Response response);
  void answer_heartbeat(const Report& report, Operation* op, cwt::MessageSet expected, Now now);
  void answer_end(const Report& report, Operation* op, Now now);
  bool send_notice(Operation& op, ReturnPath& path, Bytes cwt);
  bool send_to_newest(Operation& op, Bytes cwt, Now now);
  void send_to_previous(Operation& op, Bytes cwt, Now now);
  void timed_heartbeat(Operation& op, Now now);
  void on_timer(Operation& op, Now now);
  void lose(Operation& op, Now now);
  Tick first_heartbeat(const Operation& op, Now now) const;
  void schedule(Operation& op);
  size_t fire_timers(Now now);
  void flush();
  Speaker speaker(const Det& sp, const Det& ua, cwt::KidForm form) const;

  ShardParts parts_;
  Published::Reader reader_;
  Tick tick_;                            // of the step under way
  Ring<ShardInput> inputs_;
  std::vector<ShardInput> batch_;
  ZeroedVector<TokenSlot> tokens_;
  Table operations_;
  struct Expected {                      // an operation that another provider or node carries, should it come here
    Det from;
    uint64_t operation = 0;
    Tick until;
  };
  void expect(const Det& ua, Expected expected, Now now);
  absl::flat_hash_map<Det, Expected> expected_;  // at most aircraft_max()
  std::shared_ptr<const PeerTable> table_;       // of this step
  Wheel timers_;
  std::vector<Wheel::Timer> fired_;      // due, from fired_at_ on: no more of them in one step than kTimersPerStep
  size_t fired_at_ = 0;
  std::vector<Sighting> out_;
  std::vector<Record> unsent_;           // of this step, behind events that found the record ring full of events: at most kUnsentPerAircraft
  std::vector<PendingAck> acks_;
  std::vector<Digest16> accepted_;       // copies of these are acknowledged once the journal is safe; at most kUnsafeMax
  Outbox outbox_;
  bool journal_broken_ = false;          // nothing is acknowledged until sync() succeeds again
  bool journal_dirty_ = false;
  uint64_t next_operation_ = 0;
  const uint64_t id_salt_;
  std::array<uint8_t, kReplySpace> cwt_space_{};
};

}  // namespace nrid
