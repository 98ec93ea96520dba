// Redirects, R-083 and R-090..R-092: who may send us where, how often, and what when nobody is there.
#include <algorithm>
#include <cstring>

#include "det/endorsement.h"
#include "nrid/gateway.h"

namespace nrid {
namespace {

constexpr Duration kLoopWindow = seconds(30);
constexpr Duration kNameWait = seconds(3);
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

struct Place {                            // an address, or a name and a port
  Address address;
  std::string host;
};

bool is_host_name(std::string_view text) {
  return !text.empty() && text.size() <= 253 && text.front() != '.' && text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'; });
}

// coap://HOST[:port][/...]. The host is a literal, or a name that the caller judges.
std::optional<Place> place_of_uri(std::string_view uri, uint16_t port) {
  if (uri.substr(0, kScheme.size()) != kScheme) return std::nullopt;
  uri.remove_prefix(kScheme.size());
  std::string authority(uri.substr(0, uri.find_first_of("/?#")));
  const size_t bracket = authority.rfind(']');
  const size_t colon = authority.find(':', bracket == std::string::npos ? 0 : bracket);
  if (colon == std::string::npos) authority += ":" + std::to_string(port);
  if (const auto address = address_from_text(authority)) return Place{*address, {}};
  const size_t at = authority.rfind(':');
  std::string host = authority.substr(0, at);
  std::transform(host.begin(), host.end(), host.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto ported = address_from_text("0.0.0.0" + authority.substr(at));
  if (!ported || !is_host_name(host)) return std::nullopt;
  return Place{Address{{}, ported->port}, host};
}

bool inside(std::string_view host, std::string_view domain) {
  if (domain.empty() || host.size() < domain.size() || host.substr(host.size() - domain.size()) != domain) return false;
  return host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.';
}

std::optional<Place> place_of(const cwt::MoveSp& move, uint16_t port) {
  if (const auto* uri = std::get_if<std::string_view>(&move.address)) return place_of_uri(*uri, port);
  if (const auto* six = std::get_if<std::array<uint8_t, 16>>(&move.address)) return Place{Address{*six, port}, {}};
  return Place{v4_address(std::get<std::array<uint8_t, 4>>(move.address), port), {}};
}

}  // namespace

Result<void> judge_address(const Address& address, const GatewayPolicy& policy, std::string& why) {
  if (address.port == 0 || unusable(address)) {
    why = "address " + to_text(address) + " is no host's";
    return Error::value_range;
  }
  if (is_private(address) && !policy.redirect_private) {
    why = "address " + to_text(address) + " is private, and redirect_private is off";
    return Error::value_range;
  }
  return {};
}

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
  auto place = place_of(move, schc ? policy.schc_port : profile::kPort);
  if (!place) return refused(Error::value_range, "address is neither an IP address nor a coap:// URI of a host");
  if (schc) place->address.port = policy.schc_port;  // R-091: a gateway on SCHC keeps its configured port
  const Provider target{move.new_sp, *key, place->address, current.hda, current.hda_key, place->host};
  if (target.host.empty()) {
    TRY_VOID(judge_address(target.address, policy, why));
    return target;
  }
  if (target.address.port == 0) return refused(Error::value_range, "port 0 is no port");
  if (!inside(target.host, policy.redirect_domain)) return refused(Error::value_range, "host " + target.host + " is not in redirect_domain \"" + policy.redirect_domain + "\"");
  return target;
}

void Gateway::refuse_redirect(const Det& sp, Error error, const std::string& why) {
  refuse(error);
  event("redirect_refused", {{"sp", to_text(sp)}, {"reason", why}});
}

bool Gateway::on_redirect(const cwt::MoveSp& move, Now now) {
  std::string why;
  const auto target = judge_redirect(move, provider_, policy_, carriage_.schc(), now.wall, why);
  if (!target.ok()) {
    refuse_redirect(move.new_sp, target.error(), why);
    return false;
  }
  const bool loop = std::any_of(left_.begin(), left_.end(), [&](const auto& visit) {
    return visit.first == move.new_sp && now.tick - visit.second < kLoopWindow;
  });
  if (loop) {
    event("redirect_loop", {{"sp", to_text(move.new_sp)}});
    return false;
  }
  if (hops_ >= timers_.redirect_hops) {
    event("redirect_refused", {{"sp", to_text(move.new_sp)}, {"reason", "too many redirects in a row"}});
    return false;
  }
  if (target->host.empty()) {
    follow(*target, now);
    return true;
  }
  if (parts_.hosts == nullptr) {
    refuse_redirect(move.new_sp, Error::value_range, "host " + target->host + ": nobody here looks names up");
    return false;
  }
  parts_.hosts->ask(target->host);
  named_ = Named{*target, now.tick + kNameWait};
  return false;  // until the name is an address, we are where we are
}

// The name that a redirect gave has become an address, or has not in time.
void Gateway::step_names(Now now) {
  if (!named_ || parts_.hosts == nullptr) return;
  const auto answer = parts_.hosts->answer(named_->target.host);
  if (!answer && now.tick < named_->until) return;
  Provider target = named_->target;
  named_.reset();
  if (status_.phase != Phase::starting && status_.phase != Phase::flying) return;
  const bool v4 = provider_.address.is_v4();     // the socket that reached one provider reaches the other
  std::string why = "host " + target.host + (answer ? ": no address of our family" : ": no answer in time");
  for (const auto& ip : answer.value_or(std::vector<std::array<uint8_t, 16>>{})) {
    const Address address{ip, target.address.port};
    if (address.is_v4() != v4 || !judge_address(address, policy_, why).ok()) continue;
    target.address = address;
    return follow(target, now);
  }
  refuse_redirect(target.det, Error::value_range, why);
}

void Gateway::follow(const Provider& target, Now now) {
  ++hops_;
  ++status_.redirects;
  event("redirect", {{"from", to_text(provider_.det)}, {"to", to_text(target.det)}, {"address", to_text(target.address)}});
  previous_ = provider_;
  named_.reset();
  switch_to(target, now);
}

void Gateway::switch_to(const Provider& provider, Now now) {
  left_.erase(std::remove_if(left_.begin(), left_.end(), [&](const auto& visit) { return now.tick - visit.second >= kLoopWindow; }), left_.end());
  left_.emplace_back(provider_.det, now.tick);
  provider_ = provider;
  iat_newest_ = 0;
  echo_.clear();
  unavailable_ = false;
  link_due_.reset();
  heard_ = now.tick;  // M counts anew
  if (status_.phase == Phase::starting) {
    begin_tries(tries_, timers_.first_tries, now);  // R-075: the start goes on there
  } else {
    begin_tries(moved_, timers_.lost_tries, now);   // R-083
  }
}

// R-092: a new provider that stays silent for L tries is left once for the old one; silence there too is loss.
void Gateway::step_redirect(Now now) {
  if (!due(moved_, now, timers_.try_interval)) return;
  if (moved_.left >= 0) {
    ++status_.resent;
    return send_last(coap::Type::con, now);
  }
  if (returned_ || !previous_) return lose(now);
  go_back(now);
}

void Gateway::go_back(Now now) {
  event("redirect_failed", {{"sp", to_text(provider_.det)}, {"back_to", to_text(previous_->det)}});
  const Provider old = *previous_;
  previous_.reset();
  switch_to(old, now);
  returned_ = true;
  if (status_.phase == Phase::starting) step_start(now);
}

}  // namespace nrid
