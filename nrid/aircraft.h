// The aircraft's part of the gateway: builds F3411 messages and puts them into packs, by default under a DRIP Wrapper with the
// aircraft's own key. Knows nothing of CWT, CoAP or sockets. In flight every pack has the Location; the static set goes at
// the start, when the provider asks, when it changes, and some of it again every kStaticPeriod packs.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ed25519.h"
#include "cwt/claims.h"
#include "nrid/flight_file.h"
#include "rid/auth.h"

namespace nrid {

using LinkEndorsement = std::array<uint8_t, rid::kEndorsementSize>;  // a Broadcast Endorsement, for a Link

struct AircraftIdentity {
  Det det;
  uint8_t ua_type = 2;                      // helicopter or multirotor
  std::string serial;                       // CTA-2063-A, up to 20 characters; may be empty
  std::string operator_id;                  // up to 20
  std::string self_id;                      // up to 23
  std::optional<OperatorPosition> operator_position;
  std::optional<LinkEndorsement> endorsement;  // for the Link, when known
};

// Texts that do not fit their F3411 fields, types out of range: one sentence.
Status check_identity(const AircraftIdentity& identity);

// Who vouches for the messages: the four origins of R-056 in what a pack looks like.
enum class PackForm : uint8_t {
  aircraft,   // a, b, d: Wrapper by the aircraft
  ground,     // c: Wrapper by the ground station, which names the aircraft in a Basic ID
  plain,      // c: no Wrapper, the same Basic ID
};

class Aircraft {
 public:
  static constexpr int kStaticPeriod = 60;  // packs between two unasked repeats of serial number and Self-ID

  // `signer` is borrowed; it holds the aircraft's key, or with PackForm::ground that of `wrapped_by`.
  Aircraft(AircraftIdentity identity, const Signer& signer) : Aircraft(std::move(identity), signer, PackForm::aircraft, Det{}) {}
  Aircraft(AircraftIdentity identity, const Signer& signer, PackForm form, const Det& wrapped_by)
      : identity_(std::move(identity)), signer_(signer), form_(form), wrapped_by_(form == PackForm::ground ? wrapped_by : identity_.det) {}

  const AircraftIdentity& identity() const { return identity_; }
  PackForm form() const { return form_; }
  void set_endorsement(Bytes endorsement136);
  // A static message of the aircraft or its ground station stands in place of ours from now on; one that differs from what
  // was said goes out with the next pack. Basic IDs: serial number and CAA registration. False: nothing new.
  bool says(const rid::MessageOctets& message);

  // Before take-off: session id, Location, System, Operator ID (R-070: the default required set in one pack).
  Result<Buffer> start_pack(const rid::Location& where, Instant now);
  // 1 Hz: Location, with what changed, and now and then with serial number and Self-ID.
  Result<Buffer> flight_pack(const rid::Location& where, Instant now);
  // Location alone.
  Result<Buffer> location_pack(const rid::Location& where, Instant now) const;
  // What a Heartbeat asks for, Location always with it; what has no room comes with the next Heartbeat's flags.
  // Pages 5 and 6 asked for: a Link pack, if the endorsement is known.
  Result<Buffer> answer_pack(const cwt::MessageSet& expected, const rid::Location& where, Instant now);
  // A Link beside the name of the aircraft, whoever's endorsement it is: the pages leave no room for a Wrapper.
  Result<Buffer> link_pack(const LinkEndorsement& endorsement, Instant now) const;

 private:
  Result<rid::MessageOctets> serial_id() const;
  Result<rid::MessageOctets> self_id() const;
  Result<rid::MessageOctets> operator_id() const;
  Result<rid::MessageOctets> system(Instant now) const;
  // Location, then as many of `types` as there is room for; what went is taken out of `types`. `session`: a Basic ID is, or is
  // also, the session id, which the Wrapper's DET says anyway.
  Result<Buffer> pack_of(uint32_t& types, bool session, const rid::Location& where, Instant now) const;

  AircraftIdentity identity_;
  const Signer& signer_;
  PackForm form_;
  Det wrapped_by_;
  std::optional<rid::MessageOctets> said_serial_, said_registration_, said_self_, said_system_, said_operator_;
  uint32_t changed_ = 0;                    // message types to go out with the next pack
  int packs_ = 0;
};

// A sample as the F3411 message, sampled at `now`. What F3411 cannot hold of heights is unknown there: the position goes.
rid::Location to_location(const FlightSample& sample, Instant now);
// And a Location for people to see.
FlightSample to_sample(const rid::Location& location);

}  // namespace nrid
