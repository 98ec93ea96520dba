// How far two positions are from each other: for plausible speeds of tracks and for flight files without speeds.
#pragma once

#include <cstdint>

namespace nrid {

// Metres between two positions in 1e-7 degrees, over the shorter way around; good to a percent below 100 km.
double distance_m(int32_t latitude_a_e7, int32_t longitude_a_e7, int32_t latitude_b_e7, int32_t longitude_b_e7);

}  // namespace nrid
