#include "apps/server/flight_log.h"

#include "base/log.h"

namespace nrid::provider {
namespace {

LogLevel level_of(FlightEventKind kind) {
  switch (kind) {
    case FlightEventKind::lost:
    case FlightEventKind::abandoned:
    case FlightEventKind::not_owner:
    case FlightEventKind::revoked:
    case FlightEventKind::contradicted:
    case FlightEventKind::unverifiable: return LogLevel::warn;
    default: return LogLevel::info;
  }
}

}  // namespace

void FlightLog::on_event(const FlightEvent& event) {
  if (event.kind == FlightEventKind::static_changed) return;
  log_event(level_of(event.kind), "flight", {{"what", to_word(event.kind)}, {"ua", to_text(event.ua)}, {"operation", event.operation}, {"detail", event.detail}});
}

// Said when the level changes, and again when a new list is no better.
void FlightLog::judge(const Peer& peer, Instant now) {
  const ExpiryLevel level = expiry_level(peer, now);
  auto& told = told_[peer.sp];
  if (told == std::pair(peer.not_after, level)) return;
  told = {peer.not_after, level};
  if (level == ExpiryLevel::none) return;
  const LogLevel loud = level == ExpiryLevel::week ? LogLevel::warn : LogLevel::error;
  log_event(loud, "peer_endorsement_expires", {{"peer", peer.name}, {"sp", to_text(peer.sp)}, {"when", to_word(level)}, {"hours_left", (peer.not_after - now).seconds() / 3600}});
}

void FlightLog::say_not_told() {
  const uint64_t count = count_ ? count_() : 0;
  if (count == said_) return;
  log_event(LogLevel::warn, "unverifiable_not_told", {{"lookups", count - said_}});
  said_ = count;
}

void FlightLog::on_tick(Instant now) {
  say_not_told();
  if (!table_) return;
  const auto table = table_();
  if (table->self) judge(*table->self, now);  // it is what the others send
  for (const Peer& peer : table->peers) judge(peer, now);
}

}  // namespace nrid::provider
