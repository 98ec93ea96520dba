#include "nrid/track.h"

#include <algorithm>

#include "nrid/distance.h"

namespace nrid {
namespace {

constexpr Duration kStale = seconds(60);    // further behind is contact and history only (NET0320)
constexpr Duration kPeriodMax = seconds(1);  // loc.max_period
constexpr Duration kDeviates = seconds(5);  // iat against Location time

Duration distance_in_time(Instant a, Instant b) { return a < b ? b - a : a - b; }

}  // namespace

bool Track::plausible(const Sighting& next) const {
  if (!last_ || !last_->latitude_e7 || !next.location->latitude_e7) return true;
  const double elapsed_s = static_cast<double>((next.sampled - last_->sampled).us) * 1e-6;
  const double moved_m = distance_m(*last_->latitude_e7, *last_->longitude_e7, *next.location->latitude_e7, *next.location->longitude_e7);
  // One step of the time stamp (0.1 s) and of GNSS noise must not look like a jump.
  return moved_m <= speed_max_mps_ * (elapsed_s + 0.1) + 1;
}

// The median of the last gaps: a lost sample or a burst does not move it. Where many are lost it is twice the period; but a
// gap of more than loc.max_period has lost one in any case, and that one may still come.
bool Track::may_leave(Instant sampled) const {
  if (!last_ || gap_count_ < 2) return false;
  std::array<Duration, 8> sorted = gaps_;
  const auto end = sorted.begin() + static_cast<std::ptrdiff_t>(std::min(gap_count_, gaps_.size()));
  const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
  std::nth_element(sorted.begin(), middle, end);
  const Duration usual = std::min(*middle, kPeriodMax);
  return (sampled - last_->sampled).us * 2 <= usual.us * 3;
}

void Track::leave_first(std::vector<Sighting>& out) {
  Sighting sighting = std::move(held_.front().sighting);
  held_.pop_front();
  leave(std::move(sighting), out);
}

void Track::leave(Sighting sighting, std::vector<Sighting>& out) {
  if (!plausible(sighting)) sighting.anomaly = true;
  if (last_) gaps_[gap_count_++ % gaps_.size()] = sighting.sampled - last_->sampled;
  last_ = Point{sighting.sampled, sighting.location->latitude_e7, sighting.location->longitude_e7};
  out.push_back(std::move(sighting));
}

bool Track::stale(Instant sampled, Instant signed_at) { return distance_in_time(sampled, signed_at) > kStale; }

// False when a sample of that moment came before. The oldest moments are forgotten.
bool Track::first_of(Instant sampled) {
  const int64_t moment = sampled.us / 100'000, word = moment / 64;
  make_room_for(word);
  if (word < first_word_) return true;
  uint64_t& bits = moments_[static_cast<size_t>(word - first_word_)];
  const uint64_t before = bits;
  bits |= uint64_t{1} << (moment % 64);
  return bits != before;
}

// Leaves `word` outside when it is older than what is kept.
void Track::make_room_for(int64_t word) {
  constexpr int64_t kWords = kMomentsKept / 64, kStep = 16;
  if (moments_.empty()) first_word_ = word;
  const auto size = [this] { return static_cast<int64_t>(moments_.size()); };
  if (word < first_word_) {
    const int64_t missing = first_word_ - word;
    if (size() + missing > kWords) return;
    moments_.insert(moments_.begin(), static_cast<size_t>(missing), 0);
    first_word_ = word;
    return;
  }
  if (const int64_t over = word - first_word_ - kWords + 1; over > 0) {
    moments_.erase(moments_.begin(), moments_.begin() + std::min(over, size()));
    first_word_ += over;
  }
  const int64_t needed = std::max(size(), word - first_word_ + 1);
  moments_.reserve(static_cast<size_t>((needed + kStep - 1) / kStep * kStep));
  moments_.resize(static_cast<size_t>(needed));
}

void Track::add(Sighting sighting, Tick now, std::vector<Sighting>& out) {
  const Duration deviation = distance_in_time(sighting.sampled, sighting.signed_at);
  if (deviation > kDeviates) sighting.anomaly = true;
  const bool is_stale = stale(sighting.sampled, sighting.signed_at);
  const bool far_ahead = is_stale && sighting.sampled > sighting.signed_at;  // would push out all others
  if (!far_ahead && !first_of(sighting.sampled)) {  // a second pack about one moment: its other messages count, its point is there already
    sighting.location.reset();
    out.push_back(std::move(sighting));
    return;
  }
  if (is_stale || (last_ && sighting.sampled < last_->sampled)) {
    sighting.late = true;
    out.push_back(std::move(sighting));
    return;
  }
  if (held_.empty() && may_leave(sighting.sampled)) return leave(std::move(sighting), out);
  const auto place = std::lower_bound(held_.begin(), held_.end(), sighting.sampled,
                                      [](const Held& held, Instant at) { return held.sighting.sampled < at; });
  held_.insert(place, Held{std::move(sighting), now + window_});
  if (held_.size() > kHeldMax) leave_first(out);
  release(now, out);
}

void Track::release(Tick now, std::vector<Sighting>& out) {
  // A sample that waited long enough takes with it all that is older.
  size_t over = 0, place = 0;
  for (const Held& held : held_) {
    ++place;
    if (held.release_by <= now) over = place;
  }
  while (over-- > 0) leave_first(out);
  while (!held_.empty() && may_leave(held_.front().sighting.sampled)) leave_first(out);
}

void Track::flush(std::vector<Sighting>& out) {
  while (!held_.empty()) leave_first(out);
}

std::optional<Tick> Track::due() const {
  std::optional<Tick> due;
  for (const Held& held : held_) {
    if (!due || held.release_by < *due) due = held.release_by;
  }
  return due;
}

}  // namespace nrid
