// R-009 as seen from the UAS: a provider whose DNS is in trouble answers 5.03 to a signer that it does not know, and takes the key
// from a Link instead. Nobody signs that answer, and a provider with too much to do gives it too: so it is worth one packet more, at once,
// and no second one before a Heartbeat was accepted. What the Link of the aircraft is asked for in a Heartbeat is on_flags()'s affair.
#include <algorithm>
#include <utility>

#include "nrid/gateway.h"

namespace nrid {
namespace {

constexpr Duration kLinkWait = milliseconds(500);  // drawn from: a fleet whose provider lost its DNS does not speak in one voice
constexpr Duration kAnswerTime = seconds(1);

}  // namespace

// The provider looks for the key of the kid; that of a relayed aircraft it asks for in a Heartbeat.
const std::optional<LinkEndorsement>& Gateway::own_endorsement() const {
  return speaker_.kid == source_.ua() ? parts_.aircraft.identity().endorsement : parts_.endorsement;
}

std::optional<Buffer> Gateway::own_link(Now now) {
  const auto& endorsement = own_endorsement();
  if (!endorsement) return std::nullopt;
  auto pack = parts_.aircraft.link_pack(*endorsement, now.wall);
  if (pack.ok()) return std::move(*pack);
  refuse(pack.error());
  return std::nullopt;
}

void Gateway::begin_with_link(Now now) {
  auto link = own_link(now);
  if (!link) return;
  event("link", {{"of", to_text(speaker_.kid)}, {"reason", "DNS is in trouble here"}});
  last_pack_ = std::move(*link);
  unavailable_ = true;                   // a 5.03 is no news
  aircraft_link_ = speaker_.kid != source_.ua() && parts_.aircraft.form() == PackForm::aircraft && parts_.aircraft.identity().endorsement;
}

// The provider knows us now and would ask DNS for the aircraft next, before it asked for the Link.
bool Gateway::link_of_aircraft(Now now) {
  if (!std::exchange(aircraft_link_, false) || status_.phase != Phase::starting) return false;
  auto link = parts_.aircraft.link_pack(*parts_.aircraft.identity().endorsement, now.wall);
  if (!link.ok()) return false;
  event("link", {{"of", to_text(source_.ua())}, {"reason", "DNS is in trouble here"}});
  last_pack_ = std::move(*link);
  begin_tries(tries_, timers_.first_tries, now);
  return true;
}

void Gateway::on_unavailable(Now now) {
  if (unavailable_ || !own_endorsement()) return;
  if (status_.phase != Phase::starting && status_.phase != Phase::flying) return;  // a Link behind an end would begin anew
  unavailable_ = true;
  link_due_ = now.tick + Duration{static_cast<int64_t>(parts_.random.below(static_cast<uint64_t>(kLinkWait.us)))};
}

// R-080 leaves a relayed pack as it is, so the Link is a pack of its own under our CWT, whatever the origin.
void Gateway::step_link(Now now) {
  if (!link_due_ || now.tick < *link_due_) return;
  link_due_.reset();
  if (status_.phase != Phase::starting && status_.phase != Phase::flying) return;
  const auto link = own_link(now);
  if (!link) return;
  event("link", {{"of", to_text(speaker_.kid)}, {"reason", "5.03"}});
  send_report(*link, fresh_iat(now), coap::Type::con, now);
  if (status_.phase != Phase::starting) return;
  last_pack_ = *link;  // should it be lost: the tries that are left say the same, and not while its answer is on the way
  tries_.next = std::max(tries_.next, now.tick + kAnswerTime);
}

}  // namespace nrid
