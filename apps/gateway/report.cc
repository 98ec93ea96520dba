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

void Report::status(const GatewayStatus& status, Now now, bool force) {
  if (now.tick < next_ && !force) return;
  next_ = now.tick + seconds(1);
  if (json_) {
    std::printf("%s\n", status_json(status, aircraft_, now.wall).c_str());
    std::fflush(stdout);
  } else if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", status_text(status).c_str());
    std::fflush(stderr);
    open_line_ = true;
  }
}

void Report::end_line() {
  if (open_line_) std::fputc('\n', stderr);
  open_line_ = false;
}

std::string status_text(const GatewayStatus& status) {
  char text[200];
  std::string age = "none yet";
  if (status.heartbeat_age) age = std::to_string(status.heartbeat_age->seconds()) + " s ago";
  std::snprintf(text, sizeof text, "%s %zu/%zu  %s %s  sent %llu (%llu again)  Heartbeats %llu, last %s%s", std::string(to_word(status.phase)).c_str(),
                status.flown.number, status.flown.count, degrees(status.flown.sample.latitude_e7).c_str(), degrees(status.flown.sample.longitude_e7).c_str(),
                static_cast<unsigned long long>(status.sent), static_cast<unsigned long long>(status.resent),
                static_cast<unsigned long long>(status.heartbeats), age.c_str(), status.sp_lost ? "  PROVIDER LOST" : "");
  return text;
}

std::string status_json(const GatewayStatus& status, const Det& aircraft, Instant now) {
  std::string out = "{\"time\":" + seconds_text(now) + ",\"aircraft\":\"" + to_text(aircraft) + "\",\"phase\":\"" + std::string(to_word(status.phase)) +
                    "\",\"outcome\":\"" + std::string(to_word(status.outcome)) + "\",\"sp\":\"" + to_text(status.sp) + "\"";
  const auto number = [&](const char* name, uint64_t value) { out += std::string(",\"") + name + "\":" + std::to_string(value); };
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
  out += std::string(",\"sp_lost\":") + (status.sp_lost ? "true" : "false");
  return out + "}";
}

std::string event_json(std::string_view name, std::initializer_list<LogField> fields, const Det& aircraft, Instant now) {
  std::string out = "{\"time\":" + seconds_text(now) + ",\"aircraft\":\"" + to_text(aircraft) + "\",\"event\":" + json_text(name);
  for (const LogField& field : fields) out += "," + json_text(field.key) + ":" + json_text(field.value);
  return out + "}";
}

}  // namespace nrid::gateway
