// What people and machines see of a flight: events as log lines on standard error, one status line on a terminal, or one
// JSON object per second and event on standard output.
#pragma once

#include <string>

#include "nrid/gateway.h"
#include "nrid/mavlink_link.h"
#include "nrid/uplinks.h"

namespace nrid::gateway {

struct InputStatus {                     // what the flight comes from
  std::string kind = "file";             // "file", "mavlink", "packs"
  std::string peer;                      // address of the flight controller
  uint64_t received = 0;                 // MAVLink messages of ours, or datagrams
  uint64_t refused = 0;
  uint64_t dropped = 0;                  // relayed packs, for want of room
};

struct Whole {                           // all that a status line may show
  GatewayStatus gateway;
  InputStatus input;
  ArmWord arm;
  std::string origin;
  std::string waits;                     // why the operation has not begun; empty: it has
  std::string remembered;                // DNS is in trouble, and what the operation stands on; empty: DNS said all of it
  std::vector<UplinkStatus> uplinks;
};

class Report {
 public:
  // `json`: objects instead of the status line.
  Report(const Clock& clock, Det aircraft, bool json);

  void event(std::string_view name, std::initializer_list<LogField> fields);
  // At most once a second; `force` for the last one.
  void status(const Whole& whole, Now now, bool force = false);
  void end_line();                       // leaves the cursor on a fresh line

 private:
  const Clock& clock_;
  Det aircraft_;
  bool json_;
  bool terminal_;
  bool open_line_ = false;
  Tick next_;
};

// Fields of the JSON object: docs/gateway.md.
std::string status_text(const Whole& whole);
std::string status_json(const Whole& whole, const Det& aircraft, Instant now);
std::string event_json(std::string_view name, std::initializer_list<LogField> fields, const Det& aircraft, Instant now);

}  // namespace nrid::gateway
