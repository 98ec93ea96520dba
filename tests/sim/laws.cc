#include "tests/sim/laws.h"

#include <algorithm>
#include <cstring>

namespace nrid::sim {
namespace {

constexpr size_t kRequestsMax = 20'000;
constexpr Duration kTidyEvery = seconds(20), kTokenKept = seconds(120);  // tokens live 15 s, attackers replay for 40
constexpr Duration kShownSlack = milliseconds(700);

uint32_t name_of_id(uint16_t id) { return id; }
uint32_t name_of_token(const Token& token) {
  uint32_t low = 0;
  std::memcpy(&low, token.octets.data(), 4);
  return low | 0x80000000u;
}

}  // namespace

ProviderLaws::ProviderLaws(Facts facts, Timeline& timeline, Book& book, Verdicts& broken)
    : facts_(std::move(facts)), timeline_(timeline), book_(book), broken_(broken), bytes_(broken) {}

void ProviderLaws::restart() {
  ++runs_;
  bytes_.restart();
  tokens_.clear();
  pending_.clear();
  requests_.clear();
  flights_.clear();
  touched_.clear();
  unshown_.clear();
  tidied_ = {};
  taken_ = left_ = withheld_ = perhaps_copies_ = 0;
  excused_ = withheld_at_ = {};
  journal_broken_ = false;
}

FlightModel& ProviderLaws::flight(const Det& ua) {
  const auto at = flights_.find(ua);
  if (at != flights_.end()) {
    touched_.push_back(&at->second);
    return at->second;
  }
  const FlightModel::Rules rules{facts_.timers, facts_.policy.required, facts_.policy.restart_after_end};
  const auto broken = [this, ua](std::string law, std::string what) { broken_(std::move(law), facts_.name + ", aircraft " + nrid::to_text(ua) + ": " + what); };
  FlightModel& made = flights_.emplace(ua, FlightModel(rules, broken)).first->second;
  touched_.push_back(&made);
  return made;
}

void ProviderLaws::remember(const Address& from, uint32_t name, const Digest16& digest) {
  Request& asked = requests_[{from, name}];
  if (asked.size() == kSameNameMax) asked.erase(asked.begin());
  asked.push_back(digest);
}

void ProviderLaws::took(const Address& from, Transport transport, Bytes octets) {
  ++taken_;
  FrameSpace space;
  const auto opened = book_.open(transport, schc::Direction::up, octets, space);
  bytes_.took(from, octets.size(), opened);
  if (!opened || opened->code != coap::kPost) return;
  if (requests_.size() > kRequestsMax) requests_.clear();
  remember(from, name_of_id(opened->id), opened->digest);
  if (opened->token.size > 0) remember(from, name_of_token(opened->token), opened->digest);
  const Entry* said = opened->has_token ? book_.find(opened->digest) : nullptr;
  if (said == nullptr) return;
  TokenState& token = tokens_[opened->digest];
  if (token.true_copies > 0) ++perhaps_copies_;
  if (trace && token.true_copies > 0) trace("sees a copy about " + nrid::to_text(said->ua) + " iat " + std::to_string(said->iat % 100'000) + " from " + to_text(from));
  if (said->octets == Book::whole(opened->payload)) ++token.true_copies;
  const auto flight_of = flights_.find(said->ua);
  if ((token.appended || token.true_copies > 1) && flight_of != flights_.end()) flight_of->second.copied(from);
  auto& from_list = token.from;
  if (std::find(from_list.begin(), from_list.end(), from) == from_list.end() && from_list.size() < 8) from_list.push_back(from);
}

// What a provider takes must be true, fresh, meant for it, and new.
void ProviderLaws::judge_acceptance(const JournalEntry& entry, const Entry& said, TokenState& token) {
  if (token.appended) broken_("R-045", facts_.name + " took one token twice");
  if (said.sp != facts_.det) broken_("R-051", facts_.name + " took a token that is addressed to " + nrid::to_text(said.sp));
  if (said.kid != entry.gateway || said.ua != entry.ua) broken_("R-056", facts_.name + " took a token for another aircraft or gateway than the one that sent it");
  const auto allowed = std::pair(said.kid, said.ua);
  const auto& pairs = facts_.policy.gateways;
  if (said.kid != said.ua && std::find(pairs.begin(), pairs.end(), allowed) == pairs.end()) {
    broken_("R-056", facts_.name + " took a token of a gateway that may not speak for the aircraft");
  }
  const Duration skew = facts_.timers.skew;
  if (entry.received < at_second(said.iat) - skew || !(entry.received < at_second(said.exp) + skew)) {
    broken_("R-044", facts_.name + " took a token outside its time, iat " + std::to_string(said.iat) + ", clock " + std::to_string(entry.received.seconds()));
  }
}

void ProviderLaws::on_append(const JournalEntry& entry) {
  const Digest16 digest = Book::digest(entry.cwt);
  const Entry* said = book_.find(digest);
  if (said == nullptr || said->octets != Book::whole(entry.cwt) || (said->what != Said::report && said->what != Said::end)) {
    return broken_("T3", facts_.name + " took a token that nobody honest has sent");
  }
  TokenState& token = tokens_[digest];
  judge_acceptance(entry, *said, token);
  token.appended = true;
  token.appended_at = now_.tick;
  ++accepted_;
  pending_.push_back(digest);
  token.expects_sighting = flight(said->ua).accepted(*said, token.from, now_.tick);
  if (token.expects_sighting) unshown_.push_back(digest);
  if (on_taken) on_taken(said->ua, said->iat);
  if (trace) trace("takes " + std::string(said->what == Said::end ? "end" : "report") + " of " + nrid::to_text(said->ua) + " iat " + std::to_string(said->iat % 100'000) + " from " + (token.from.empty() ? "" : to_text(token.from[0])));
}

void ProviderLaws::peer_took(const Det& ua, int64_t iat, Now now) {
  if (const auto at = flights_.find(ua); at != flights_.end()) at->second.elsewhere(iat, now.tick);
}

void ProviderLaws::peer_restarted() {
  for (auto& [ua, each] : flights_) each.nobody_elsewhere();
}

void ProviderLaws::on_sync(bool safe) {
  journal_broken_ = !safe;
  if (!safe) {
    excused_ = now_.tick;
    return;
  }
  for (const Digest16& digest : pending_) {
    tokens_[digest].safe = true;
    safe_ever_.insert(digest);
  }
  pending_.clear();
}

void ProviderLaws::sent(const Address& to, Transport transport, Bytes octets) {
  ++left_;
  FrameSpace space;
  const auto opened = book_.open(transport, schc::Direction::down, octets, space);
  if (!opened) return broken_("wire", facts_.name + " sent what is no CoAP message");
  bytes_.sent(to, octets.size(), *opened);
  const Entry* said = opened->has_token ? book_.write(*opened, timeline_.now()) : nullptr;
  if (opened->has_token && said == nullptr) return broken_("wire", facts_.name + " sent a payload that is no CWT");
  FlightModel* about = nullptr;
  if (said != nullptr) {
    if (said->sp != facts_.det) return broken_("wire", facts_.name + " signed under another DET");
    if (const auto at = flights_.find(said->ua); at != flights_.end()) about = &at->second;
  }
  if (trace && said != nullptr) trace((opened->code >= 0x40 ? "answers " : "tells ") + nrid::to_text(said->ua) + (said->what == Said::heartbeat ? " Heartbeat, " : " end, ") + std::to_string(octets.size()) + " octets to " + to_text(to));
  if (said != nullptr && said->what == Said::heartbeat && !said->asks_link) {
    ++heartbeats_;
    for (const Digest16& digest : pending_) {
      const Entry* waiting = book_.find(digest);
      if (waiting != nullptr && waiting->ua == said->ua) broken_("journal", facts_.name + " sent a Heartbeat while a report of that aircraft was not safe");
    }
    if (about != nullptr) about->word(now_.tick);
  }
  if (opened->code >= 0x40) {
    answered(to, *opened, said);
  } else if (opened->code == coap::kPost && about != nullptr) {
    about->notice(to, now_.tick);
    touched_.push_back(about);
  } else if (opened->code == coap::kPost) {
    broken_("R-029", facts_.name + " sent a Heartbeat about an aircraft that it never heard");
  }
}

// No acknowledgement before the report is safe: 2.04 with or without a Heartbeat, and an end's answer.
void ProviderLaws::answered(const Address& to, const Opened& opened, const Entry* said) {
  const bool by_id = opened.type == coap::Type::ack;
  const auto at = requests_.find({to, by_id ? name_of_id(opened.id) : name_of_token(opened.token)});
  const auto true_token = [&](const Digest16& digest) { return tokens_.contains(digest) || book_.is_betrayal(digest); };
  if (opened.code >> 5 != 2) {             // codes and RST also answer what cannot be read
    const bool stranger = at == requests_.end() || std::none_of(at->second.begin(), at->second.end(), true_token);
    if (stranger && !opened.payload.empty()) broken_("R-029", facts_.name + " told a stranger more than a code");
    return;
  }
  if (at == requests_.end()) return broken_("wire", facts_.name + " answered what nobody asked");
  if (said != nullptr && said->asks_link) return;
  const bool safe = std::any_of(at->second.begin(), at->second.end(), [&](const Digest16& digest) {
    const auto token = tokens_.find(digest);
    return token != tokens_.end() && token->second.safe;
  });
  if (!safe) broken_("journal", facts_.name + " acknowledged a report that was not safe");
}

// drip.md 2.12: told once an operation, and only of an aircraft whose own gateway has signed what the aircraft had not.
void ProviderLaws::heard(const FlightEvent& event) {
  if (event.kind != FlightEventKind::contradicted) return flight(event.ua).event(event, now_.tick);
  if (!book_.is_altered(event.ua)) return broken_("2.12", facts_.name + " doubts an aircraft whose gateway has changed nothing");
  if (!doubted_.emplace(event.ua, event.operation).second) broken_("2.12", facts_.name + " told twice that a flight is contradicted");
}

void ProviderLaws::heard(const Sighting& sighting) {
  const Digest16 digest = Book::digest(*sighting.raw);
  const auto token = tokens_.find(digest);
  const Entry* said = book_.find(digest);
  if (token == tokens_.end() || !token->second.appended || said == nullptr) return broken_("T51", facts_.name + " told a sighting of a report that it never took");
  if (!token->second.expects_sighting && sighting.location) return broken_("R-080", facts_.name + " told a point of one pack, or of one token, twice");
  token->second.expects_sighting = false;
  if (sighting.trust != trust_of(sighting.verdict, Trust::anchor) && !doubted_.contains({sighting.ua, sighting.operation})) broken_("2.12", facts_.name + " doubts a sighting, and told nobody why");
  if (said->ua != sighting.ua) broken_("T51", facts_.name + " told a sighting of another aircraft");
  flight(sighting.ua).sighting(sighting, *said, now_.tick);
}

void ProviderLaws::after_step(Now now, const CounterTotals& counters, const Server& server) {
  const uint64_t outcomes = counters.get(Counter::accepted) + counters.get(Counter::control) + counters.get(Counter::duplicate) +
                            server.parked() + counters.refused_sum();
  if (counters.get(Counter::received) != outcomes || outcomes != taken_) {
    broken_("conservation", facts_.name + ": the network gave " + std::to_string(taken_) + " datagrams, received counts " +
                                std::to_string(counters.get(Counter::received)) + ", outcomes " + std::to_string(outcomes));
  }
  // A first copy that was called a duplicate: somebody else's forgery of it stood in the filter.
  if (counters.get(Counter::duplicate) > perhaps_copies_) broken_("R-045", facts_.name + ": " + std::to_string(counters.get(Counter::duplicate)) + " duplicates, " + std::to_string(perhaps_copies_) + " could be some");
  if (counters.get(Counter::sent) != left_) broken_("conservation", facts_.name + ": sent counts " + std::to_string(counters.get(Counter::sent)) + ", the network saw " + std::to_string(left_));
  if (server.parked() > facts_.limits.parked_max) broken_("limits", facts_.name + ": too many parked");
  if (server.operations() > facts_.limits.aircraft_max) broken_("limits", facts_.name + ": too many operations");
  if (journal_broken_) excused_ = now.tick;
  const uint64_t withheld = counters.get(Counter::replies_withheld);
  for (FlightModel* each : touched_) {
    each->step_over();
    each->round_over(withheld != withheld_);
  }
  if (withheld != withheld_) withheld_at_ = now.tick;
  withheld_ = withheld;
  touched_.clear();
}

void ProviderLaws::tick(Now now, const CounterTotals& counters) {
  for (auto& [ua, each] : flights_) each.overdue(now.tick, excused_, withheld_at_);
  const bool dropped = counters.get(Counter::position_dropped) > 0;
  while (!unshown_.empty()) {
    const auto at = tokens_.find(unshown_.front());
    if (at != tokens_.end() && at->second.expects_sighting && !dropped) break;
    unshown_.pop_front();
  }
  if (!unshown_.empty()) {
    const TokenState& token = tokens_[unshown_.front()];
    if (now.tick > std::max(token.appended_at, excused_) + facts_.timers.reorder_window + kShownSlack) {
      broken_("R-024", facts_.name + " took a report and told no sighting of it");
    }
  }
  if (now.tick < tidied_ + kTidyEvery) return;   // what expired long ago can come back into no law
  tidied_ = now.tick;
  absl::erase_if(tokens_, [&](const auto& each) { return each.second.appended && !each.second.expects_sighting && now.tick - each.second.appended_at > kTokenKept; });
  for (auto& [ua, each] : flights_) each.forget_before(now.tick - kTokenKept);
}

}  // namespace nrid::sim
