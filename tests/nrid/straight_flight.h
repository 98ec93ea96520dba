// A flight northwards, one sample a second: what else a sample says is the test's.
#pragma once

#include "nrid/flight_file.h"

namespace nrid::testing {

inline Flight straight_flight(int seconds_long, FlightSample sample) {
  Flight flight;
  flight.name = "straight";
  for (int t = 0; t <= seconds_long; ++t) {
    sample.t_ms = t * 1000;
    sample.latitude_e7 = 473'900'000 + t * 900;
    sample.longitude_e7 = 85'400'000;
    flight.samples.push_back(sample);
  }
  derive_motion(flight);
  return flight;
}

}  // namespace nrid::testing
