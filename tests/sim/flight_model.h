// The oracle of one flight at one provider: what any correct server must think of it, from the reports that it took and from
// time, written from nrid.md alone and as simply as it can be. It is
// fed with accepted tokens in order, and told every event, sighting and Heartbeat of the server, which it judges.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "nrid/datagram_port.h"
#include "nrid/policy.h"
#include "nrid/sighting.h"
#include "tests/sim/book.h"

namespace nrid::sim {

class FlightModel {
 public:
  struct Rules {
    Timers timers;
    uint32_t required = kRequiredDefault;
    bool restart_after_end = true;
  };
  using Broken = std::function<void(std::string law, std::string what)>;

  FlightModel(const Rules& rules, Broken broken) : rules_(rules), broken_(std::move(broken)) {}

  // A token was taken into the journal. `from`: where its copies came from so far; the first is most likely the one that counted.
  // True when a sighting must come of it.
  bool accepted(const Entry& said, const std::vector<Address>& from, Tick now);
  // A copy of an accepted token came from there: an old address stays for two more Heartbeats (T15).
  void copied(const Address& from);
  void event(const FlightEvent& event, Tick now);
  void sighting(const Sighting& sighting, const Entry& said, Tick now);
  // A timed Heartbeat left to this address; a whole round of them (one moment) then ends with round_over().
  void notice(const Address& to, Tick now);
  // `withheld`: the server says that a ledger of R-029 had no room for one.
  void round_over(bool withheld = false);
  void word(Tick now) { last_word_ = now; }      // any Heartbeat of it left

  // Another provider, with which this one is connected, took a report of this flight.
  void elsewhere(int64_t iat, Tick now);
  void nobody_elsewhere() { elsewhere_.reset(); }

  // Twice a second: is something overdue? `excused`: the process could not do its work until then; `withheld`: a ledger had no room then.
  void overdue(Tick now, Tick excused, Tick withheld);
  void forget_before(Tick time);
  void step_over();                              // every expected event has come

  bool open() const { return state_ == State::starting || state_ == State::active || state_ == State::lost; }

 private:
  enum class State : uint8_t { none, starting, active, lost, closed };
  struct Sample {                                // of an accepted report, for R-024
    Tick arrived;
    int packs = 1;                               // about that moment
  };
  void expect(FlightEventKind kind) { expected_.push_back(kind); }
  bool report(const Entry& said, Tick now);
  void end(const Entry& said, Tick now);
  void move(const std::vector<Address>& from, bool newer);
  Duration silence() const { return rules_.timers.heartbeat * rules_.timers.silent_heartbeats; }
  bool complete() const { return (rules_.required & ~have_) == 0 && located_; }
  bool late_is_right(Instant sampled, Tick now) const;
  bool irregular(Instant sampled) const;
  std::string around(Instant sampled) const;
  void begin(const Entry& said, Tick now);
  void note(const Entry& said, Tick now);
  void note_sample(Instant sampled, Tick now);
  void note_path(const std::vector<Address>& from, bool newer, Tick now);
  void loose_event(const FlightEvent& event, Tick now);
  void judge_owner(Tick now);

  Rules rules_;
  Broken broken_;
  State state_ = State::none;
  int64_t started_iat_ = 0, newest_iat_ = 0, end_iat_ = 0;
  uint32_t have_ = 0;
  bool located_ = false;
  Tick contact_, path_heard_, lost_at_, closed_at_, last_word_;
  std::deque<FlightEventKind> expected_;
  uint64_t operation_ = 0;                       // as the first event named it
  std::map<Instant, Sample> samples_;            // by sample time
  absl::flat_hash_map<Digest16, Tick> packs_;
  std::optional<Instant> live_;                  // newest sample that went out live
  Tick flushed_;                                 // what was held went out at once: the flight was lost or ended
  std::vector<Address> current_, previous_;      // possible return addresses
  std::vector<Address> before_;                  // what they were when this step began
  int farewell_ = 0;
  bool told_current_ = false, told_any_ = false, due_current_ = false;
  // Redirects: what peers tell each other is not seen from here. From the first moment at which another provider may have
  // changed what this one thinks, until the flight starts anew here, only those laws are judged that stand without it.
  bool loose_ = false;
  struct Elsewhere { int64_t iat; Tick since, newest; };
  std::optional<Elsewhere> elsewhere_;           // heard there later than here
  std::optional<Entry> last_;                    // of this step
  int taken_in_step_ = 0;
};

}  // namespace nrid::sim
