#include "apps/gateway/settings.h"

#include <algorithm>

#include "base/file.h"
#include "nrid/server_settings.h"

namespace nrid::gateway {
namespace {

constexpr SettingInfo kRows[] = {
    {"gateway", "det", SettingKind::text, "", 0, 0, "", "DET of this gateway, colon form or 32 hex digits"},
    {"gateway", "key_file", SettingKind::text, "", 0, 0, "", "file with the gateway's Ed25519 seed, 64 hex digits"},
    {"gateway", "origin", SettingKind::text, "", 0, 0, "\"\"", "aircraft, relay, c2, c2_plain or device (docs/gateway.md); empty: aircraft when both DETs are one, else relay"},
    {"gateway", "data_dir", SettingKind::text, "", 0, 0, "\"\"", "folder for what DNS said, relative to this file, so that a start can do without it for 24 h; \"\" remembers nothing"},
    {"gateway", "bind", SettingKind::text, "", 0, 0, "\"\"", "local address to send from; empty lets the system choose"},
    {"gateway", "uplinks", SettingKind::text_list, "", 0, 0, "[]", "ways to the provider in place of bind: local addresses or names of interfaces, up to 8"},
    {"gateway", "uplink_mode", SettingKind::text, "", 0, 0, "\"failover\"", "failover: one at a time; duplicate: every message by all of them"},
    {"aircraft", "det", SettingKind::text, "", 0, 0, "\"\"", "DET of the aircraft; empty: the gateway is the aircraft"},
    {"aircraft", "key_file", SettingKind::text, "", 0, 0, "\"\"", "file with the aircraft's seed; empty: the gateway's key, or only the aircraft has it"},
    {"aircraft", "serial", SettingKind::text, "", 0, 0, "\"\"", "CTA-2063-A serial number, up to 20 characters; empty: the flight file's"},
    {"aircraft", "operator_id", SettingKind::text, "", 0, 0, "\"\"", "operator id, up to 20 characters; empty: the flight file's"},
    {"aircraft", "self_id", SettingKind::text, "", 0, 0, "\"\"", "purpose of the flight, up to 23 characters; empty: the flight file's"},
    {"aircraft", "ua_type", SettingKind::integer, "", 0, 15, "2", "ASTM F3411 aircraft type; 2 is helicopter or multirotor"},
    {"sp", "det", SettingKind::text, "", 0, 0, "", "DET of the service provider, or the 16 hex digits of its hash when it shares our RAA and HDA"},
    {"sp", "transport", SettingKind::text, "", 0, 0, "\"schc\"", "schc or plain"},
    {"sp", "port", SettingKind::integer, "", 1, 65535, "5683", "UDP port of plain CoAP"},
    {"sp", "schc_port", SettingKind::integer, "", 1, 65535, "5787", "UDP port of SCHC-compressed CoAP"},
    {"sp", "rules", SettingKind::text, "", 0, 0, "\"\"", "SCHC rule file, relative to this file; \"\" is the one that comes with the program"},
    {"dns", "servers", SettingKind::text_list, "", 0, 0, "[\"127.0.0.1\"]", "validating resolvers, address or address:port"},
    {"dns", "require_ad", SettingKind::boolean, "", 0, 0, "true", "refuse answers that the resolver did not validate with DNSSEC"},
    {"dns", "timeout", SettingKind::duration_s, "s", 0.05, 60, "1", "first try of a question; the second waits longer"},
    {"trust", "anchors", SettingKind::text_list, "", 0, 0, "[]", "DET=key of the registries that we trust, key as 64 hex digits"},
    {"timers", "resend_after", SettingKind::duration_s, "s", 1, 60, "3", "N: a Heartbeat after so long a silence of ours makes us resend"},
    {"timers", "heartbeat_timeout", SettingKind::duration_s, "s", 2, 300, "12", "M: so long without a Heartbeat starts the resends"},
    {"timers", "first_tries", SettingKind::integer, "", 1, 20, "4", "F: transmissions of the first packet"},
    {"timers", "lost_tries", SettingKind::integer, "", 1, 20, "4", "L: resends before the provider is lost"},
    {"timers", "try_interval", SettingKind::duration_s, "s", 0.1, 60, "2", "between two tries, +-20 %"},
    {"timers", "lifetime", SettingKind::duration_s, "s", 1, 60, "10", "validity of each signed message"},
    {"policy", "on_start_failure", SettingKind::text, "", 0, 0, "\"abort\"", "abort, hold or notify: what dispatch is told when the start fails"},
    {"policy", "on_lost_sp", SettingKind::text, "", 0, 0, "\"return_home\"", "continue, hover, return_home or land_now; all but continue end the reported operation"},
    {"live", "mavlink", SettingKind::text, "", 0, 0, "\"127.0.0.1:14551\"", "where a flight controller's MAVLink is heard (fly --mavlink)"},
    {"live", "packs", SettingKind::text, "", 0, 0, "\"127.0.0.1:14552\"", "where Broadcast Remote ID packs and messages are heard (fly --packs)"},
    {"live", "vehicle", SettingKind::integer, "", 0, 255, "0", "MAVLink system id of the aircraft; 0: the first autopilot that speaks"},
    {"live", "received_from", SettingKind::text, "", 0, 0, "\"\"", "id_or_mac, hex, of the transmitter whose received messages are the flight's; empty: received ones are ignored"},
    {"live", "end_on", SettingKind::text, "", 0, 0, "\"inactive\"", "inactive, landed or signal: what ends the operation, beside SIGINT and SIGTERM"},
    {"live", "end_after", SettingKind::duration_s, "s", 0.5, 600, "5", "so long it must have been inactive or landed"},
    {"policy", "redirect_domain", SettingKind::text, "", 0, 0, "\"\"", "redirects to host names are followed inside this domain; empty: to none"},
    {"policy", "spool", SettingKind::integer, "positions", 0, 1500, "600", "kept while the provider cannot be reached, and sent afterwards; 0 keeps none"},
    {"policy", "redirect_private", SettingKind::boolean, "", 0, 0, "false", "follow redirects to private and loopback addresses"},
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

template <size_t N>
StatusOr<size_t> one_of(const SettingsSection& section, std::string_view name, const std::string_view (&words)[N]) {
  const std::string word = section.text(name);
  std::string allowed;
  for (size_t i = 0; i < N; ++i) {
    if (word == words[i]) return i;
    allowed += (i == 0 ? "" : i + 1 == N ? " or " : ", ") + std::string(words[i]);
  }
  return Status::failed(section.where(name) + ": \"" + word + "\" is not " + allowed);
}

StatusOr<Det> read_det(const SettingsSection& section, std::string_view name) {
  const auto det = det_from_text(section.text(name));
  if (!det) return Status::failed(section.where(name) + ": \"" + section.text(name) + "\" is neither 32 hex digits nor an IPv6 address");
  if (!det->has_prefix()) return Status::failed(section.where(name) + ": " + to_text(*det) + " is not in 2001:30::/28");
  return *det;
}

Status read_origin(const SettingsSection& gateway, GatewaySettings& out) {
  const bool same = out.aircraft.det == out.gateway;
  out.origin = same ? Origin::aircraft : Origin::relay;
  if (gateway.text("origin").empty()) return {};
  constexpr std::string_view origins[] = {"aircraft", "relay", "c2", "c2_plain", "device"};
  TRY(origin, one_of(gateway, "origin", origins));
  out.origin = static_cast<Origin>(origin);
  if (same == (out.origin == Origin::aircraft)) return {};
  return Status::failed(gateway.where("origin") + ": \"" + gateway.text("origin") + "\" means that aircraft.det is " +
                        (same ? "another DET than gateway.det" : "empty: the gateway is the aircraft"));
}

Status read_identities(const Settings& file, GatewaySettings& out) {
  const auto gateway = file.section("gateway");
  TRY(det, read_det(gateway, "det"));
  out.gateway = det;
  out.gateway_key_file = gateway.path("key_file");
  out.data_dir = gateway.path("data_dir");

  const auto aircraft = file.section("aircraft");
  out.aircraft.det = det;
  if (!aircraft.text("det").empty()) {
    TRY(own, read_det(aircraft, "det"));
    out.aircraft.det = own;
  }
  TRY_VOID(read_origin(gateway, out));
  const std::string key_file = aircraft.path("key_file");
  if (out.aircraft.det == det || !key_file.empty()) out.aircraft_key_file = key_file.empty() ? out.gateway_key_file : key_file;
  out.aircraft.serial = aircraft.text("serial");
  out.aircraft.operator_id = aircraft.text("operator_id");
  out.aircraft.self_id = aircraft.text("self_id");
  out.aircraft.ua_type = static_cast<uint8_t>(aircraft.integer("ua_type"));
  out.serial_given = !out.aircraft.serial.empty();
  out.operator_given = !out.aircraft.operator_id.empty();
  out.self_id_given = !out.aircraft.self_id.empty();
  const Status fits = check_identity(out.aircraft);
  return fits.ok() ? fits : Status::failed(file.file() + ": aircraft: " + fits.text());
}

Status read_provider(const Settings& file, TransportChoice choice, GatewaySettings& out) {
  const auto sp = file.section("sp");
  const auto det = sp_det_from_text(sp.text("det"), out.gateway);
  if (!det.ok()) return Status::failed(sp.where("det") + ": " + det.text());
  out.sp = *det;
  constexpr std::string_view transports[] = {"schc", "plain"};
  TRY(transport, one_of(sp, "transport", transports));
  out.schc = choice == TransportChoice::as_set ? transport == 0 : choice == TransportChoice::schc;
  out.policy.schc_port = static_cast<uint16_t>(sp.integer("schc_port"));
  out.port = out.schc ? out.policy.schc_port : static_cast<uint16_t>(sp.integer("port"));
  out.rules_file = sp.text("rules").empty() ? "" : sp.path("rules");
  return {};
}

Status load_rules(const SettingsSection& sp, GatewaySettings& out) {
  if (!out.schc) return {};
  if (out.rules_file.empty()) out.rules_file = installed_file("rules/nrid.json");
  if (out.rules_file.empty()) return Status::failed(sp.where("rules") + ": no SCHC rule file is installed beside the program; name one");
  TRY(rules, schc::load_rules_file(out.rules_file));
  out.carriage.rules = rules;
  return {};
}

Status load_keys(GatewaySettings& out) {
  TRY(gateway, read_key_file(out.gateway_key_file, out.gateway));
  out.gateway_signer = std::move(gateway);
  if (out.aircraft_key_file.empty()) return {};
  TRY(aircraft, read_key_file(out.aircraft_key_file, out.aircraft.det));
  out.aircraft_signer = std::move(aircraft);
  return {};
}

Status read_rest(const Settings& file, GatewaySettings& out) {
  const auto timers = file.section("timers");
  out.timers.resend_after = timers.duration("resend_after");
  out.timers.heartbeat_timeout = timers.duration("heartbeat_timeout");
  if (out.timers.resend_after > out.timers.heartbeat_timeout) {  // D-1 of nrid.md section 0
    return Status::failed(timers.where("resend_after") + ": N is longer than M (timers.heartbeat_timeout)");
  }
  out.timers.first_tries = static_cast<int>(timers.integer("first_tries"));
  out.timers.lost_tries = static_cast<int>(timers.integer("lost_tries"));
  out.timers.try_interval = timers.duration("try_interval");
  out.lifetime_s = static_cast<int64_t>(timers.number("lifetime"));
  const auto policy = file.section("policy");
  constexpr std::string_view starts[] = {"abort", "hold", "notify"};
  TRY(start, one_of(policy, "on_start_failure", starts));
  out.on_start_failure = static_cast<StartFailure>(start);
  constexpr std::string_view losses[] = {"continue", "hover", "return_home", "land_now"};
  TRY(loss, one_of(policy, "on_lost_sp", losses));
  out.policy.on_lost_sp = static_cast<LostAction>(loss);
  out.policy.redirect_private = policy.boolean("redirect_private");
  out.policy.redirect_domain = policy.text("redirect_domain");
  std::transform(out.policy.redirect_domain.begin(), out.policy.redirect_domain.end(), out.policy.redirect_domain.begin(), lower);
  out.policy.spool.max = static_cast<size_t>(policy.integer("spool"));
  return {};
}

Status read_live(const SettingsSection& live, LiveSettings& out) {
  for (const auto& [name, place] : {std::pair{"mavlink", &out.mavlink}, {"packs", &out.packs}}) {
    const auto address = address_from_text(live.text(name));
    if (!address) return Status::failed(live.where(name) + ": \"" + live.text(name) + "\" is not address:port");
    *place = *address;
  }
  out.controller.vehicle = static_cast<uint8_t>(live.integer("vehicle"));
  out.controller.received_from = live.text("received_from");
  std::transform(out.controller.received_from.begin(), out.controller.received_from.end(), out.controller.received_from.begin(), lower);
  const auto octets = from_hex(out.controller.received_from);
  if (!octets || octets->size() > 20) return Status::failed(live.where("received_from") + ": \"" + live.text("received_from") + "\" is not up to 40 hex digits");
  constexpr std::string_view ends[] = {"inactive", "landed", "signal"};
  TRY(end, one_of(live, "end_on", ends));
  out.end_on = static_cast<EndOn>(end);
  out.end_after = live.duration("end_after");
  return {};
}

Status read_uplinks(const SettingsSection& gateway, GatewaySettings& out) {
  out.uplinks = gateway.list("uplinks");
  if (out.uplinks.size() > Uplinks::kMax) return Status::failed(gateway.where("uplinks") + ": " + std::to_string(out.uplinks.size()) + " uplinks, 8 at most");
  if (const std::string bind = gateway.text("bind"); !bind.empty()) {
    if (!out.uplinks.empty()) return Status::failed(gateway.where("uplinks") + ": bind names another way already; leave one of them out");
    out.uplinks = {bind};
    if (!local_address(bind)) return Status::failed(gateway.where("bind") + ": \"" + bind + "\" is no IP address");
  }
  constexpr std::string_view modes[] = {"failover", "duplicate"};
  TRY(mode, one_of(gateway, "uplink_mode", modes));
  out.uplink_mode = static_cast<UplinkMode>(mode);
  return {};
}

}  // namespace

std::string_view to_word(StartFailure action) {
  constexpr std::string_view words[] = {"abort", "hold", "notify"};
  return words[static_cast<size_t>(action)];
}

std::string_view to_word(Origin origin) {
  constexpr std::string_view words[] = {"aircraft", "relay", "c2", "c2_plain", "device"};
  return words[static_cast<size_t>(origin)];
}

std::optional<Address> local_address(const std::string& text) {
  return address_from_text(text.find(':') != std::string::npos && text.front() != '[' ? "[" + text + "]:0" : text + ":0");
}

std::span<const SettingInfo> gateway_setting_rows() { return kRows; }

StatusOr<GatewaySettings> read_gateway_settings(const Settings& file, TransportChoice choice) {
  GatewaySettings out;
  TRY_VOID(read_identities(file, out));
  TRY_VOID(read_provider(file, choice, out));
  TRY_VOID(read_dns(file.section("dns"), file.section("trust"), out.dns));
  out.dns.require_endorsement = true;
  TRY_VOID(read_rest(file, out));
  TRY_VOID(read_live(file.section("live"), out.live));
  TRY_VOID(read_uplinks(file.section("gateway"), out));
  return out;
}

StatusOr<GatewaySettings> load_gateway_settings(const std::string& file_name, TransportChoice choice) {
  TRY(file, Settings::load(file_name, kRows));
  TRY(out, read_gateway_settings(file, choice));
  TRY_VOID(load_keys(out));
  TRY_VOID(load_rules(file.section("sp"), out));
  return std::move(out);
}

StatusOr<Det> sp_det_from_text(std::string_view text, const Det& own) {
  if (text.size() == 16) {
    const auto hash = from_hex(text);
    if (!hash) return Status::failed("\"" + std::string(text) + "\" is not 16 hex digits");
    Det det = own;
    std::copy(hash->begin(), hash->end(), det.octets.begin() + 8);
    return det;
  }
  const auto det = det_from_text(text);
  if (!det) return Status::failed("\"" + std::string(text) + "\" is neither 16 hex digits of hash nor a DET");
  if (!det->has_prefix()) return Status::failed(to_text(*det) + " is not in 2001:30::/28");
  return *det;
}

}  // namespace nrid::gateway
