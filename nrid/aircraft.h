// The aircraft's part of the gateway: builds F3411 messages from flight samples and signs the DRIP Wrapper around them
// with the aircraft's own key. Knows nothing of CWT, CoAP or sockets. In flight every pack has the Location under an
// extended Wrapper; the static set goes at the start, when the provider asks, and again every kStaticPeriod samples.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/ed25519.h"
#include "cwt/claims.h"
#include "nrid/flight_file.h"
#include "rid/auth.h"

namespace nrid {

struct AircraftIdentity {
  Det det;
  uint8_t ua_type = 2;                      // helicopter or multirotor
  std::string serial;                       // CTA-2063-A, up to 20 characters; may be empty
  std::string operator_id;                  // up to 20
  std::string self_id;                      // up to 23
  std::optional<OperatorPosition> operator_position;
  std::optional<std::array<uint8_t, rid::kEndorsementSize>> endorsement;  // for the Link, when known
};

// Texts that do not fit their F3411 fields, types out of range: one sentence.
Status check_identity(const AircraftIdentity& identity);

class Aircraft {
 public:
  static constexpr int kStaticPeriod = 60;  // packs between two unasked repeats of serial number and Self-ID

  // `signer` is borrowed.
  Aircraft(AircraftIdentity identity, const Signer& signer) : identity_(std::move(identity)), signer_(signer) {}

  const AircraftIdentity& identity() const { return identity_; }
  void set_endorsement(Bytes endorsement136);

  // Before take-off: session id, Location, System, Operator ID (R-070: the default required set in one pack).
  Result<Buffer> start_pack(const FlightSample& sample, Instant now);
  // 1 Hz: Location, now and then with serial number and Self-ID.
  Result<Buffer> flight_pack(const FlightSample& sample, Instant now);
  // What a Heartbeat asks for, Location always with it; at most four messages, the rest with the next Heartbeat's flags.
  // Pages 5 and 6 asked for: a Link pack, if the endorsement is known.
  Result<Buffer> answer_pack(const cwt::MessageSet& expected, const FlightSample& sample, Instant now);
  // Plain messages only, for gateways in case c of R-056 and for tests.
  Result<Buffer> plain_pack(const FlightSample& sample, Instant now);

 private:
  Result<rid::MessageOctets> location(const FlightSample& sample, Instant now) const;
  Result<rid::MessageOctets> system(Instant now) const;
  Result<rid::MessageOctets> session_id() const;
  Result<rid::MessageOctets> serial_id() const;
  Result<rid::MessageOctets> self_id() const;
  Result<rid::MessageOctets> operator_id() const;
  Result<Buffer> wrap(std::span<const rid::MessageOctets> messages, Instant now) const;

  AircraftIdentity identity_;
  const Signer& signer_;
  int packs_ = 0;
};

// A sample as the F3411 message, sampled at `now`.
rid::Location to_location(const FlightSample& sample, Instant now);

}  // namespace nrid
