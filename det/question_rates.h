// What DetRates of nrid/ is for signatures, for DNS questions: a bucket per zone and one for all (resilience.md T27). Not locked.
#pragma once

#include <algorithm>
#include <map>
#include <utility>

#include "base/clock.h"
#include "base/det.h"

namespace nrid::det {

class QuestionRates {
 public:
  QuestionRates(double zone_per_s, double all_per_s) : zone_per_s_(zone_per_s), all_per_s_(all_per_s), all_{all_per_s, {}} {}

  bool take(const Det& det, double from_zone, double from_all, Tick now) {
    const std::pair<uint16_t, uint16_t> hid{det.raa(), det.hda()};
    const auto at = zones_.find(hid);
    Bucket zone = at != zones_.end() ? at->second : Bucket{zone_per_s_, now};
    fill(zone, zone_per_s_, now);
    fill(all_, all_per_s_, now);
    if (zone.tokens < from_zone || all_.tokens < from_all) return false;  // a zone in trouble spends nothing of the others
    zone.tokens -= from_zone;
    all_.tokens -= from_all;
    if (zones_.size() >= kZonesMax && at == zones_.end()) forget_full(now);
    zones_[hid] = zone;
    return true;
  }

 private:
  struct Bucket {
    double tokens = 0;
    Tick filled;
  };
  static constexpr size_t kZonesMax = 4096;  // beyond it goes what is full again after a second without a question

  static void fill(Bucket& bucket, double per_s, Tick now) {
    if (now <= bucket.filled) return;
    bucket.tokens = std::min(per_s, bucket.tokens + static_cast<double>((now - bucket.filled).us) * 1e-6 * per_s);
    bucket.filled = now;
  }
  // The bucket for all admits no more than two seconds of it in one second, so that those in use are few.
  void forget_full(Tick now) {
    std::erase_if(zones_, [&](const auto& zone) { return now - zone.second.filled >= seconds(1); });
  }

  const double zone_per_s_;
  const double all_per_s_;
  Bucket all_;
  std::map<std::pair<uint16_t, uint16_t>, Bucket> zones_;
};

}  // namespace nrid::det
