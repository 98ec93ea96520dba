// What the draft leaves open, as this tool judges by it: nrid.md section 0 and the constants of the profile. A TOML file
// changes any of it, because the draft moves and because a foreign implementation has timers of its own.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "base/settings.h"
#include "nrid/region.h"

namespace nrid::conform {

// What a case may want done to the provider while flights go on; "restore" takes back what the others did.
inline constexpr std::string_view kHooks[] = {"rotate", "retire", "retime", "crowd", "restore"};

struct Profile {
  // nrid.md section 0
  Duration heartbeat, resend_after, heartbeat_timeout;    // P, N, M
  int silent_heartbeats = 3;                              // R
  int first_tries = 4, lost_tries = 4;                    // F, L
  Duration try_interval, lifetime, skew, abandon;
  Duration answer;                                        // A: how long the tool waits for what must come at once
  // carriage
  std::string path;
  uint16_t port = 0, schc_port = 0, content_format = 0;
  std::string rules;                                      // SCHC rule file; empty: the one that comes with the program
  // claim keys
  int64_t claim_uas = 0, claim_uss = 0, claim_eoo = 0;
  // what is said of the implementation that is judged
  bool conformance = false, accept_hids = false, c2_origin = true, require_ad = true, self_id = false, private_redirect = true, echo = false;
  int rate_burst = 20;
  // where it serves, and the providers that it may send aircraft to
  GeoPoint place;
  std::vector<Det> peers;
  std::optional<GeoPoint> peer_place, narrow_place;
  Duration hysteresis, hold_down;
  std::map<std::string, std::string, std::less<>> hooks;  // commands by the words of kHooks
};

std::span<const SettingInfo> profile_rows();
// One line on failure: "profile.toml:4: timers.heartbeat: ...". An empty name gives the defaults of nrid.md section 0.
StatusOr<Profile> load_profile(const std::string& file);
StatusOr<Profile> parse_profile(std::string_view toml, const std::string& file);

// Sums of terms of seconds and of letters with a factor: "2P+A", "4T+0.5", "RP+1". P N M as above, T the try interval, A the
// wait for an answer, V the lifetime of a token, S the skew, D op.abandon, H peers.hysteresis; RP is R times P, FT and
// LT are F and L times T.
StatusOr<Duration> duration_of(std::string_view text, const Profile& profile);

}  // namespace nrid::conform
