// One event, one line, fixed keys: `2026-01-02T03:04:05.678Z warn event=key_rotated aircraft=2001:3f::1 old=3`. A repeat of
// the same line within a second is not printed but counted, and closes as the line with repeated=412. Secrets stay
// out; the datagram path counts instead of logging. Lines go to standard error and are never cut in two.
#pragma once

#include <concepts>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace nrid {

enum class LogLevel : uint8_t { info, warn, error };

struct LogField {
  std::string_view key;
  std::string value;
  LogField(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(v) {}
  LogField(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <class Number>
    requires std::integral<Number> || std::floating_point<Number>
  LogField(std::string_view k, Number v) : key(k), value(std::to_string(v)) {}
};

// Any thread.
void log_event(std::string_view event, std::initializer_list<LogField> fields = {});
void log_event(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

// "event=key_rotated aircraft=x", values with spaces, quotes, control characters or nothing in them quoted.
std::string log_line(std::string_view event, std::initializer_list<LogField> fields);

// What log_event uses: sums repeats. `print` gets a level and a line without its time. One lock inside; any thread.
class LogSummer {
 public:
  using Print = std::function<void(LogLevel, const std::string&)>;
  explicit LogSummer(Print print) : print_(std::move(print)) {}
  void line(LogLevel level, const std::string& text, Tick now);
  void flush();  // prints the open sums

 private:
  static constexpr size_t kOpenMax = 256;  // beyond it lines are printed unsummed
  struct Open { LogLevel level; Tick since; uint64_t repeated; };
  void close_until(Tick now);

  Print print_;
  std::mutex mutex_;
  std::map<std::string, Open> open_;
};

// Prints open sums; programs call it before they end.
void flush_log();

}  // namespace nrid
