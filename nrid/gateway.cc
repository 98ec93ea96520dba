// The phases of an operation as seen from the UAS; nrid.md sections 6, 7 and 9.
#include "nrid/gateway.h"

#include <algorithm>

namespace nrid {
namespace {

constexpr Duration kDrainMax = seconds(60);        // so long a flight that is over waits for its spool

}  // namespace

std::string_view to_word(LostAction action) {
  constexpr std::string_view words[] = {"continue", "hover", "return_home", "land_now"};
  return words[static_cast<size_t>(action)];
}

std::string_view to_word(Phase phase) {
  constexpr std::string_view words[] = {"starting", "flying", "ending", "done"};
  return words[static_cast<size_t>(phase)];
}

std::string_view to_word(Outcome outcome) {
  constexpr std::string_view words[] = {"none", "ended", "start_failed", "sp_lost", "end_unacknowledged", "ended_by_sp"};
  return words[static_cast<size_t>(outcome)];
}

Gateway::Gateway(GatewayTimers timers, GatewayPolicy policy, Carriage carriage, Speaker speaker, FlightSource& source, Provider provider, Parts parts)
    : timers_(timers), policy_(std::move(policy)), carriage_(std::move(carriage)), speaker_(speaker), source_(source),
      provider_(std::move(provider)), parts_(std::move(parts)), spool_(policy_.spool) {
  CHECK(speaker_.signer != nullptr);
  message_id_ = parts_.random.u16();
}

Gateway::Gateway(GatewayTimers timers, GatewayPolicy policy, Carriage carriage, Speaker speaker, Flight flight, Provider provider, Parts parts)
    : timers_(timers), policy_(std::move(policy)), carriage_(std::move(carriage)), speaker_(speaker),
      own_source_(std::make_unique<FileSource>(std::move(flight), FilePace{policy_.speed, policy_.loop}, parts.aircraft,
                                               [this] { event("lap", {{"flight", source_.name()}}); })),
      source_(*own_source_), provider_(std::move(provider)), parts_(std::move(parts)), spool_(policy_.spool) {
  CHECK(speaker_.signer != nullptr);
  message_id_ = parts_.random.u16();
}

void Gateway::start(Now now) {
  event("start", {{"sp", to_text(provider_.det)}, {"address", to_text(provider_.address)}, {"aircraft", to_text(source_.ua())},
                  {"flight", source_.name()}, {"transport", carriage_.schc() ? "schc" : "plain"}});
  auto first = source_.start_pack(now);
  if (!first.ok()) return fail_start(std::string(info(first.error()).counter));
  last_pack_ = std::move(first->pack);
  if (policy_.link_first) begin_with_link(now);
  begin_tries(tries_, timers_.first_tries, now);
  step_start(now);
}

Tick Gateway::step(Now now) {
  receive(now);
  step_names(now);
  step_link(now);
  switch (status_.phase) {
    case Phase::starting: step_start(now); break;
    case Phase::flying: step_flight(now); break;
    case Phase::ending: step_end(now); break;
    case Phase::done: break;
  }
  return next_wake();
}

bool Gateway::due(Tries& tries, Now now, Duration interval) {
  if (!tries.active || now.tick < tries.next) return false;
  --tries.left;
  // +-20 %, so that a fleet whose provider came back does not speak in one voice.
  const auto spread = interval.us * 2 / 5;
  tries.next = now.tick + Duration{interval.us - spread / 2 + static_cast<int64_t>(parts_.random.below(static_cast<uint64_t>(spread) + 1))};
  return true;
}

// each try is a new CWT under a new message id; after the last one the answer has one more interval to come.
void Gateway::step_start(Now now) {
  if (!due(tries_, now, timers_.try_interval)) return;
  if (tries_.left >= 0) return send_last(coap::Type::con, now);
  if (previous_ && !returned_) return go_back(now);  // R-092, at the start too
  fail_start(last_code_ != 0 ? "refused" : "no_answer");
}

void Gateway::fail_start(std::string reason) {
  if (last_code_ != 0) reason += " code=" + std::to_string(last_code_ >> 5) + (last_code_ % 32 < 10 ? ".0" : ".") + std::to_string(last_code_ % 32);
  event("start_failed", {{"reason", reason}});
  finish(Outcome::start_failed, reason);
}

void Gateway::step_flight(Now now) {
  fly(now);
  if (status_.phase != Phase::flying) return;
  if (moved_.active) step_redirect(now);
  else step_lost_watch(now);
}

// The live position first; the spool when there is none.
void Gateway::fly(Now now) {
  if (const auto reason = source_.over(now)) {
    if (!over_since_) over_since_ = now.tick;
    if (spool_.waiting() == 0 || now.tick - *over_since_ >= kDrainMax) return end(now, *reason);
  } else if (const auto pack = source_.next(now)) {
    return send_pack(*pack, coap::Type::non, now);
  }
  drain(now);
}

// Only to a provider that has just spoken: what is spooled was lost once already.
void Gateway::drain(Now now) {
  if (status_.sp_lost || lost_.active || moved_.active) return;
  const SourcePack* oldest = spool_.due(now);
  if (oldest == nullptr) return;
  const auto pack = oldest->location ? source_.late_pack(*oldest->location, now) : Result<Buffer>(oldest->pack);
  if (!pack.ok()) return spool_.give_up();
  if (send_spooled(*pack, now)) spool_.took(now);
  else spool_.later(now);
}

// M without a Heartbeat, then L resends, then the policy's action. Positions go on meanwhile.
void Gateway::step_lost_watch(Now now) {
  if (status_.sp_lost) return;
  if (!lost_.active) {
    if (now.tick < heard_ + timers_.heartbeat_timeout) return;
    event("heartbeat_missing", {{"seconds", (now.tick - heard_).seconds()}});
    begin_tries(lost_, timers_.lost_tries, now);
  }
  if (!due(lost_, now, timers_.try_interval)) return;
  if (lost_.left < 0) return lose(now);
  ++status_.resent;
  send_last(coap::Type::non, now);
}

void Gateway::lose(Now now) {
  lost_.active = moved_.active = false;
  status_.sp_lost = true;
  event("sp_lost", {{"sp", to_text(provider_.det)}, {"action", to_word(policy_.on_lost_sp)}});
  if (status_.phase == Phase::starting) return fail_start("sp_lost");
  if (policy_.on_lost_sp == LostAction::continue_) return;
  // The aircraft leaves its plan: the planned operation ends here, and the provider is told so if it can still hear.
  outcome_after_end_ = Outcome::sp_lost;
  end(now, "sp_lost", true);
}

void Gateway::end(Now now, std::string_view reason, bool aborted) {
  if (status_.phase == Phase::ending || done()) return;
  if (status_.phase == Phase::starting) outcome_after_end_ = Outcome::start_failed;
  end_patient_ = status_.phase == Phase::flying && !status_.sp_lost;
  status_.phase = Phase::ending;
  lost_.active = moved_.active = false;
  end_code_ = aborted ? profile::kEooAborted : profile::kEooRequest;
  end_began_ = now.tick;
  event("end", {{"reason", reason}, {"code", end_code_}});
  begin_tries(tries_, timers_.end_tries, now);
  step_end(now);
}

// the tries, then every end_slow until end_limit is over.
void Gateway::step_end(Now now) {
  if (!due(tries_, now, timers_.try_interval)) return;
  if (tries_.left >= 0) return send_end(now);
  if (end_patient_ && now.tick - end_began_ < timers_.end_limit) {
    tries_.next = now.tick + timers_.end_slow;
    return send_end(now);
  }
  const bool lost = outcome_after_end_ != Outcome::ended || status_.sp_lost;
  finish(outcome_after_end_ != Outcome::ended ? outcome_after_end_ : lost ? Outcome::sp_lost : Outcome::end_unacknowledged, "no answer to the end");
}

void Gateway::finish(Outcome outcome, std::string_view reason) {
  status_.phase = Phase::done;
  status_.outcome = outcome;
  status_.reason = reason;
  event("finished", {{"outcome", to_word(outcome)}, {"reason", reason}});
}

Tick Gateway::next_wake() const {
  Tick wake = kNever;
  const auto consider = [&](Tick tick) { wake = std::min(wake, tick); };
  if (status_.phase == Phase::starting || status_.phase == Phase::ending) consider(tries_.next);
  if (named_) consider(named_->until);
  if (link_due_ && !done()) consider(*link_due_);
  if (status_.phase == Phase::flying) {
    if (!over_since_) consider(source_.due());
    else consider(*over_since_ + kDrainMax);
    if (spool_.waiting() != 0 && !lost_.active && !moved_.active && !status_.sp_lost) consider(spool_.next());
    if (moved_.active) consider(moved_.next);
    else if (lost_.active) consider(lost_.next);
    else if (!status_.sp_lost) consider(heard_ + timers_.heartbeat_timeout);
  }
  return wake;
}

GatewayStatus Gateway::status(Now now) const {
  GatewayStatus out = status_;
  out.sp = provider_.det;
  out.flown = source_.progress();
  out.spooled = spool_.waiting();
  out.spool = spool_.counts();
  if (heard_any_) out.heartbeat_age = now.tick - heard_;
  return out;
}

}  // namespace nrid
