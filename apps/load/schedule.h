// When what leaves, fixed before the run: an open loop. A server that is slow does not slow the generator down, and latency
// counts from the time that stands here, not from when the datagram happened to leave; else the slowest moments would be
// the ones with the fewest samples (coordinated omission).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"

namespace nrid::load {

inline constexpr double kRateMax = 2'000'000;           // messages a second of one step
inline constexpr size_t kStepsMax = 64;
inline constexpr size_t kMessagesMax = 4'000'000;       // of one run, signed or not

enum class Arrivals : uint8_t { even, poisson };        // poisson: as many aircraft that know nothing of each other

struct Step {
  double rate = 0;                                      // messages a second
  Duration length;
};

// "1000,2000,4000": one step each. The Status names the value and the range.
StatusOr<std::vector<double>> parse_rates(std::string_view text);

// Offsets from the start of the step, ascending, all below its length. Equal randomness, equal offsets.
std::vector<int64_t> send_offsets_us(const Step& step, Arrivals arrivals, Random& random);

}  // namespace nrid::load
