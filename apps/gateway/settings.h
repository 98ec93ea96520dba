// The gateway's settings file: who we are, who the aircraft is, whom we report to. The provider's address is never in it:
// it comes from DNS at each start.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "base/settings.h"
#include "det/resolver.h"
#include "nrid/gateway.h"
#include "nrid/live_source.h"
#include "nrid/mavlink_link.h"
#include "nrid/uplinks.h"

namespace nrid::gateway {

enum class StartFailure : uint8_t { abort, hold, notify };
std::string_view to_word(StartFailure action);

// who speaks for the aircraft, and who vouches for what is said.
enum class Origin : uint8_t {
  aircraft,   // a: the aircraft itself
  relay,      // b: a ground station carries what the aircraft signed
  c2,         // c: a ground station makes the messages out of C2 and wraps them itself
  c2_plain,   // c: the same without a Wrapper
  device,     // d: the operator's device carries what the aircraft signed
};
std::string_view to_word(Origin origin);

struct LiveSettings {
  Address mavlink;                         // where we listen
  Address packs;
  MavlinkPolicy controller;
  EndOn end_on = EndOn::inactive;
  Duration end_after = seconds(5);
};

struct GatewaySettings {
  Det gateway;
  std::string data_dir;                    // "": nothing is remembered
  std::string gateway_key_file, aircraft_key_file;  // the second "" when only the aircraft has its key
  std::unique_ptr<SeedSigner> gateway_signer;
  AircraftIdentity aircraft;
  std::unique_ptr<SeedSigner> aircraft_signer;  // null: only the aircraft has its key
  Origin origin = Origin::aircraft;
  bool serial_given = false, operator_given = false, self_id_given = false;  // the file's words win over the flight's
  Det sp;
  bool schc = true;                        // the chosen transport
  std::string rules_file;                  // "" is the one that comes with the program
  Carriage carriage;
  uint16_t port = 0;                       // of the chosen transport
  std::vector<std::string> uplinks;        // local addresses or interfaces; empty: the system chooses
  UplinkMode uplink_mode = UplinkMode::failover;
  LiveSettings live;
  int64_t lifetime_s = 10;
  det::ResolverSettings dns;
  GatewayTimers timers;
  GatewayPolicy policy;
  StartFailure on_start_failure = StartFailure::abort;
};

enum class TransportChoice : uint8_t { as_set, plain, schc };  // of the command line

std::span<const SettingInfo> gateway_setting_rows();
// What the file itself says: no other file is opened, so signers and rules are missing.
// The Status is one line: "gateway.toml:4: sp.det: ...".
StatusOr<GatewaySettings> read_gateway_settings(const Settings& file, TransportChoice choice);
// The same with the keys and the rules in the files that it names.
StatusOr<GatewaySettings> load_gateway_settings(const std::string& file, TransportChoice choice);

// An IP literal without a port; nullopt: it may be the name of an interface.
std::optional<Address> local_address(const std::string& text);

// a full DET in any text form, or 16 hex digits of hash that `own` completes with its first 64 bits.
StatusOr<Det> sp_det_from_text(std::string_view text, const Det& own);

}  // namespace nrid::gateway
