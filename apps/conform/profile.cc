#include "apps/conform/profile.h"

#include <charconv>
#include <cmath>

namespace nrid::conform {
namespace {

using K = SettingKind;

constexpr SettingInfo kRows[] = {
    // section         name                 kind            unit  min       max     default   sentence
    {"timers",         "heartbeat",         K::duration_s,  "s",  1,        60,     "5",      "P: a Heartbeat every P seconds"},
    {"timers",         "resend_after",      K::duration_s,  "s",  1,        60,     "3",      "N: a Heartbeat after so long a silence makes the gateway resend"},
    {"timers",         "heartbeat_timeout", K::duration_s,  "s",  2,        300,    "12",     "M: so long without a Heartbeat starts the gateway's resends"},
    {"timers",         "silent_heartbeats", K::integer,     "",   1,        20,     "3",      "R: Heartbeats without an answer before an aircraft counts as lost"},
    {"timers",         "first_tries",       K::integer,     "",   1,        20,     "4",      "F: transmissions of the first packet"},
    {"timers",         "lost_tries",        K::integer,     "",   1,        20,     "4",      "L: resends before the provider is lost"},
    {"timers",         "try_interval",      K::duration_s,  "s",  0.1,      60,     "2",      "T: between two tries, +-20 %"},
    {"timers",         "lifetime",          K::duration_s,  "s",  1,        60,     "10",     "V: validity of each signed message"},
    {"timers",         "skew",              K::duration_s,  "s",  0,        30,     "5",      "S: accepted difference of clocks"},
    {"timers",         "abandon",           K::duration_s,  "s",  1,        86'400, "900",    "D: a lost operation without an end is closed after this time"},
    {"timers",         "answer",            K::duration_s,  "s",  0.1,      30,     "1",      "A: how long we wait for an answer that is due at once"},
    {"coap",           "path",              K::text,        "",   0,        0,      "\"nrid\"", "Uri-Path of the resource"},
    {"coap",           "port",              K::integer,     "",   1,        65'535, "5683",   "UDP port of plain CoAP, where the command line gives none"},
    {"coap",           "schc_port",         K::integer,     "",   1,        65'535, "5787",   "UDP port of SCHC-compressed CoAP"},
    {"coap",           "content_format",    K::integer,     "",   0,        65'535, "61",     "Content-Format of a CWT"},
    {"coap",           "rules",             K::text,        "",   0,        0,      "\"\"",   "SCHC rule file, relative to this file; \"\" is the one that comes with the program"},
    {"claims",         "uas",               K::integer,     "",   -1e9,     1e9,    "-65537", "key of the UAS body, TBD1"},
    {"claims",         "uss",               K::integer,     "",   -1e9,     1e9,    "-65538", "key of the Heartbeat's body, TBD2"},
    {"claims",         "eoo",               K::integer,     "",   -1e9,     1e9,    "-65539", "key of the end's body, TBD3"},
    {"implementation", "conformance",       K::boolean,     "",   0,        0,      "false",  "the provider refuses what it may also merely count (R-052, R-054)"},
    {"implementation", "accept_hids",       K::boolean,     "",   0,        0,      "false",  "the provider accepts only the registry of our identities (R-011)"},
    {"implementation", "c2_origin",         K::boolean,     "",   0,        0,      "true",   "the provider takes packs that only the ground station signed (R-056 c)"},
    {"implementation", "self_id",           K::boolean,     "",   0,        0,      "false",  "the provider's required set has the Self-ID (R-059, R-061)"},
    {"implementation", "rate_burst",        K::integer,     "",   1,        10'000, "20",     "messages at once that the provider takes of one signer (R-085)"},
    {"implementation", "require_ad",        K::boolean,     "",   0,        0,      "true",   "the gateway refuses answers that DNSSEC did not validate (R-008)"},
    {"implementation", "echo",              K::boolean,     "",   0,        0,      "false",  "it knows Echo values (RFC 9175): the provider gives them, the gateway gives them back (R-029)"},
    {"implementation", "private_redirect",  K::boolean,     "",   0,        0,      "true",   "the gateway can be told to follow redirects to loopback (R-091)"},
    {"flight",         "place",             K::text,        "",   0,        0,      "\"47.39,8.54\"", "latitude,longitude in degrees where aircraft fly; inside the provider's region"},
    {"peers",          "dets",              K::text_list,   "",   0,        0,      "[]",     "DETs of the providers that it may send aircraft to; none: redirects are not judged (R-094)"},
    {"peers",          "place",             K::text,        "",   0,        0,      "\"\"", "latitude,longitude outside of its region and in that of one of them"},
    {"peers",          "narrow_place",      K::text,        "",   0,        0,      "\"\"", "another such place, whose only provider has room for one aircraft more"},
    {"peers",          "hysteresis",        K::duration_s,  "s",  0,        3600,   "30",     "H: a reason to send a flight away must stand so long"},
    {"peers",          "hold_down",         K::duration_s,  "s",  0,        3600,   "30",     "an aircraft stays so long at least before it is sent away again"},
    {"hooks",          "rotate",            K::text,        "",   0,        0,      "\"\"", "command: `next` of the registry folder is its identity now, the one before still holds (R-051)"},
    {"hooks",          "retire",            K::text,        "",   0,        0,      "\"\"", "command: `next` is its only identity"},
    {"hooks",          "retime",            K::text,        "",   0,        0,      "\"\"", "command: P is twice as long now (section 0)"},
    {"hooks",          "crowd",             K::text,        "",   0,        0,      "\"\"", "command: it has room for one aircraft, one of its peers for many at flight.place (R-090)"},
    {"hooks",          "restore",           K::text,        "",   0,        0,      "\"\"", "command that takes back what the others did; each waits until it holds"},
};

// D-1 of nrid.md section 0, as the server and the gateway check it too.
Status check_timers(const SettingsSection& timers, const Profile& profile) {
  const auto bad = [&](const char* name, const char* rule) { return Status::failed(timers.where(name) + ": " + rule + " must hold (D-1)"); };
  if (!(profile.heartbeat < profile.heartbeat_timeout)) return bad("heartbeat", "P < M");
  if (profile.heartbeat_timeout < profile.resend_after) return bad("resend_after", "N <= M");
  if (profile.heartbeat * profile.silent_heartbeats < profile.heartbeat_timeout) return bad("silent_heartbeats", "R*P >= M");
  return {};
}

// "47.39,8.54"; an empty text is no place.
StatusOr<std::optional<GeoPoint>> read_place(const SettingsSection& section, std::string_view name) {
  const std::string text = section.text(name);
  if (text.empty()) return std::optional<GeoPoint>();
  double latitude = 0, longitude = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, latitude);
  const bool comma = first.ec == std::errc() && first.ptr != end && *first.ptr == ',';
  const auto second = std::from_chars(comma ? first.ptr + 1 : end, end, longitude);
  const bool whole = comma && second.ec == std::errc() && second.ptr == end;
  if (whole && std::abs(latitude) <= 90 && std::abs(longitude) <= 180) {
    return std::optional(GeoPoint{static_cast<int32_t>(std::llround(latitude * 1e7)), static_cast<int32_t>(std::llround(longitude * 1e7))});
  }
  return Status::failed(section.where(name) + ": \"" + text + "\" is not latitude,longitude in degrees, -90..90 and -180..180");
}

Status read_peers(const SettingsSection& peers, Profile& out) {
  for (const std::string& text : peers.list("dets")) {
    const auto det = det_from_text(text);
    if (!det || !det->has_prefix()) return Status::failed(peers.where("dets") + ": \"" + text + "\" is no DET of 2001:30::/28");
    out.peers.push_back(*det);
  }
  TRY(place, read_place(peers, "place"));
  TRY(narrow, read_place(peers, "narrow_place"));
  out.peer_place = place;
  out.narrow_place = narrow;
  out.hysteresis = peers.duration("hysteresis");
  out.hold_down = peers.duration("hold_down");
  return {};
}

Status read_hooks(const SettingsSection& hooks, Profile& out) {
  for (const std::string_view name : kHooks) {
    if (const std::string command = hooks.text(name); !command.empty()) out.hooks.emplace(name, command);
  }
  if (out.hooks.empty() || out.hooks.count("restore") != 0) return {};
  return Status::failed(hooks.where("restore") + ": \"\", but " + out.hooks.begin()->first + " is given: what it does must be taken back");
}

StatusOr<Profile> read_profile(const Settings& file) {
  Profile out;
  const auto timers = file.section("timers");
  out.heartbeat = timers.duration("heartbeat");
  out.resend_after = timers.duration("resend_after");
  out.heartbeat_timeout = timers.duration("heartbeat_timeout");
  out.silent_heartbeats = static_cast<int>(timers.integer("silent_heartbeats"));
  out.first_tries = static_cast<int>(timers.integer("first_tries"));
  out.lost_tries = static_cast<int>(timers.integer("lost_tries"));
  out.try_interval = timers.duration("try_interval");
  out.lifetime = timers.duration("lifetime");
  out.skew = timers.duration("skew");
  out.abandon = timers.duration("abandon");
  out.answer = timers.duration("answer");
  TRY_VOID(check_timers(timers, out));
  const auto coap = file.section("coap");
  out.path = coap.text("path");
  if (out.path.empty() || out.path.size() > 255) return Status::failed(coap.where("path") + ": 1 to 255 octets are wanted");
  out.port = static_cast<uint16_t>(coap.integer("port"));
  out.schc_port = static_cast<uint16_t>(coap.integer("schc_port"));
  if (out.port == out.schc_port) return Status::failed(coap.where("schc_port") + ": SCHC needs a port of its own (R-027)");
  out.content_format = static_cast<uint16_t>(coap.integer("content_format"));
  out.rules = coap.path("rules");
  const auto claims = file.section("claims");
  out.claim_uas = claims.integer("uas");
  out.claim_uss = claims.integer("uss");
  out.claim_eoo = claims.integer("eoo");
  if (out.claim_uas == out.claim_uss || out.claim_uss == out.claim_eoo || out.claim_uas == out.claim_eoo) {
    return Status::failed(claims.where("uas") + ": the three bodies need three keys");
  }
  const auto about = file.section("implementation");
  out.conformance = about.boolean("conformance");
  out.accept_hids = about.boolean("accept_hids");
  out.c2_origin = about.boolean("c2_origin");
  out.self_id = about.boolean("self_id");
  out.rate_burst = static_cast<int>(about.integer("rate_burst"));
  out.require_ad = about.boolean("require_ad");
  out.private_redirect = about.boolean("private_redirect");
  out.echo = about.boolean("echo");
  const auto flight = file.section("flight");
  TRY(place, read_place(flight, "place"));
  if (!place) return Status::failed(flight.where("place") + ": \"\" is no place");
  out.place = *place;
  TRY_VOID(read_peers(file.section("peers"), out));
  TRY_VOID(read_hooks(file.section("hooks"), out));
  return out;
}

StatusOr<Duration> letter(std::string_view name, const Profile& profile) {
  if (name.empty()) return seconds(1);
  if (name == "P") return profile.heartbeat;
  if (name == "N") return profile.resend_after;
  if (name == "M") return profile.heartbeat_timeout;
  if (name == "T") return profile.try_interval;
  if (name == "A") return profile.answer;
  if (name == "V") return profile.lifetime;
  if (name == "S") return profile.skew;
  if (name == "D") return profile.abandon;
  if (name == "H") return profile.hysteresis;
  if (name == "FT") return profile.try_interval * profile.first_tries;
  if (name == "LT") return profile.try_interval * profile.lost_tries;
  if (name == "RP") return profile.heartbeat * profile.silent_heartbeats;
  return Status::failed("\"" + std::string(name) + "\" is none of P N M T A V S D H RP FT LT");
}

}  // namespace

std::span<const SettingInfo> profile_rows() { return kRows; }

StatusOr<Profile> load_profile(const std::string& file) {
  if (file.empty()) return parse_profile("", "profile");
  TRY(settings, Settings::load(file, kRows));
  return read_profile(settings);
}

StatusOr<Profile> parse_profile(std::string_view toml, const std::string& file) {
  TRY(settings, Settings::parse(toml, file, kRows));
  return read_profile(settings);
}

StatusOr<Duration> duration_of(std::string_view text, const Profile& profile) {
  Duration sum;
  std::string_view rest = text;
  if (text.ends_with('+')) return Status::failed("duration \"" + std::string(text) + "\": a term is missing");
  do {
    const size_t plus = rest.find('+');
    const std::string_view term = rest.substr(0, plus);
    rest = plus == std::string_view::npos ? std::string_view() : rest.substr(plus + 1);
    double factor = 1;
    const auto [end, error] = std::from_chars(term.data(), term.data() + term.size(), factor);
    if (error != std::errc()) factor = 1;
    const auto unit = letter(term.substr(static_cast<size_t>(error == std::errc() ? end - term.data() : 0)), profile);
    if (term.empty() || !unit.ok()) return Status::failed("duration \"" + std::string(text) + "\": " + (term.empty() ? "a term is missing" : unit.text()));
    sum.us += static_cast<int64_t>(factor * static_cast<double>(unit->us));
  } while (!rest.empty());
  return sum;
}

}  // namespace nrid::conform
