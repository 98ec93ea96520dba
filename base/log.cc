#include "base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace nrid {
namespace {

constexpr Duration kSumWindow = seconds(1);

void print_to_stderr(LogLevel level, const std::string& text) {
  static const auto logger = [] {
    auto made = std::make_shared<spdlog::logger>("nrid", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  const auto to = level == LogLevel::error ? spdlog::level::err : level == LogLevel::warn ? spdlog::level::warn : spdlog::level::info;
  logger->log(to, spdlog::string_view_t(text.data(), text.size()));  // a view is printed as it is, never as a format
}

LogSummer& summer() {
  static LogSummer one(print_to_stderr);
  return one;
}

bool plain(std::string_view value) {
  if (value.empty()) return false;
  for (const char c : value) {
    if (c <= ' ' || c == '"' || c == '\\' || c == '=' || c == 0x7f) return false;  // also every octet above 0x7f
  }
  return true;
}

void append_value(std::string& out, std::string_view value) {
  static constexpr char kDigits[] = "0123456789abcdef";
  if (plain(value)) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) {
    const auto octet = static_cast<uint8_t>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (octet < 0x20 || octet >= 0x7f) {  // a peer's octets must not steer a terminal
      out += "\\x";
      out += kDigits[octet >> 4];
      out += kDigits[octet & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace

std::string log_line(std::string_view event, std::initializer_list<LogField> fields) {
  std::string out = "event=";
  append_value(out, event);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.key;
    out += '=';
    append_value(out, field.value);
  }
  return out;
}

void LogSummer::close_until(Tick now) {
  for (auto entry = open_.begin(); entry != open_.end();) {
    if (now - entry->second.since < kSumWindow) {
      ++entry;
      continue;
    }
    if (entry->second.repeated > 0) {
      print_(entry->second.level, entry->first + " repeated=" + std::to_string(entry->second.repeated));
    }
    entry = open_.erase(entry);
  }
}

void LogSummer::line(LogLevel level, const std::string& text, Tick now) {
  const std::lock_guard lock(mutex_);
  close_until(now);
  const auto found = open_.find(text);
  if (found != open_.end()) {
    ++found->second.repeated;
    return;
  }
  if (open_.size() < kOpenMax) open_.emplace(text, Open{level, now, 0});
  print_(level, text);
}

void LogSummer::flush() {
  const std::lock_guard lock(mutex_);
  close_until(Tick{INT64_MAX});
}

void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  static const SystemClock clock;
  summer().line(level, log_line(event, fields), clock.now().tick);
}

void log_event(std::string_view event, std::initializer_list<LogField> fields) { log_event(LogLevel::info, event, fields); }

void flush_log() { summer().flush(); }

}  // namespace nrid
