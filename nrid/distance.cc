#include "nrid/distance.h"

#include <cmath>

namespace nrid {
namespace {

constexpr double kRadians = 3.14159265358979323846 / 180.0 * 1e-7;
constexpr double kEarthRadius = 6'371'008.8;

}  // namespace

double distance_m(int32_t latitude_a_e7, int32_t longitude_a_e7, int32_t latitude_b_e7, int32_t longitude_b_e7) {
  const double north = (static_cast<double>(latitude_b_e7) - latitude_a_e7) * kRadians;
  const double middle = (static_cast<double>(latitude_b_e7) + latitude_a_e7) / 2 * kRadians;
  double turn = static_cast<double>(longitude_b_e7) - longitude_a_e7;
  if (turn > 1.8e9) turn -= 3.6e9;
  if (turn < -1.8e9) turn += 3.6e9;
  return kEarthRadius * std::hypot(north, turn * kRadians * std::cos(middle));
}

}  // namespace nrid
