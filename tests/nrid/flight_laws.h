// What holds of every flight that a parser accepts; used by the fuzzers and by the tests that cut files.
#pragma once

#include <cstdlib>

#include "base/bytes.h"
#include "base/check.h"
#include "nrid/flight_file.h"
#include "rid/messages.h"
#include "nrid/aircraft.h"

namespace nrid {

inline void check_flight(const Flight& flight) {
  CHECK(!flight.samples.empty());
  CHECK(flight.samples.front().t_ms == 0);
  CHECK(flight.samples.size() <= kFlightSamplesMax);
  int64_t before = -1;
  for (const FlightSample& sample : flight.samples) {
    CHECK(sample.t_ms > before);
    before = sample.t_ms;
    CHECK(std::abs(static_cast<int64_t>(sample.latitude_e7)) <= 900'000'000);
    CHECK(std::abs(static_cast<int64_t>(sample.longitude_e7)) <= 1'800'000'000);
    CHECK(sample.speed_cmps && *sample.speed_cmps <= 25'425);
    CHECK(!sample.track_deg || *sample.track_deg < 360);
    CHECK(!sample.vertical_speed_cmps || std::abs(*sample.vertical_speed_cmps) <= 6200);
    CHECK(rid::encode(to_location(sample, at_second(1'780'315'200))).ok());
  }
}

inline void check_flights(const std::vector<Flight>& flights) {
  CHECK(!flights.empty() && flights.size() <= kFlightsMax);
  CHECK(choose_flight(flights, "").ok() && choose_flight(flights, std::to_string(flights.size())).ok());
  CHECK(choose_flight(flights, flights.back().name).ok());
  const auto none = choose_flight(flights, "0");
  CHECK(none.ok() ? none->name == "0" : none.text().rfind("no flight \"0\"", 0) == 0);
  for (const Flight& flight : flights) {
    check_flight(flight);
    const auto filled = fill_to_1hz(flight);
    if (!filled.ok()) continue;  // too long for 1 Hz
    check_flight(*filled);
    size_t next = 0;
    for (const FlightSample& sample : filled->samples) {
      if (sample.from_file) CHECK(sample == flight.samples[next++]);
    }
    CHECK(next == flight.samples.size());
  }
}

}  // namespace nrid
