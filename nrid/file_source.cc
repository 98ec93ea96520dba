#include "nrid/file_source.h"

#include <algorithm>

namespace nrid {
namespace {

constexpr Duration kSendGap = milliseconds(200);   // five a second at most, far below the provider's rate
constexpr Duration kAfterFlight = seconds(1);      // from the last sample to the end of the operation

}  // namespace

FileSource::FileSource(Flight flight, FilePace pace, Aircraft& aircraft, std::function<void()> on_lap)
    : flight_(std::move(flight)), pace_(pace), aircraft_(aircraft), on_lap_(std::move(on_lap)) {
  CHECK(!flight_.samples.empty());
  progress_.count = flight_.samples.size();
}

Result<SourcePack> FileSource::start_pack(Now now) {
  progress_.sample = flight_.samples.front();
  progress_.sample.status = static_cast<uint8_t>(rid::Status::ground);  // before the operation commences
  const rid::Location where = to_location(progress_.sample, now.wall);
  TRY(pack, aircraft_.start_pack(where, now.wall));
  return SourcePack{std::move(pack), now.wall, where, std::nullopt};
}

void FileSource::begin(Now now) {
  took_off_ = next_due_ = now.tick;
  next_sample_ = 0;
}

std::optional<std::string> FileSource::over(Now now) {
  const bool flown = next_sample_ == flight_.samples.size();
  if (!flown || pace_.loop || now.tick < next_due_) return std::nullopt;
  return "flight over";
}

std::optional<Result<SourcePack>> FileSource::next(Now now) {
  if (now.tick < next_due_) return std::nullopt;
  const auto& samples = flight_.samples;
  if (next_sample_ == samples.size()) {
    if (!pace_.loop) return std::nullopt;
    begin(now);
    on_lap_();
  }
  const auto flown_ms = static_cast<int64_t>(static_cast<double>((now.tick - took_off_).us) / 1000 * pace_.speed);
  while (next_sample_ + 1 < samples.size() && samples[next_sample_ + 1].t_ms <= flown_ms) ++next_sample_;
  progress_.sample = samples[next_sample_];
  progress_.number = ++next_sample_;
  if (next_sample_ == samples.size()) {
    next_due_ = now.tick + kAfterFlight;
  } else {
    const auto at_us = static_cast<int64_t>(static_cast<double>(samples[next_sample_].t_ms) * 1000 / pace_.speed);
    next_due_ = std::max(took_off_ + Duration{at_us}, now.tick + kSendGap);
  }
  const rid::Location where = to_location(progress_.sample, now.wall);
  auto pack = aircraft_.flight_pack(where, now.wall);
  if (!pack.ok()) return Result<SourcePack>(pack.error());
  return Result<SourcePack>(SourcePack{std::move(*pack), now.wall, where, std::nullopt});
}

Result<SourcePack> FileSource::answer_pack(const cwt::MessageSet& expected, Now now) {
  const rid::Location where = to_location(progress_.sample, now.wall);
  TRY(pack, aircraft_.answer_pack(expected, where, now.wall));
  return SourcePack{std::move(pack), now.wall, where, std::nullopt};
}

}  // namespace nrid
