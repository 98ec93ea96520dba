// The same law as for CSV, with XML and InterUSS's conventions in front.
#include "base/check.h"
#include "tests/nrid/flight_laws.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto flights = nrid::parse_flight_kml(nrid::as_text({data, size}), "fuzz.kml");
  if (flights.ok()) nrid::check_flights(*flights);
  return 0;
}
