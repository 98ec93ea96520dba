#include "nrid/unverifiable.h"

#include <algorithm>

namespace nrid {
namespace {

constexpr Duration kQuiet = seconds(30);  // as long as a refusal is remembered

bool anybody_can_cause(Error error) { return error == Error::unknown_key || error == Error::key_unavailable; }

}  // namespace

bool Unverifiable::told_lately(const KeySource::Answer& answer, Tick now) {
  while (!told_.empty() && told_.front().until <= now) told_.pop_front();
  return std::any_of(told_.begin(), told_.end(), [&](const Told& told) { return told.det == answer.det && told.error == answer.error; });
}

void Unverifiable::heard(const KeySource::Answer& answer) {
  if (answer.key != nullptr || answer.error == Error::none || answer.error == Error::det_revoked) return;
  const Now now = clock_.now();
  if (told_lately(answer, now.tick)) return;
  if (!(anybody_can_cause(answer.error) ? invented_ : registered_).take(now.tick)) return counters_.add(Counter::unverifiable_not_told);
  told_.push_back({answer.det, answer.error, now.tick + kQuiet});
  FlightEvent event;
  event.kind = FlightEventKind::unverifiable;
  event.ua = answer.det;
  event.at = now.wall;
  event.detail = std::string(info(answer.error).counter) + ": " + (answer.reason.empty() ? std::string(info(answer.error).text) : answer.reason);
  if (!records_.push(Record{std::move(event)})) counters_.add(Counter::event_dropped);
}

}  // namespace nrid
