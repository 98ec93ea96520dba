// A flight that happens now: what the aircraft and its ground station say, as F3411 messages and packs, from whatever link
// brings them (nrid/mavlink_link.h, nrid/pack_link.h). A pack under the aircraft's own Wrapper goes on untouched; loose
// messages become packs here, signed as the settings of the aircraft say, if somebody here has a key for it.
// A position leaves when it comes, at most twice a second; when none comes the last one is repeated once a second with its own
// time, and after three seconds with F3411's status "remote ID system failure".
#pragma once

#include <array>
#include <deque>
#include <functional>

#include "nrid/aircraft.h"
#include "nrid/flight_source.h"

namespace nrid {

enum class EndOn : uint8_t { inactive, landed, signal };  // what ends a live operation beside an operator
std::string_view to_word(EndOn end);

struct LivePolicy {
  bool wraps = true;                        // the key for loose messages is here
  EndOn end_on = EndOn::inactive;
  Duration end_after = seconds(5);          // so long it must stay so
  bool expect_heartbeat = false;            // MAVLink: silence of the vehicle is a failure even while positions come
};

class LiveSource final : public FlightSource {
 public:
  static constexpr Duration kFailsAfter = seconds(3);    // then the status says so
  static constexpr size_t kPacksMax = 16;                // relayed packs that wait or may answer flags

  // `aircraft` is borrowed.
  LiveSource(std::string name, Aircraft& aircraft, LivePolicy policy);

  // From the links. Errors, to be counted there: rid_type, value_range, bad_pack, bad_auth, bad_wrapper; wrong_ua (another
  // aircraft's Wrapper or session id); c2_origin (loose messages, and no key here to sign them); wrapper_expired.
  Error hear(const rid::MessageOctets& message, Now now);
  Error hear_pack(Bytes pack, Now now);
  Error hear_system_update(const std::function<Error(rid::System&)>& change);
  // A position by other means, for when the aircraft says none itself.
  void hear_fallback(rid::Location location, Instant sampled, Now now);
  // The vehicle lives; `active`: it is in operation (MAV_STATE_ACTIVE).
  void hear_heartbeat(bool active, Now now);

  // A position that is fresh enough to start with, or a pack to relay.
  bool ready(Now now) const;
  uint64_t packs_dropped() const { return packs_dropped_; }

  Det ua() const override { return aircraft_.identity().det; }
  std::string name() const override { return name_; }
  Result<SourcePack> start_pack(Now now) override;
  void begin(Now now) override;
  std::optional<Result<SourcePack>> next(Now now) override;
  Tick due() const override;
  std::optional<std::string> over(Now now) override;
  Result<SourcePack> answer_pack(const cwt::MessageSet& expected, Now now) override;
  Result<Buffer> late_pack(const rid::Location& location, Now now) override;
  SourceProgress progress() const override { return progress_; }

 private:
  struct Position {
    rid::Location location;
    Instant sampled;
    Tick heard;
  };
  struct Relayed {
    SourcePack pack;
    uint32_t types = 0;                     // message types under the Wrapper
    bool said = false;                      // left already; kept to answer flags
  };

  Error hear_location(const rid::MessageOctets& message, Now now);
  Error hear_page(const rid::MessageOctets& message, Now now);
  Error relay(Bytes pack, const rid::Evidence& evidence, Now now);
  const Position* newest(Now now) const;
  // The newest position as it may be said now: with its own time, and its failure.
  rid::Location current(const Position& position, Now now) const;
  Result<SourcePack> say(Result<Buffer> pack, const rid::Location& where, Instant sampled);
  const Relayed* best_relayed(uint32_t wanted, Now now) const;

  std::string name_;
  Aircraft& aircraft_;
  LivePolicy policy_;
  SourceProgress progress_;

  std::optional<Position> said_;            // by the aircraft
  std::optional<Position> fallback_;
  std::optional<rid::System> system_;       // for SYSTEM_UPDATE
  std::optional<Tick> heartbeat_;           // last of the vehicle
  bool fresh_ = false;                      // the newest position has not left yet
  bool urgent_ = false;                     // and its status differs from what was said
  bool changed_ = false;                    // a static message waits
  uint8_t status_said_ = 0;
  Tick last_said_;
  Tick now_;                                // of the last call, for due()

  std::deque<Relayed> relayed_;
  std::array<std::optional<rid::MessageOctets>, 16> pages_{};  // of one authentication message
  uint64_t packs_dropped_ = 0;

  bool was_active_ = false, was_airborne_ = false;
  std::optional<Tick> quiet_since_;         // inactive or landed since
};

}  // namespace nrid
