// What people and machines see of a flight: events as log lines on standard error, one status line on a terminal, or one
// JSON object per second and event on standard output.
#pragma once

#include <string>

#include "nrid/gateway.h"

namespace nrid::gateway {

class Report {
 public:
  // `json`: objects instead of the status line.
  Report(const Clock& clock, Det aircraft, bool json);

  void event(std::string_view name, std::initializer_list<LogField> fields);
  // At most once a second; `force` for the last one.
  void status(const GatewayStatus& status, Now now, bool force = false);
  void end_line();                       // leaves the cursor on a fresh line

 private:
  const Clock& clock_;
  Det aircraft_;
  bool json_;
  bool terminal_;
  bool open_line_ = false;
  Tick next_;
};

std::string status_text(const GatewayStatus& status);
std::string status_json(const GatewayStatus& status, const Det& aircraft, Instant now);
std::string event_json(std::string_view name, std::initializer_list<LogField> fields, const Det& aircraft, Instant now);

}  // namespace nrid::gateway
