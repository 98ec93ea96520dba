// Where a flight comes from, as the gateway sees it: a flight file, a flight controller's MAVLink, or the packs that the
// aircraft itself broadcasts. A source knows what is to be said and when, and makes Message Packs of it; the gateway knows
// the provider. One object is one operation; one thread.
#pragma once

#include <optional>
#include <string>

#include "cwt/claims.h"
#include "nrid/flight_file.h"
#include "rid/messages.h"

namespace nrid {

struct SourcePack {
  Buffer pack;
  Instant sampled;                          // when its position was true
  std::optional<rid::Location> location;    // what a later copy is signed from; nullopt: only the aircraft could sign it
  std::optional<Instant> good_until;        // end of the Wrapper's window, where only the aircraft could renew it
};

struct SourceProgress {                     // for people
  FlightSample sample;                      // last one said
  size_t number = 0;
  size_t count = 0;                         // 0: nobody knows how many there will be
};

class FlightSource {
 public:
  virtual ~FlightSource() = default;
  virtual Det ua() const = 0;
  virtual std::string name() const = 0;

  // Before take-off. Errors: those of the messages' encoders; bad_pack when there is nothing to say yet.
  virtual Result<SourcePack> start_pack(Now now) = 0;
  // The provider has said that nothing is missing.
  virtual void begin(Now now) = 0;
  // What is due, if anything. An error is one position that no message can carry; the next one may fit.
  virtual std::optional<Result<SourcePack>> next(Now now) = 0;
  // When next() or over() may have more to say, at the latest.
  virtual Tick due() const = 0;
  // Why the flight is over; nullopt while it is not.
  virtual std::optional<std::string> over(Now now) = 0;
  // What a Heartbeat asks for.
  virtual Result<SourcePack> answer_pack(const cwt::MessageSet& expected, Now now) = 0;
  // An earlier position under a new Wrapper. Errors: bad_wrapper when only the aircraft could sign.
  virtual Result<Buffer> late_pack(const rid::Location& location, Now now) = 0;
  virtual SourceProgress progress() const = 0;
};

}  // namespace nrid
