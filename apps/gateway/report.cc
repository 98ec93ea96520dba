#include "apps/gateway/report.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/log.h"

namespace nrid::gateway {
namespace {

// 473900001 is "47.3900001": exact, no floating point.
std::string degrees(int32_t e7) {
  const int64_t size = std::abs(static_cast<int64_t>(e7));
  char text[24];
  std::snprintf(text, sizeof text, "%s%lld.%07lld", e7 < 0 ? "-" : "", static_cast<long long>(size / 10'000'000), static_cast<long long>(size % 10'000'000));
  return text;
}

std::string json_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      out += '?';  // names from flight files may hold anything; machines read ASCII
    } else {
      out += c;
    }
  }
  return out + "\"";
}

std::string seconds_text(Instant now) {
  char text[32];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(now.us / 1'000'000), static_cast<long long>(now.us / 1000 % 1000));
  return text;
}

bool is_trouble(std::string_view name) { return name == "start_failed" || name == "sp_lost" || name == "preflight_failed"; }

}  // namespace

Report::Report(const Clock& clock, Det aircraft, bool json) : clock_(clock), aircraft_(aircraft), json_(json), terminal_(isatty(STDERR_FILENO) == 1) {}

void Report::event(std::string_view name, std::initializer_list<LogField> fields) {
  end_line();
  log_event(is_trouble(name) ? LogLevel::error : LogLevel::info, name, fields);
  if (!json_) return;
  std::printf("%s\n", event_json(name, fields, aircraft_, clock_.now().wall).c_str());
  std::fflush(stdout);
}

void Report::status(const Whole& whole, Now now, bool force) {
  if (now.tick < next_ && !force) return;
  next_ = now.tick + seconds(1);
  if (json_) {
    std::printf("%s\n", status_json(whole, aircraft_, now.wall).c_str());
    std::fflush(stdout);
  } else if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", status_text(whole).c_str());
    std::fflush(stderr);
    open_line_ = true;
  }
}

void Report::end_line() {
  if (open_line_) std::fputc('\n', stderr);
  open_line_ = false;
}

std::string status_text(const Whole& whole) {
  const GatewayStatus& status = whole.gateway;
  if (!whole.waits.empty()) return "waiting  " + whole.waits;
  std::string out(to_word(status.phase));
  const auto number = [](uint64_t value) { return std::to_string(value); };
  out += " " + number(status.flown.number);
  if (status.flown.count != 0) out += "/" + number(status.flown.count);
  out += "  " + degrees(status.flown.sample.latitude_e7) + " " + degrees(status.flown.sample.longitude_e7);
  out += "  sent " + number(status.sent) + " (" + number(status.resent) + " again)  Heartbeats " + number(status.heartbeats) + ", last ";
  out += status.heartbeat_age ? number(static_cast<uint64_t>(status.heartbeat_age->seconds())) + " s ago" : "none yet";
  if (status.spooled != 0 || status.spool.dropped() != 0) out += "  kept " + number(status.spooled) + " (" + number(status.spool.dropped()) + " dropped)";
  if (whole.uplinks.size() > 1) {
    out += "  via";
    for (const UplinkStatus& one : whole.uplinks) out += one.active ? " " + one.name : "";
  }
  if (!whole.remembered.empty()) out += "  DNS in trouble";
  if (whole.input.kind == "mavlink") out += whole.arm.good ? "  may arm" : "  may not arm";
  return out + (status.sp_lost ? "  PROVIDER LOST" : "");
}

std::string status_json(const Whole& whole, const Det& aircraft, Instant now) {
  const GatewayStatus& status = whole.gateway;
  std::string out = "{\"time\":" + seconds_text(now) + ",\"aircraft\":\"" + to_text(aircraft) + "\"";
  const auto text = [&](const char* name, std::string_view value) { out += std::string(",\"") + name + "\":" + json_text(value); };
  const auto number = [&](const char* name, uint64_t value) { out += std::string(",\"") + name + "\":" + std::to_string(value); };
  const auto yes = [&](const char* name, bool value) { out += std::string(",\"") + name + "\":" + (value ? "true" : "false"); };
  text("phase", whole.waits.empty() ? to_word(status.phase) : "waiting");
  text("outcome", to_word(status.outcome));
  text("reason", whole.waits.empty() ? status.reason : whole.waits);
  text("sp", to_text(status.sp));
  text("origin", whole.origin);
  number("sample", status.flown.number);
  number("samples", status.flown.count);
  out += ",\"lat\":" + degrees(status.flown.sample.latitude_e7) + ",\"lon\":" + degrees(status.flown.sample.longitude_e7);
  number("sent", status.sent);
  number("resent", status.resent);
  number("send_failed", status.send_failed);
  number("heartbeats", status.heartbeats);
  out += ",\"heartbeat_age_ms\":" + (status.heartbeat_age ? std::to_string(status.heartbeat_age->ms()) : std::string("null"));
  number("missing", status.missing);
  number("errors", status.errors);
  number("ignored", status.refused);
  number("redirects", status.redirects);
  yes("sp_lost", status.sp_lost);
  number("spooled", status.spooled);
  number("spool_sent", status.spool.sent);
  number("spool_dropped", status.spool.dropped());
  text("remembered", whole.remembered);
  text("input", whole.input.kind);
  text("input_peer", whole.input.peer);
  number("input_received", whole.input.received);
  number("input_refused", whole.input.refused);
  number("input_dropped", whole.input.dropped);
  yes("arm", whole.arm.good);
  text("arm_reason", whole.arm.reason);
  out += ",\"uplinks\":[";
  for (const UplinkStatus& one : whole.uplinks) {
    out += std::string(out.back() == '[' ? "" : ",") + "{\"name\":" + json_text(one.name);
    yes("active", one.active);
    number("sent", one.sent);
    number("failed", one.failed);
    number("received", one.received);
    out += "}";
  }
  return out + "]}";
}

std::string event_json(std::string_view name, std::initializer_list<LogField> fields, const Det& aircraft, Instant now) {
  std::string out = "{\"time\":" + seconds_text(now) + ",\"aircraft\":\"" + to_text(aircraft) + "\",\"event\":" + json_text(name);
  for (const LogField& field : fields) out += "," + json_text(field.key) + ":" + json_text(field.value);
  return out + "}";
}

}  // namespace nrid::gateway
