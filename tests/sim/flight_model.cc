#include "tests/sim/flight_model.h"

#include <algorithm>

namespace nrid::sim {
namespace {

constexpr Duration kSlack = milliseconds(700);          // laws of time are looked at twice a second
constexpr Duration kStale = seconds(60);
constexpr Duration kTimersLate = milliseconds(500);     // all the timers of a silence together
constexpr Duration kNeighbour = milliseconds(900);      // samples nearer than this are no 1 Hz track

bool one_of(const std::vector<Address>& set, const Address& address) { return std::find(set.begin(), set.end(), address) != set.end(); }

Duration apart(Instant a, Instant b) { return a < b ? b - a : a - b; }

std::string seconds_text(Duration d) { return std::to_string(d.ms() / 1000) + "." + std::to_string(d.ms() % 1000 / 100) + " s"; }

}  // namespace

void FlightModel::begin(const Entry& said, Tick now) {
  state_ = State::starting;
  started_iat_ = newest_iat_ = said.iat;
  have_ = 0;
  located_ = false;
  contact_ = last_word_ = path_heard_ = now;
  samples_.clear();
  packs_.clear();
  live_.reset();
  flushed_ = {};
  current_.clear();
  previous_.clear();
  farewell_ = 0;
  expect(FlightEventKind::started);
}

void FlightModel::elsewhere(int64_t iat, Tick now) {
  if (iat < newest_iat_ || !(open() || loose_)) return;
  loose_ = true;
  if (!elsewhere_) elsewhere_ = Elsewhere{iat, now, now};
  elsewhere_->iat = std::max(elsewhere_->iat, iat);
  elsewhere_->newest = now;
}

// R-093, T38: who hears that another hears the aircraft later is not its owner any more. Peers say so at once and every P.
void FlightModel::judge_owner(Tick now) {
  if (!elsewhere_ || elsewhere_->iat <= newest_iat_) return;
  const Duration period = rules_.timers.heartbeat;
  if (elsewhere_->since + period * 2 + kSlack < now && elsewhere_->newest + period > now) {
    broken_("R-093", "acts as the owner of a flight that another provider has heard for " + seconds_text(now - elsewhere_->since));
  }
}

void FlightModel::note_sample(Instant sampled, Tick now) {
  if (const auto [at, fresh] = samples_.emplace(sampled, Sample{now, 1}); !fresh) ++at->second.packs;
}

// Heartbeats go to an address as long as it speaks: a report from another one that is not newer proves life and nothing else.
// Which of several copies counted, and so which address spoke, is not known from outside; a newer one made it the address in any case.
void FlightModel::note_path(const std::vector<Address>& from, bool newer, Tick now) {
  if (!newer && (from.size() != 1 || current_ != from)) return;
  if (now - path_heard_ > silence()) last_word_ = now;   // meanwhile there was nobody to be told
  path_heard_ = now;
}

// What is true of a report at any provider in any state.
void FlightModel::note(const Entry& said, Tick now) {
  if (said.iat >= newest_iat_) {
    newest_iat_ = said.iat;
    contact_ = now;
  }
  if (said.has_location && apart(said.sampled, at_second(said.iat)) <= kStale) note_sample(said.sampled, now);
}

bool FlightModel::accepted(const Entry& said, const std::vector<Address>& from, Tick now) {
  last_ = said;
  if (taken_in_step_++ == 0) {
    before_ = current_;
    if (farewell_ > 0) before_.insert(before_.end(), previous_.begin(), previous_.end());
  }
  if (elsewhere_ && said.iat > elsewhere_->iat) elsewhere_.reset();
  const bool newer = said.iat > newest_iat_ || current_.empty();
  if (loose_) {
    move(from, newer);
    note_path(from, newer, now);
    note(said, now);
    return said.what == Said::report && said.types != 0 && packs_.emplace(said.pack, now).second;
  }
  if (said.what == Said::end) {
    if (state_ == State::none) {
      state_ = State::closed;
      newest_iat_ = end_iat_ = said.iat;
      expect(FlightEventKind::eoo_unknown);
    }
    move(from, newer);
    end(said, now);
    return false;
  }
  if (state_ == State::closed && said.iat <= end_iat_) broken_("R-103", "a report of iat " + std::to_string(said.iat) + " was taken after an end of iat " + std::to_string(end_iat_));
  if (!open() && said.types == 0) return false;          // a Link before anything else: nothing begins
  const bool moves = newer || !open();
  if (!open()) begin(said, now);
  move(from, moves);
  note_path(from, moves, now);
  return report(said, now);
}

bool FlightModel::report(const Entry& said, Tick now) {
  if (said.iat >= newest_iat_) {                         // an older one proves no life
    newest_iat_ = said.iat;
    contact_ = now;
    if (state_ == State::lost) {
      state_ = complete() ? State::active : State::starting;
      last_word_ = now;
      expect(FlightEventKind::recovered);
    }
  }
  const bool known = !packs_.emplace(said.pack, now).second;
  if (said.types == 0 || known) return false;            // contact only
  have_ |= said.types & ~(1u << 1);
  if (said.has_location && apart(said.sampled, at_second(said.iat)) <= kStale) {
    have_ |= 1u << 1;
    located_ = true;
    note_sample(said.sampled, now);
  }
  if (state_ == State::starting && complete()) {
    state_ = State::active;
    expect(FlightEventKind::active);
  }
  return true;
}

void FlightModel::end(const Entry& said, Tick now) {
  newest_iat_ = std::max(newest_iat_, said.iat);
  if (open() && said.iat >= started_iat_) {
    state_ = State::closed;
    closed_at_ = flushed_ = now;
    end_iat_ = newest_iat_;
    expect(FlightEventKind::ended);
  }
  if (state_ == State::closed) end_iat_ = std::max(end_iat_, said.iat);
}

// Which of several copies counted is not known from outside: then all their addresses are possible.
void FlightModel::move(const std::vector<Address>& from, bool newer) {
  if (!newer) return;
  if (told_any_) round_over();                           // a round of the same step that left before this
  const bool certain = from.size() == 1;
  if (certain && current_ == from) return;
  for (const Address& old : current_) {
    if (!(certain && old == from[0]) && !one_of(previous_, old)) previous_.push_back(old);
  }
  if (certain && current_.size() == 1) previous_ = current_;
  if (certain) current_ = from;
  for (const Address& each : from) {
    if (!one_of(current_, each)) current_.push_back(each);
  }
  farewell_ = 2;
}

void FlightModel::copied(const Address& from) {
  if (told_any_) round_over();
  if (one_of(previous_, from)) farewell_ = 2;
}

void FlightModel::notice(const Address& to, Tick now) {
  judge_owner(now);
  told_any_ = true;
  due_current_ = now - path_heard_ <= silence();         // after R*P of silence nothing goes there
  if (one_of(current_, to) || one_of(before_, to)) {  // an answer to a command was made before the reports of its step
    told_current_ = true;
  } else if (farewell_ <= 0 || !one_of(previous_, to)) {
    broken_("R-022", "a Heartbeat went to " + to_text(to) + ", the newest report came from " + (current_.empty() ? "nowhere" : to_text(current_[0])));
  }
}

void FlightModel::round_over(bool withheld) {
  if (told_any_ && due_current_ && !told_current_ && !withheld) broken_("R-022", "a Heartbeat went to an old address and not to " + (current_.empty() ? "any" : to_text(current_[0])));
  if (told_any_) --farewell_;
  told_any_ = told_current_ = false;
}

void FlightModel::loose_event(const FlightEvent& event, Tick now) {
  if (event.kind == FlightEventKind::lost) judge_owner(now);
  if (event.kind == FlightEventKind::lost || event.kind == FlightEventKind::moved) flushed_ = now;
  if (event.kind != FlightEventKind::started || taken_in_step_ != 1) return;
  loose_ = false;                                        // all that it knows now is what it took itself
  const auto addresses = current_;
  begin(*last_, now);
  expected_.clear();
  operation_ = event.operation;
  move(addresses, true);
  report(*last_, now);
}

void FlightModel::event(const FlightEvent& event, Tick now) {
  if (event.kind == FlightEventKind::moved || event.kind == FlightEventKind::redirected) {
    loose_ = true;
    expected_.clear();
  }
  if (loose_) return loose_event(event, now);
  const auto& t = rules_.timers;
  const Duration silent = now - contact_;
  switch (event.kind) {
    case FlightEventKind::static_changed:
    case FlightEventKind::not_owner:
    case FlightEventKind::revoked:
    case FlightEventKind::unverifiable:
    case FlightEventKind::moved: return;
    case FlightEventKind::lost:
      if (state_ != State::starting && state_ != State::active) return broken_("R-084", "lost was told of a flight that is not open, or twice");
      if (!located_) return broken_("R-084", "lost was told of a flight that never had a position");
      if (now + kTimersLate < contact_ + t.heartbeat * t.silent_heartbeats) broken_("R-084", "lost was told after " + seconds_text(silent) + " of silence");
      state_ = State::lost;
      lost_at_ = flushed_ = now;
      return;
    case FlightEventKind::abandoned: {
      const Duration since = located_ ? now - lost_at_ : silent;
      if (located_ && state_ != State::lost) return broken_("R-104", "abandoned was told of a flight that is not lost");
      if (since < t.abandon) broken_("R-104", "abandoned was told after " + seconds_text(since));
      state_ = State::closed;
      closed_at_ = flushed_ = now;
      end_iat_ = std::max(end_iat_, newest_iat_);
      return;
    }
    default: break;
  }
  if (expected_.empty() || expected_.front() != event.kind) {
    const std::string wanted = expected_.empty() ? "none" : std::string(to_word(expected_.front()));
    return broken_("events", "the server told " + std::string(to_word(event.kind)) + ", the oracle expects " + wanted);
  }
  expected_.pop_front();
  if (event.kind == FlightEventKind::started) operation_ = event.operation;
  if (event.kind != FlightEventKind::eoo_unknown && event.operation != operation_) broken_("events", "one flight, two operation numbers");
}

void FlightModel::forget_before(Tick time) {
  absl::erase_if(packs_, [&](const auto& each) { return each.second < time; });
  std::erase_if(samples_, [&](const auto& each) { return each.second.arrived < time; });
}

void FlightModel::step_over() {
  taken_in_step_ = 0;
  before_.clear();
  if (loose_) expected_.clear();
  if (!expected_.empty()) broken_("events", "the oracle expects " + std::string(to_word(expected_.front())) + ", the server told nothing");
}

bool FlightModel::irregular(Instant sampled) const {
  const auto at = samples_.find(sampled);
  if (at == samples_.end()) return true;
  const auto after = std::next(at);
  if (after != samples_.end() && after->first - sampled < kNeighbour) return true;
  return at != samples_.begin() && sampled - std::prev(at)->first < kNeighbour;
}

// only what came later than the window may be late, or what came when the track had been closed already.
bool FlightModel::late_is_right(Instant sampled, Tick now) const {
  const auto same = samples_.find(sampled);
  if (same == samples_.end() || same->second.arrived < now || same->second.packs > 1) return true;  // another pack about that moment came before
  for (auto at = samples_.upper_bound(sampled); at != samples_.end(); ++at) {
    if (at->second.arrived + rules_.timers.reorder_window <= now + milliseconds(1)) return true;
    if (at->second.arrived <= flushed_) return true;
  }
  return irregular(sampled);
}

std::string FlightModel::around(Instant sampled) const {
  std::string out;
  auto at = samples_.lower_bound(sampled);
  for (int i = 0; i < 3 && at != samples_.begin(); ++i) --at;
  for (int i = 0; i < 7 && at != samples_.end(); ++i, ++at) {
    out += " " + std::to_string(at->first.us / 100'000 % 36'000) + (at->first == sampled ? "* came " : " came ") + seconds_text(at->second.arrived - Tick{});
  }
  return out + ", track closed " + seconds_text(flushed_ - Tick{});
}

void FlightModel::sighting(const Sighting& sighting, const Entry& said, Tick now) {
  if (!sighting.location) return;
  if (sighting.location->latitude_e7 != said.latitude_e7 || sighting.sampled != said.sampled) {
    return broken_("T51", "a position differs from what the aircraft signed");
  }
  if (sighting.late) {
    const bool stale = apart(said.sampled, at_second(said.iat)) > kStale;
    if (!loose_ && !stale && !late_is_right(sighting.sampled, now)) broken_("R-024", "a sample that came within the window is flagged late; sample times:" + around(sighting.sampled));
    return;
  }
  if (!loose_ && live_ && sighting.sampled <= *live_) broken_("R-024", "the live track goes back in time");
  live_ = sighting.sampled;
}

void FlightModel::overdue(Tick now, Tick excused, Tick withheld) {
  if (loose_ || (state_ != State::starting && state_ != State::active)) return;
  const auto& t = rules_.timers;
  const Tick contact = std::max(contact_, excused);
  if (located_ && now > contact + t.heartbeat * (t.silent_heartbeats + 1) + kSlack) {
    broken_("R-084", "silent for " + seconds_text(now - contact_) + ", and lost was not told");
  }
  const bool reachable = now - contact_ <= silence() && now - path_heard_ <= silence();
  if (reachable && now > std::max({last_word_, excused, withheld}) + t.heartbeat + kSlack) {
    broken_("R-062", "no Heartbeat for " + seconds_text(now - last_word_));
  }
}

}  // namespace nrid::sim
