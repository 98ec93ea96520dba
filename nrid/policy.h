// What an operator decides about the protocol: the parameters of nrid.md section 0 and the policies of,
// Plain values, read from the settings file by nrid/server_settings.h, given to constructors everywhere.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/det.h"

namespace nrid {

struct Hid {
  uint16_t raa = 0;
  uint16_t hda = 0;
  bool operator==(const Hid&) const = default;
};

struct Timers {
  Duration heartbeat = seconds(5);           // P
  int silent_heartbeats = 3;                 // R
  Duration silence() const { return heartbeat * silent_heartbeats; }  // R*P
  Duration resend_after = seconds(3);        // N, the gateway's; here for invariant D-1
  Duration heartbeat_timeout = seconds(12);  // M, the gateway's
  Duration reorder_window = seconds(2);
  Duration abandon = seconds(15 * 60);       // op.abandon
  Duration close_linger = seconds(660);      // op.close_linger
  Duration skew = seconds(5);                // cwt.skew
  Duration lifetime = seconds(10);           // cwt.lifetime of what we sign
  Duration parking = seconds(3);
};

inline constexpr uint32_t kRequiredDefault = 1u << 0 | 1u << 1 | 1u << 4 | 1u << 5;  // basic|location|system|operator

struct Policy {
  std::vector<Hid> accept_hids;                        // empty: every HID
  std::vector<std::pair<Det, Det>> gateways;           // gateway -> aircraft it may speak for
  uint32_t required = kRequiredDefault;                // R-061, message type bits
  bool allow_c2_origin = true;                         // R-056 c
  bool conformance = false;                            // refuse what is only tolerated
  bool allow_relative = false;                         // cwt.allow_relative
  bool restart_after_end = true;                       // a newer packet after CLOSED opens a new operation
  double speed_max_mps = 50;
  double rate_per_s = 10;
  double rate_burst = 20;
};

// What binds only while more comes than can be judged (resilience.md section 4).
struct Overload {
  size_t waiting_max = 4096;                           // datagrams of one socket whose signatures wait to be judged
  Duration share_after = milliseconds(50);             // something has waited for so long without a pause, and the socket became half full: classes and shares bind
  Duration waiting_age = seconds(1);                   // what waits longer is shed: its sender has sent it again
  double source_per_s = 500;                           // unproven datagrams of one address
  double source_burst = 2500;                          // a step reads 2,048 before the first of them is judged
  size_t sources_max = 16'384;                         // addresses and networks that one socket remembers
  size_t suspects_max = 8192;                          // signers and addresses whose failures it remembers
  // Dry run: count what the limit would refuse, and refuse nothing.
  bool dry_source = false;
  bool dry_shares = false;
  bool dry_rate = false;
};

// Every table has a named limit; what does not fit is refused and counted.
struct Limits {
  size_t batch_max = 64;
  size_t aircraft_max = 100'000;
  size_t parked_max = 4096;
  size_t parked_per_det_max = 64;
  // Reports of each aircraft that the replay filter remembers: one a second for as long as one may live, skew and step back included.
  static constexpr size_t kDuplicatesEach = 80;
  size_t duplicates_max = kDuplicatesEach * 100'000;   // memory is taken as they come
  size_t rate_max = 65'536;
  size_t con_replies_max = 16'384;
  size_t report_ring = 8192;                           // worker to shard
  size_t record_ring = 16'384;                         // shard to record thread
  double unverified_replies_per_s = 200;               // RST and codes to peers that proved nothing
  double unverified_replies_burst = 400;
  Overload overload;
};

}  // namespace nrid
