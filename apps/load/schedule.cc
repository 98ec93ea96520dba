#include "apps/load/schedule.h"

#include <charconv>
#include <cmath>

#include "base/text.h"

namespace nrid::load {

StatusOr<std::vector<double>> parse_rates(std::string_view text) {
  std::vector<double> rates;
  for (std::string_view rest = text;;) {
    const size_t comma = rest.find(',');
    const std::string_view word = trimmed(rest.substr(0, comma));
    double rate = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), rate);
    if (word.empty() || error != std::errc() || end != word.data() + word.size() || !(rate >= 1 && rate <= kRateMax)) {
      return Status::failed("rate \"" + std::string(word) + "\": 1 to " + std::to_string(static_cast<int>(kRateMax)) + " messages a second");
    }
    rates.push_back(rate);
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  if (rates.size() > kStepsMax) return Status::failed(std::to_string(rates.size()) + " steps; at most " + std::to_string(kStepsMax));
  return rates;
}

std::vector<int64_t> send_offsets_us(const Step& step, Arrivals arrivals, Random& random) {
  std::vector<int64_t> out;
  const double gap_us = 1e6 / step.rate;
  out.reserve(static_cast<size_t>(static_cast<double>(step.length.us) / gap_us) + 1);
  double at = 0;
  for (size_t n = 0; n < kMessagesMax; ++n) {
    at = arrivals == Arrivals::even ? static_cast<double>(n) * gap_us : at - std::log(1 - random.unit()) * gap_us;
    const auto offset = static_cast<int64_t>(at);
    if (offset >= step.length.us) break;
    out.push_back(offset);
  }
  return out;
}

}  // namespace nrid::load
