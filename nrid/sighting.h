// What the server tells its modules: verified sightings and flight events, as values that outlive the datagram.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/det.h"
#include "base/key_source.h"
#include "rid/messages.h"

namespace nrid {

// "verified": both signatures hold and the key's chain ends in a configured anchor. "c2": only the gateway's signature
// holds (R-056 c). Nothing less reaches a module as a sighting.
enum class Verdict : uint8_t { verified, c2 };
std::string_view to_word(Verdict verdict);

// How far a flight is believed, in the words of drip.md 2.12. Its other four are of what no flight is made from: pages that are missing
// (partial), algorithms that nobody here knows (unsupported), keys that nobody has (unverifiable, an event of that name), signatures that do
// not hold (unverified): refused, each counted by its reason.
enum class TrustState : uint8_t {
  none,          // the aircraft signed nothing: its gateway alone says so
  verified,      // it did, and was registered here
  trusted,       // it did, and its key's chain ends in a configured anchor
  questionable,  // verified, and contradicted: see FlightEventKind::contradicted
  conflicting,   // trusted, and contradicted
};
std::string_view to_word(TrustState state);
TrustState trust_of(Verdict verdict, Trust key);
TrustState contradicted(TrustState state);  // until the operation ends

// Who made the messages.
enum class Origin : uint8_t { aircraft, relayed, c2 };
std::string_view to_word(Origin origin);

struct Sighting {
  Det ua;                                   // the aircraft
  Det gateway;                              // kid: who signed the CWT (may equal ua)
  uint64_t operation = 0;                   // id of the operation in this process
  Verdict verdict = Verdict::verified;
  TrustState trust = TrustState::trusted;
  Origin origin = Origin::aircraft;
  std::shared_ptr<const std::string> evidence;  // why the verdict: "CWT by .., Wrapper by .., chain .. (anchor)"; never null, shared by the sightings of a flight
  Instant sampled;                          // Location time unrolled, else iat
  Instant signed_at;                        // iat
  Instant received;
  bool late = false;                        // beyond the reorder window: history, not the live feed
  bool anomaly = false;                     // implausible: flagged, not dropped
  std::optional<rid::Location> location;
  std::optional<rid::BasicId> basic_id;     // of several the session id
  std::vector<rid::BasicId> basic_ids;      // all of this pack: serial number, CAA registration, session
  std::optional<rid::SelfId> self_id;
  std::optional<rid::System> system;
  std::optional<rid::OperatorId> operator_id;
  std::shared_ptr<const std::vector<uint8_t>> raw;  // the signed CWT, octet for octet
};

// contradicted: a gateway that may speak for the aircraft signed a message whose Wrapper the aircraft did not; once an operation.
enum class FlightEventKind : uint8_t { started, active, lost, recovered, redirected, moved, ended, abandoned, static_changed, not_owner, revoked, eoo_unknown, confirmed, unverifiable, contradicted };
std::string_view to_word(FlightEventKind kind);

struct FlightEvent {
  FlightEventKind kind = FlightEventKind::started;
  Det ua;                                   // of `unverifiable`: whose key was looked for, an aircraft's or a gateway's
  Det gateway;
  uint64_t operation = 0;
  Instant at;
  std::string detail;                       // one fact for people, may be empty
};

}  // namespace nrid
