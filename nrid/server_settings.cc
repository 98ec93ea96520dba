#include "nrid/server_settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/text.h"
#include "det/det.h"
#include "det/dns_client.h"

namespace nrid {
namespace {

using K = SettingKind;

constexpr SettingInfo kRows[] = {
    // section   name                  kind          unit      min  max         default            sentence
    {"server", "address",              K::text,      "",       0,   0,          "\"127.0.0.1\"",   "address of both UDP ports, an IPv4 or IPv6 literal; \"::\" is every one"},
    {"server", "port",                 K::integer,   "",       1,   65535,      "5683",            "UDP port for plain CoAP"},
    {"server", "schc_port",            K::integer,   "",       1,   65535,      "5787",            "UDP port for SCHC-compressed CoAP"},
    {"server", "rules",                K::text,      "",       0,   0,          "\"\"",            "SCHC rule file, relative to this file; \"\" is the one that comes with the program"},
    {"server", "det",                  K::text,      "",       0,   0,          "",                "our own DET, as 32 hex digits or in colon form", true},
    {"server", "key_file",             K::text,      "",       0,   0,          "",                "file with our Ed25519 seed, 64 hex digits; its key must hash to our DET", true},
    {"server", "former_det",           K::text,      "",       0,   0,          "\"\"",            "the DET that we leave: gateways that still address it are answered under it; \"\" is none", true},
    {"server", "former_key_file",      K::text,      "",       0,   0,          "\"\"",            "file with the seed of former_det", true},
    {"server", "workers",              K::integer,   "",       1,   64,         "1",               "sockets and threads for each of the two ports"},
    {"server", "pin_workers",          K::boolean,   "",       0,   0,          "false",           "each of these threads stays on one processor, in turn"},
    {"server", "receive_buffer",       K::integer,   "octets", 65'536, 268'435'456, "4194304",     "room of each socket for datagrams that wait; more is dropped and counted (nrid_kernel_dropped_total)"},
    {"server", "shards",               K::integer,   "",       1,   64,         "1",               "threads that own operations"},
    {"server", "host_workers",         K::integer,   "",       1,   32,         "2",               "threads for what modules must not do themselves"},
    {"server", "aircraft_max",         K::integer,   "",       1,   1'000'000,  "100000",          "operations at once; more are refused"},
    {"server", "data_dir",             K::text,      "",       0,   0,          "\"\"",            "folder for what outlives a restart (keys, what modules keep), relative to this file; \"\" is $STATE_DIRECTORY, which systemd sets, else memory"},
    {"verify", "backend",              K::text,      "",       0,   0,          "\"auto\"",        "who judges signatures: libsodium, avx2, avx512, or auto for the fastest that the processor has"},
    {"verify", "key_cache",            K::integer,   "",       0,   1'000'000,  "4096",            "keys whose tables are kept, 43 kB each: a known key is judged two to four times as fast; 0 keeps none"},
    {"verify", "processor_max",        K::text,      "",       0,   0,          "\"avx512\"",      "plain, avx2 or avx512: instructions beyond it are not used, as if the processor lacked them"},
    {"dns",    "servers",              K::text_list, "",       0,   0,          "[\"127.0.0.1\"]", "validating resolvers, address or address:port"},
    {"dns",    "require_ad",           K::boolean,   "",       0,   0,          "true",            "refuse answers that the resolver did not validate with DNSSEC"},
    {"dns",    "timeout",              K::duration_s, "s",     0.05, 30,        "1",               "wait for the first answer; later tries wait longer"},
    {"dns",    "tries",                K::integer,   "",       1,   5,          "2",               "questions before a resolver counts as silent"},
    {"dns",    "check_at_start",       K::boolean,   "",       0,   0,          "true",            "look ourselves up first, and do not start without trust, nor without DNS unless data_dir remembers us"},
    {"trust",  "anchors",              K::text_list, "",       0,   0,          "",                "keys that every chain must end in: \"DET=HI\", both in hex"},
    {"policy", "accept_hids",          K::text_list, "",       0,   0,          "[]",              "accepted registries, \"RAA/HDA\"; an empty list accepts all", true},
    {"policy", "gateways",             K::text_list, "",       0,   0,          "[]",              "who may speak for whom: \"GATEWAY -> AIRCRAFT\", DETs", true},
    {"policy", "revoked",              K::text_list, "",       0,   0,          "[]",              "DETs that are refused; of an authority all that hangs below it, too", true},
    {"policy", "required",             K::text_list, "",       0,   0,          "[\"basic\", \"location\", \"system\", \"operator\"]", "messages that complete the start phase: basic, location, self, system, operator", true},
    {"policy", "allow_c2_origin",      K::boolean,   "",       0,   0,          "true",            "accept packs that only the ground station signed", true},
    {"policy", "conformance",          K::boolean,   "",       0,   0,          "false",           "refuse what is otherwise only counted", true},
    {"policy", "allow_relative",       K::boolean,   "",       0,   0,          "false",           "laboratory only: read times 0/10/0 as relative to reception", true},
    {"policy", "restart_after_end",    K::boolean,   "",       0,   0,          "true",            "a newer packet after the end opens a new operation", true},
    {"policy", "speed_max",            K::number,    "m/s",    1,   1000,       "50",              "faster movement between two positions is flagged", true},
    {"policy", "rate",                 K::number,    "1/s",    1,   1000,       "10",              "messages a second that one signer may send", true},
    {"policy", "rate_burst",           K::number,    "",       1,   10'000,     "20",              "messages that it may send at once", true},
    {"timers", "heartbeat",            K::duration_s, "s",     1,   60,         "5",               "P: a Heartbeat every P seconds", true},
    {"timers", "silent_heartbeats",    K::integer,   "",       1,   20,         "3",               "R: Heartbeats without an answer before an aircraft counts as lost", true},
    {"timers", "resend_after",         K::duration_s, "s",     1,   60,         "3",               "N of the gateways that we serve, for the check N <= M", true},
    {"timers", "heartbeat_timeout",    K::duration_s, "s",     1,   300,        "12",              "M of the gateways that we serve, for the checks P < M and R*P >= M", true},
    {"timers", "reorder_window",       K::duration_s, "s",     0,   10,         "2",               "how long a position waits for an earlier one", true},
    {"timers", "abandon",              K::duration_s, "s",     5,   86'400,     "900",             "a lost operation without an end is closed after this time", true},
    {"timers", "close_linger",         K::duration_s, "s",     600, 86'400,     "660",             "how long the end of an operation is answered again", true},
    {"timers", "skew",                 K::duration_s, "s",     0,   30,         "5",               "accepted difference of clocks", true},
    {"timers", "lifetime",             K::duration_s, "s",     1,   60,         "10",              "validity of what we sign", true},
    {"timers", "parking",              K::duration_s, "s",     1,   10,         "3",               "how long a message waits for its key", true},
    {"overload", "waiting",            K::integer,   "",       64, 65'536,     "4096",            "datagrams of one socket that may wait for their signatures to be judged"},
    {"overload", "share_after",        K::duration_s, "s",     0.005, 1,       "0.05",            "when something has waited for so long without a pause and the socket became half full, classes share the processor and the newest goes first"},
    {"overload", "waiting_age",        K::duration_s, "s",     0.1, 5,         "1",               "what waits longer is shed; its sender sends it again"},
    {"overload", "source_rate",        K::number,    "1/s",    1,   1'000'000, "500",             "under load: unproven datagrams a second from one address; its networks may send 8 and 64 times as many"},
    {"overload", "source_burst",       K::number,    "",       1,   1'000'000, "2500",            "of them at once"},
    {"overload", "dry_run",            K::text_list, "",       0,   0,         "[]",              "limits that only count what they would refuse: source, shares, rate"},
    {"peers",  "file",                 K::text,      "",       0,   0,          "\"\"",            "signed list of providers that aircraft may be sent to, relative to this file; \"\" is none", true},
    {"peers",  "hysteresis",           K::duration_s, "s",     0,   3600,       "30",              "how long a reason to send a flight away must stand"},
    {"peers",  "hold_down",            K::duration_s, "s",     30,  3600,       "30",              "how long an aircraft stays at least before it is sent on"},
    {"peers",  "load_high",            K::number,    "",       0.1, 1,          "0.9",             "share of our capacity above which flights are sent away"},
    {"peers",  "load_low",             K::number,    "",       0.05, 1,         "0.7",             "share down to which they are, and up to which a peer is filled"},
};

Status bad(const SettingsSection& section, std::string_view name, const std::string& rest) {
  return Status::failed(section.where(name) + ": " + rest);
}

std::optional<uint16_t> number(std::string_view text, uint16_t max) {
  uint16_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

std::optional<Det> one_det(std::string_view text) {
  const auto det = det_from_text(trimmed(text));
  return det && det->has_prefix() ? det : std::nullopt;
}

Status read_former(const SettingsSection& server, ServerSettings& out) {
  const std::string text = server.text("former_det");
  out.former_key_file = server.path("former_key_file");
  if (text.empty() && out.former_key_file.empty()) return {};
  if (text.empty() || out.former_key_file.empty()) return bad(server, text.empty() ? "former_det" : "former_key_file", "is empty, and the other of the two is given");
  out.former = one_det(text);
  if (!out.former) return bad(server, "former_det", "\"" + text + "\" is no DET of 2001:30::/28");
  if (*out.former == out.setup.det) return bad(server, "former_det", "is server.det too; one that we leave is another");
  return {};
}

Status read_addresses(const SettingsSection& server, ServerSettings& out) {
  const std::string host = server.text("address");
  const std::string literal = host.find(':') == std::string::npos ? host : "[" + host + "]";
  const auto address = address_from_text(literal + ":0");
  if (!address) return bad(server, "address", "\"" + host + "\" is no IPv4 or IPv6 literal");
  out.plain = out.schc = *address;
  out.plain.port = static_cast<uint16_t>(server.integer("port"));
  out.schc.port = static_cast<uint16_t>(server.integer("schc_port"));
  if (out.plain.port != out.schc.port) return {};
  return bad(server, "schc_port", std::to_string(out.schc.port) + " is server.port too; SCHC needs a port of its own (R-027)");
}

std::optional<Hid> hid_from_text(std::string_view text) {  // "RAA/HDA"
  const size_t slash = text.find('/');
  const auto raa = number(trimmed(text.substr(0, slash)), kRaaMax);
  const auto hda = slash == std::string_view::npos ? std::nullopt : number(trimmed(text.substr(slash + 1)), kHdaMax);
  if (!raa || !hda) return std::nullopt;
  return Hid{*raa, *hda};
}

Status read_hids(const SettingsSection& policy, Policy& out) {
  for (const std::string& text : policy.list("accept_hids")) {
    const auto hid = hid_from_text(text);
    if (!hid) return bad(policy, "accept_hids", "\"" + text + "\" is not RAA/HDA, both 0..16383");
    out.accept_hids.push_back(*hid);
  }
  return {};
}

Status read_gateways(const SettingsSection& policy, Policy& out) {
  for (const std::string& text : policy.list("gateways")) {
    const size_t arrow = text.find("->");
    const auto gateway = one_det(std::string_view(text).substr(0, arrow));
    const auto ua = arrow == std::string::npos ? std::nullopt : one_det(std::string_view(text).substr(arrow + 2));
    if (!gateway || !ua) return bad(policy, "gateways", "\"" + text + "\" is not \"GATEWAY -> AIRCRAFT\" with two DETs of 2001:30::/28");
    out.gateways.emplace_back(*gateway, *ua);
  }
  return {};
}

Status read_revoked(const SettingsSection& policy, std::vector<Det>& out) {
  for (const std::string& text : policy.list("revoked")) {
    const auto det = one_det(text);
    if (!det) return bad(policy, "revoked", "\"" + text + "\" is no DET of 2001:30::/28");
    out.push_back(*det);
  }
  return {};
}

Status read_required(const SettingsSection& policy, Policy& out) {
  static constexpr std::pair<std::string_view, uint32_t> kWords[] = {{"basic", 1u << 0}, {"location", 1u << 1}, {"self", 1u << 3}, {"system", 1u << 4}, {"operator", 1u << 5}};
  out.required = 0;
  for (const std::string& text : policy.list("required")) {
    const auto found = std::find_if(std::begin(kWords), std::end(kWords), [&](const auto& word) { return word.first == text; });
    if (found == std::end(kWords)) return bad(policy, "required", "\"" + text + "\" is none of basic, location, self, system, operator");
    out.required |= found->second;
  }
  return {};
}

struct TimerField {
  std::string_view name;
  Duration Timers::* field;
};
constexpr TimerField kTimerFields[] = {
    {"heartbeat", &Timers::heartbeat},           {"resend_after", &Timers::resend_after}, {"heartbeat_timeout", &Timers::heartbeat_timeout},
    {"reorder_window", &Timers::reorder_window}, {"abandon", &Timers::abandon},           {"close_linger", &Timers::close_linger},
    {"skew", &Timers::skew},                     {"lifetime", &Timers::lifetime},         {"parking", &Timers::parking},
};

// What the section gives; `out` keeps the rest. D-1 of nrid.md section 0: P < M, N <= M, R*P >= M.
Status read_timers(const SettingsSection& timers, Timers& out) {
  for (const TimerField& row : kTimerFields) {
    if (timers.has(row.name)) out.*row.field = timers.duration(row.name);
  }
  if (timers.has("silent_heartbeats")) out.silent_heartbeats = static_cast<int>(timers.integer("silent_heartbeats"));
  const auto text = [](Duration d) { return std::to_string(d.ms()) + " ms"; };
  if (!(out.heartbeat < out.heartbeat_timeout)) {
    return bad(timers, "heartbeat", "P is " + text(out.heartbeat) + " and M " + text(out.heartbeat_timeout) + "; P < M must hold (D-1)");
  }
  if (out.heartbeat_timeout < out.resend_after) {
    return bad(timers, "resend_after", "N is " + text(out.resend_after) + " and M " + text(out.heartbeat_timeout) + "; N <= M must hold (D-1)");
  }
  const Duration lost = out.heartbeat * out.silent_heartbeats;
  if (lost < out.heartbeat_timeout) {
    return bad(timers, "silent_heartbeats", "R*P is " + text(lost) + " and M " + text(out.heartbeat_timeout) + "; R*P >= M must hold (D-1)");
  }
  return {};
}

struct PolicySwitch {
  std::string_view name;
  bool Policy::* field;
};
struct PolicyNumber {
  std::string_view name;
  double Policy::* field;
};
// Those that a registry may want otherwise.
constexpr PolicySwitch kHdaSwitches[] = {{"allow_c2_origin", &Policy::allow_c2_origin}, {"restart_after_end", &Policy::restart_after_end}};
constexpr PolicyNumber kHdaNumbers[] = {{"speed_max", &Policy::speed_max_mps}, {"rate", &Policy::rate_per_s}, {"rate_burst", &Policy::rate_burst}};

// What the section gives; `out` keeps the rest.
Status read_hda_policy(const SettingsSection& policy, Policy& out) {
  if (policy.has("required")) TRY_VOID(read_required(policy, out));
  for (const PolicySwitch& row : kHdaSwitches) {
    if (policy.has(row.name)) out.*row.field = policy.boolean(row.name);
  }
  for (const PolicyNumber& row : kHdaNumbers) {
    if (policy.has(row.name)) out.*row.field = policy.number(row.name);
  }
  return {};
}

Status read_policy(const SettingsSection& policy, Policy& out) {
  TRY_VOID(read_hids(policy, out));
  TRY_VOID(read_gateways(policy, out));
  TRY_VOID(read_hda_policy(policy, out));
  out.conformance = policy.boolean("conformance");
  out.allow_relative = policy.boolean("allow_relative");
  return {};
}

// [hda."RAA/HDA"]: what it does not give is as in [policy] and [timers].
Status read_hdas(const Settings& settings, ServerSetup& out) {
  for (const std::string& name : settings.names_under("hda")) {
    const SettingsSection section = settings.section("hda." + name);
    const auto hid = hid_from_text(name);
    if (!hid) return Status::failed(section.where("") + ": \"" + name + "\" is not RAA/HDA, both 0..16383");
    HdaTerms terms{*hid, out.timers, out.policy};
    terms.policy.accept_hids.clear();
    terms.policy.gateways.clear();
    TRY_VOID(read_hda_policy(section, terms.policy));
    TRY_VOID(read_timers(section, terms.timers));
    const auto same = [&](const HdaTerms& other) { return other.hid == *hid; };
    if (std::any_of(out.hdas.begin(), out.hdas.end(), same)) return Status::failed(section.where("") + ": this registry has a section already");
    if (out.hdas.size() == Config::kHdasMax) return Status::failed(section.where("") + ": more than " + std::to_string(Config::kHdasMax) + " registries");
    out.hdas.push_back(std::move(terms));
  }
  return {};
}

Status read_verifier(const SettingsSection& verify, VerifierSettings& out) {
  out.backend = verify.text("backend");
  if (std::find(std::begin(kBackends), std::end(kBackends), out.backend) == std::end(kBackends)) {
    return bad(verify, "backend", "\"" + out.backend + "\" is none of auto, libsodium, avx2, avx512");
  }
  out.key_cache = static_cast<size_t>(verify.integer("key_cache"));
  const auto processor_max = processor_from_text(verify.text("processor_max"));
  if (!processor_max) return bad(verify, "processor_max", "\"" + verify.text("processor_max") + "\" is none of plain, avx2, avx512");
  out.processor_max = *processor_max;
  return {};
}

Status read_overload(const SettingsSection& overload, Overload& out) {
  static constexpr std::pair<std::string_view, bool Overload::*> kDry[] = {{"source", &Overload::dry_source}, {"shares", &Overload::dry_shares}, {"rate", &Overload::dry_rate}};
  out.waiting_max = static_cast<size_t>(overload.integer("waiting"));
  out.share_after = overload.duration("share_after");
  out.waiting_age = overload.duration("waiting_age");
  out.source_per_s = overload.number("source_rate");
  out.source_burst = overload.number("source_burst");
  for (const std::string& text : overload.list("dry_run")) {
    const auto found = std::find_if(std::begin(kDry), std::end(kDry), [&](const auto& row) { return row.first == text; });
    if (found == std::end(kDry)) return bad(overload, "dry_run", "\"" + text + "\" is none of source, shares, rate");
    out.*found->second = true;
  }
  if (out.share_after < out.waiting_age) return {};
  return bad(overload, "share_after", std::to_string(out.share_after.ms()) + " ms is not below waiting_age, " + std::to_string(out.waiting_age.ms()) + " ms");
}

Status read_redirects(const SettingsSection& peers, RedirectSettings& out) {
  out.hysteresis = peers.duration("hysteresis");
  out.hold_down = peers.duration("hold_down");
  out.load_high = peers.number("load_high");
  out.load_low = peers.number("load_low");
  if (out.load_low < out.load_high) return {};
  return bad(peers, "load_low", std::to_string(out.load_low) + " is not below load_high, " + std::to_string(out.load_high));
}

}  // namespace

// The rows above, and those of them again that a registry may want otherwise.
std::span<const SettingInfo> server_setting_rows() {
  static const std::vector<SettingInfo> rows = [] {
    std::vector<SettingInfo> all(std::begin(kRows), std::end(kRows));
    const auto of_hda = [](const SettingInfo& row) {
      const auto named = [&](const auto& field) { return field.name == row.name; };
      return row.section == "timers" || (row.section == "policy" && (row.name == "required" || std::any_of(std::begin(kHdaSwitches), std::end(kHdaSwitches), named) ||
                                                                     std::any_of(std::begin(kHdaNumbers), std::end(kHdaNumbers), named)));
    };
    for (SettingInfo row : kRows) {
      if (!of_hda(row)) continue;
      row.section = "hda.*";
      all.push_back(row);
    }
    return all;
  }();
  return rows;
}

StatusOr<ServerSettings> read_server_settings(const Settings& settings) {
  ServerSettings out;
  const SettingsSection server = settings.section("server");
  TRY_VOID(read_addresses(server, out));
  const auto det = one_det(server.text("det"));
  if (!det) return bad(server, "det", "\"" + server.text("det") + "\" is no DET of 2001:30::/28");
  out.setup.det = *det;
  TRY_VOID(read_former(server, out));
  out.rules_file = server.path("rules");
  out.key_file = server.path("key_file");
  out.data_dir = server.path("data_dir");
  if (const char* systemd = std::getenv("STATE_DIRECTORY"); out.data_dir.empty() && systemd != nullptr) out.data_dir = systemd;
  out.workers = static_cast<int>(server.integer("workers"));
  TRY_VOID(read_verifier(settings.section("verify"), out.verifier));
  out.setup.pin_workers = server.boolean("pin_workers");
  out.receive_buffer = static_cast<int>(server.integer("receive_buffer"));
  const SettingsSection dns = settings.section("dns");
  out.check_dns = dns.boolean("check_at_start");
  out.setup.shards = static_cast<int>(server.integer("shards"));
  out.host_workers = static_cast<int>(server.integer("host_workers"));
  out.setup.limits.aircraft_max = static_cast<size_t>(server.integer("aircraft_max"));
  out.setup.limits.rate_max = std::max(out.setup.limits.rate_max, out.setup.limits.aircraft_max);
  out.setup.limits.duplicates_max = std::max(out.setup.limits.duplicates_max, Limits::kDuplicatesEach * out.setup.limits.aircraft_max);
  // A flight has two keys, its own and its gateway's; an eighth more, because the shards of the cache do not fill evenly. With less room
  // flights that go on push out each other's keys, and wait for DNS again. Memory is taken as keys come.
  out.keys.keys_max = std::max(out.keys.keys_max, out.setup.limits.aircraft_max * 9 / 4);
  TRY_VOID(read_overload(settings.section("overload"), out.setup.limits.overload));
  out.dns.tries = static_cast<int>(dns.integer("tries"));
  TRY_VOID(read_dns(dns, settings.section("trust"), out.dns));
  TRY_VOID(read_policy(settings.section("policy"), out.setup.policy));
  TRY_VOID(read_revoked(settings.section("policy"), out.revoked));
  TRY_VOID(read_timers(settings.section("timers"), out.setup.timers));
  TRY_VOID(read_hdas(settings, out.setup));
  out.dns.skew = out.setup.timers.skew;
  out.peers_file = settings.section("peers").path("file");
  TRY_VOID(read_redirects(settings.section("peers"), out.setup.redirect));
  return out;
}

Status read_dns(const SettingsSection& dns, const SettingsSection& trust, det::ResolverSettings& out) {
  out.servers.clear();
  for (const std::string& server : dns.list("servers")) {
    if (server.find(',') != std::string::npos) return bad(dns, "servers", "\"" + server + "\" has a comma; each server is a text of its own");
    out.servers += (out.servers.empty() ? "" : ",") + server;
    if (const Status status = det::check_servers(out.servers); !status.ok()) return bad(dns, "servers", status.text());
  }
  if (out.servers.empty()) return bad(dns, "servers", "the list is empty; without a resolver no key can be found");
  out.timeout_ms = static_cast<int>(dns.number("timeout") * 1000);
  out.require_ad = dns.boolean("require_ad");
  for (const std::string& text : trust.list("anchors")) {
    const auto anchor = det::anchor_from_text(text);
    if (!anchor.ok()) return bad(trust, "anchors", anchor.text());
    out.anchors.push_back(*anchor);
  }
  if (out.anchors.empty()) return bad(trust, "anchors", "the list is empty; without an anchor no key can be trusted");
  return {};
}

}  // namespace nrid
