// Redirects, R-083 and R-090..R-092: who may send us where, how often, and what when nobody is there.
#include <algorithm>
#include <cstring>

#include "det/endorsement.h"
#include "nrid/gateway.h"

namespace nrid {
namespace {

constexpr Duration kLoopWindow = seconds(30);
constexpr std::string_view kScheme = "coap://";

// Never: multicast, unspecified, broadcast.
bool unusable(const Address& address) {
  const auto& ip = address.ip;
  if (address.is_v4()) return ip[12] == 0 || ip[12] >= 224;
  return ip[0] == 0xff || ip == std::array<uint8_t, 16>{};
}

// Only when the policy allows it: loopback, link-local, private ranges.
bool is_private(const Address& address) {
  const auto& ip = address.ip;
  if (address.is_v4()) {
    return ip[12] == 127 || ip[12] == 10 || (ip[12] == 172 && ip[13] >> 4 == 1) || (ip[12] == 192 && ip[13] == 168) ||
           (ip[12] == 169 && ip[13] == 254);
  }
  std::array<uint8_t, 16> loopback{};
  loopback[15] = 1;
  return ip == loopback || (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && ip[1] >> 6 == 2);
}

// coap://LITERAL[:port][/...]; names would need a policy domain and a resolver in flight, so they are refused.
std::optional<Address> address_of_uri(std::string_view uri, uint16_t port) {
  if (uri.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  std::string authority(uri.substr(0, uri.find('/')));
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon == std::string::npos) authority += ":" + std::to_string(port);
  return address_from_text(authority);
}

std::optional<Address> address_of(const cwt::MoveSp& move, uint16_t port) {
  if (const auto* uri = std::get_if<std::string_view>(&move.address)) return address_of_uri(*uri, port);
  if (const auto* six = std::get_if<std::array<uint8_t, 16>>(&move.address)) return Address{*six, port};
  return v4_address(std::get<std::array<uint8_t, 4>>(move.address), port);
}

}  // namespace

Result<Provider> judge_redirect(const cwt::MoveSp& move, const Provider& current, const GatewayPolicy& policy, bool schc, Instant now,
                                std::string& why) {
  const auto refused = [&](Error error, std::string reason) {
    why = std::move(reason);
    return Result<Provider>(error);
  };
  const auto endorsement = det::decode_endorsement(move.endorsement);
  if (!endorsement.ok()) return refused(endorsement.error(), "endorsement: " + std::string(info(endorsement.error()).text));
  if (endorsement->child != move.new_sp) return refused(Error::bad_endorsement, "endorsement is of another DET than the new provider's");
  if (endorsement->parent != current.hda) return refused(Error::bad_endorsement, "endorsement is not by " + to_text(current.hda));
  const auto verdict = det::verify_endorsement(*endorsement, current.hda_key.octets(), now, seconds(5));
  if (!verdict.ok()) return refused(verdict.error(), "endorsement: " + std::string(info(verdict.error()).text));
  const auto key = PreparedKey::from(endorsement->child_key);
  if (!key.ok()) return refused(key.error(), "endorsement holds an unusable key");
  auto address = address_of(move, schc ? policy.schc_port : profile::kPort);
  if (!address) return refused(Error::value_range, "address is neither an IP address nor a coap:// URI with one");
  if (schc) address->port = policy.schc_port;  // a gateway on SCHC keeps its configured port
  if (address->port == 0 || unusable(*address)) return refused(Error::value_range, "address " + to_text(*address) + " is no host's");
  if (is_private(*address) && !policy.redirect_private) {
    return refused(Error::value_range, "address " + to_text(*address) + " is private, and redirect_private is off");
  }
  return Provider{move.new_sp, *key, *address, current.hda, current.hda_key};
}

void Gateway::on_redirect(const cwt::MoveSp& move, Now now) {
  std::string why;
  const auto target = judge_redirect(move, provider_, policy_, carriage_.schc(), now.wall, why);
  if (!target.ok()) {
    refuse(target.error());
    return event("redirect_refused", {{"sp", to_text(move.new_sp)}, {"reason", why}});
  }
  const bool loop = std::any_of(left_.begin(), left_.end(), [&](const auto& visit) {
    return visit.first == move.new_sp && now.tick - visit.second < kLoopWindow;
  });
  if (loop) return event("redirect_loop", {{"sp", to_text(move.new_sp)}});
  if (++hops_ > timers_.redirect_hops) return event("redirect_refused", {{"sp", to_text(move.new_sp)}, {"reason", "too many redirects in a row"}});
  ++status_.redirects;
  event("redirect", {{"from", to_text(provider_.det)}, {"to", to_text(target->det)}, {"address", to_text(target->address)}});
  previous_ = provider_;
  switch_to(*target, now);
}

void Gateway::switch_to(const Provider& provider, Now now) {
  left_.erase(std::remove_if(left_.begin(), left_.end(), [&](const auto& visit) { return now.tick - visit.second >= kLoopWindow; }), left_.end());
  left_.emplace_back(provider_.det, now.tick);
  provider_ = provider;
  iat_newest_ = 0;
  heard_ = now.tick;  // M counts anew
  if (status_.phase == Phase::starting) {
    begin_tries(tries_, timers_.first_tries, now);  // the start goes on there
  } else {
    begin_tries(moved_, timers_.lost_tries, now);
  }
}

// a new provider that stays silent for L tries is left once for the old one; silence there too is loss.
void Gateway::step_redirect(Now now) {
  if (!due(moved_, now, timers_.try_interval)) return;
  if (moved_.left >= 0) {
    ++status_.resent;
    return send_last(coap::Type::con, now);
  }
  if (returned_ || !previous_) return lose(now);
  event("redirect_failed", {{"sp", to_text(provider_.det)}, {"back_to", to_text(previous_->det)}});
  const Provider old = *previous_;
  previous_.reset();
  switch_to(old, now);
  returned_ = true;
}

}  // namespace nrid
