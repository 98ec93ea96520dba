// The same law as for CSV, with XML and InterUSS's conventions in front. XML itself keeps to whatever limits it is given.
#include "base/check.h"
#include "tests/nrid/flight_laws.h"
#include "wire/xml.h"

static void within(const nrid::XmlElement& element, int depth, size_t& count) {
  CHECK(depth > 0 && count-- > 0);
  for (const nrid::XmlElement& child : element.children) within(child, depth - 1, count);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto flights = nrid::parse_flight_kml(nrid::as_text({data, size}), "fuzz.kml");
  if (flights.ok()) nrid::check_flights(*flights);
  constexpr nrid::XmlLimits kSmall{512, 6, 12};
  const auto root = nrid::parse_xml(nrid::as_text({data, size}), "fuzz.kml", kSmall);
  CHECK(!root.ok() || size <= kSmall.octets_max);
  size_t elements = kSmall.elements_max;
  if (root.ok()) within(*root, kSmall.depth_max, elements);
  return 0;
}
