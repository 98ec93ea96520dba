#include "nrid/server_settings.h"

#include <algorithm>
#include <charconv>

#include "base/file.h"
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
    {"server", "det",                  K::text,      "",       0,   0,          "",                "our own DET, as 32 hex digits or in colon form"},
    {"server", "key_file",             K::text,      "",       0,   0,          "",                "file with our Ed25519 seed, 64 hex digits; its key must hash to our DET"},
    {"server", "workers",              K::integer,   "",       1,   64,         "1",               "sockets and threads for each of the two ports"},
    {"server", "shards",               K::integer,   "",       1,   64,         "1",               "threads that own operations"},
    {"server", "host_workers",         K::integer,   "",       1,   32,         "2",               "threads for what modules must not do themselves"},
    {"server", "aircraft_max",         K::integer,   "",       1,   1'000'000,  "100000",          "operations at once; more are refused"},
    {"server", "data_dir",             K::text,      "",       0,   0,          "\"\"",            "folder for what modules keep, relative to this file; \"\" keeps it in memory"},
    {"dns",    "servers",              K::text_list, "",       0,   0,          "[\"127.0.0.1\"]", "validating resolvers, address or address:port"},
    {"dns",    "require_ad",           K::boolean,   "",       0,   0,          "true",            "refuse answers that the resolver did not validate with DNSSEC"},
    {"dns",    "timeout",              K::duration_s, "s",     0.05, 30,        "1",               "wait for the first answer; later tries wait longer"},
    {"dns",    "tries",                K::integer,   "",       1,   5,          "2",               "questions before a resolver counts as silent"},
    {"dns",    "check_at_start",       K::boolean,   "",       0,   0,          "true",            "look ourselves up first, and do not start without DNS or trust"},
    {"trust",  "anchors",              K::text_list, "",       0,   0,          "",                "keys that every chain must end in: \"DET=HI\", both in hex"},
    {"policy", "accept_hids",          K::text_list, "",       0,   0,          "[]",              "accepted registries, \"RAA/HDA\"; an empty list accepts all"},
    {"policy", "gateways",             K::text_list, "",       0,   0,          "[]",              "who may speak for whom: \"GATEWAY -> AIRCRAFT\", DETs"},
    {"policy", "required",             K::text_list, "",       0,   0,          "[\"basic\", \"location\", \"system\", \"operator\"]", "messages that complete the start phase: basic, location, self, system, operator"},
    {"policy", "allow_c2_origin",      K::boolean,   "",       0,   0,          "true",            "accept packs that only the ground station signed"},
    {"policy", "conformance",          K::boolean,   "",       0,   0,          "false",           "refuse what is otherwise only counted"},
    {"policy", "allow_relative",       K::boolean,   "",       0,   0,          "false",           "laboratory only: read times 0/10/0 as relative to reception"},
    {"policy", "restart_after_end",    K::boolean,   "",       0,   0,          "true",            "a newer packet after the end opens a new operation"},
    {"policy", "speed_max",            K::number,    "m/s",    1,   1000,       "50",              "faster movement between two positions is flagged"},
    {"policy", "rate",                 K::number,    "1/s",    1,   1000,       "10",              "messages a second that one signer may send"},
    {"policy", "rate_burst",           K::number,    "",       1,   10'000,     "20",              "messages that it may send at once"},
    {"timers", "heartbeat",            K::duration_s, "s",     1,   60,         "5",               "P: a Heartbeat every P seconds"},
    {"timers", "silent_heartbeats",    K::integer,   "",       1,   20,         "3",               "R: Heartbeats without an answer before an aircraft counts as lost"},
    {"timers", "resend_after",         K::duration_s, "s",     1,   60,         "3",               "N of the gateways that we serve, for the check N <= M"},
    {"timers", "heartbeat_timeout",    K::duration_s, "s",     1,   300,        "12",              "M of the gateways that we serve, for the checks P < M and R*P >= M"},
    {"timers", "reorder_window",       K::duration_s, "s",     0,   10,         "2",               "how long a position waits for an earlier one"},
    {"timers", "abandon",              K::duration_s, "s",     5,   86'400,     "900",             "a lost operation without an end is closed after this time"},
    {"timers", "close_linger",         K::duration_s, "s",     600, 86'400,     "660",             "how long the end of an operation is answered again"},
    {"timers", "skew",                 K::duration_s, "s",     0,   30,         "5",               "accepted difference of clocks"},
    {"timers", "lifetime",             K::duration_s, "s",     1,   60,         "10",              "validity of what we sign"},
    {"timers", "parking",              K::duration_s, "s",     1,   10,         "3",               "how long a message waits for its key"},
};

Status bad(const SettingsSection& section, std::string_view name, const std::string& rest) {
  return Status::failed(section.where(name) + ": " + rest);
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
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

Status read_hids(const SettingsSection& policy, Policy& out) {
  for (const std::string& text : policy.list("accept_hids")) {
    const size_t slash = text.find('/');
    const auto raa = number(trimmed(std::string_view(text).substr(0, slash)), kRaaMax);
    const auto hda = slash == std::string::npos ? std::nullopt : number(trimmed(std::string_view(text).substr(slash + 1)), kHdaMax);
    if (!raa || !hda) return bad(policy, "accept_hids", "\"" + text + "\" is not RAA/HDA, both 0..16383");
    out.accept_hids.push_back({*raa, *hda});
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

Status read_policy(const SettingsSection& policy, Policy& out) {
  TRY_VOID(read_hids(policy, out));
  TRY_VOID(read_gateways(policy, out));
  TRY_VOID(read_required(policy, out));
  out.allow_c2_origin = policy.boolean("allow_c2_origin");
  out.conformance = policy.boolean("conformance");
  out.allow_relative = policy.boolean("allow_relative");
  out.restart_after_end = policy.boolean("restart_after_end");
  out.speed_max_mps = policy.number("speed_max");
  out.rate_per_s = policy.number("rate");
  out.rate_burst = policy.number("rate_burst");
  return {};
}

// D-1 of nrid.md section 0: P < M, N <= M, R*P >= M.
Status read_timers(const SettingsSection& timers, Timers& out) {
  out.heartbeat = timers.duration("heartbeat");
  out.silent_heartbeats = static_cast<int>(timers.integer("silent_heartbeats"));
  out.resend_after = timers.duration("resend_after");
  out.heartbeat_timeout = timers.duration("heartbeat_timeout");
  out.reorder_window = timers.duration("reorder_window");
  out.abandon = timers.duration("abandon");
  out.close_linger = timers.duration("close_linger");
  out.skew = timers.duration("skew");
  out.lifetime = timers.duration("lifetime");
  out.parking = timers.duration("parking");
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

}  // namespace

std::span<const SettingInfo> server_setting_rows() { return kRows; }

StatusOr<ServerSettings> read_server_settings(const Settings& settings) {
  ServerSettings out;
  const SettingsSection server = settings.section("server");
  TRY_VOID(read_addresses(server, out));
  const auto det = one_det(server.text("det"));
  if (!det) return bad(server, "det", "\"" + server.text("det") + "\" is no DET of 2001:30::/28");
  out.setup.det = *det;
  out.rules_file = server.path("rules");
  out.key_file = server.path("key_file");
  out.data_dir = server.path("data_dir");
  out.workers = static_cast<int>(server.integer("workers"));
  const SettingsSection dns = settings.section("dns");
  out.check_dns = dns.boolean("check_at_start");
  out.setup.shards = static_cast<int>(server.integer("shards"));
  out.host_workers = static_cast<int>(server.integer("host_workers"));
  out.setup.limits.aircraft_max = static_cast<size_t>(server.integer("aircraft_max"));
  out.dns.tries = static_cast<int>(dns.integer("tries"));
  TRY_VOID(read_dns(dns, settings.section("trust"), out.dns));
  TRY_VOID(read_policy(settings.section("policy"), out.setup.policy));
  TRY_VOID(read_timers(settings.section("timers"), out.setup.timers));
  out.dns.skew = out.setup.timers.skew;
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

StatusOr<std::unique_ptr<SeedSigner>> read_key_file(const std::string& path, const Det& det) {
  TRY(content, read_file(path, 4096));
  const Status unreadable = Status::failed(path + ": no Ed25519 seed; one line of 64 hex digits is wanted");
  std::string_view rest = content;
  std::string_view line;
  while (line.empty() && !rest.empty()) {
    const size_t end = rest.find('\n');
    line = trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.starts_with('#')) line = {};
  }
  const auto octets = from_hex(line);
  if (!octets || octets->size() != 32) return unreadable;
  Seed seed;
  std::copy(octets->begin(), octets->end(), seed.begin());
  auto signer = std::make_unique<SeedSigner>(seed);
  if (!det::check(det, signer->public_key()).ok()) {
    return Status::failed(path + ": its key " + to_hex(signer->public_key()) + " does not hash to " + to_text(det));
  }
  return signer;
}

}  // namespace nrid
