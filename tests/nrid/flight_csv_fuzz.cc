// A flight that is accepted has samples in order, within range, and filling it to 1 Hz keeps every one of them.
#include "base/check.h"
#include "tests/nrid/flight_laws.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto flights = nrid::parse_flight_csv(nrid::as_text({data, size}), "fuzz.csv");
  if (flights.ok()) nrid::check_flights(*flights);
  return 0;
}
