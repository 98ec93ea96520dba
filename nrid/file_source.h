// A flight on file, flown in real time or faster; samples leave exactly as they stand in the file.
#pragma once

#include <functional>

#include "nrid/aircraft.h"
#include "nrid/flight_source.h"

namespace nrid {

struct FilePace {
  double speed = 1;                         // flight seconds per second
  bool loop = false;
};

class FileSource final : public FlightSource {
 public:
  // `aircraft` is borrowed; `on_lap` hears of each new lap.
  FileSource(Flight flight, FilePace pace, Aircraft& aircraft, std::function<void()> on_lap);

  Det ua() const override { return aircraft_.identity().det; }
  std::string name() const override { return flight_.name; }
  Result<SourcePack> start_pack(Now now) override;
  void begin(Now now) override;
  std::optional<Result<SourcePack>> next(Now now) override;
  Tick due() const override { return next_due_; }
  std::optional<std::string> over(Now now) override;
  Result<SourcePack> answer_pack(const cwt::MessageSet& expected, Now now) override;
  Result<Buffer> late_pack(const rid::Location& location, Now now) override { return aircraft_.location_pack(location, now.wall); }
  SourceProgress progress() const override { return progress_; }

 private:
  Flight flight_;
  FilePace pace_;
  Aircraft& aircraft_;
  std::function<void()> on_lap_;
  SourceProgress progress_;
  Tick took_off_;
  Tick next_due_;
  size_t next_sample_ = 0;
};

}  // namespace nrid
