// The example of examples/ works as it says.
#include <gtest/gtest.h>

#include "examples/hello_module.cc"
#include "tests/modules/sightings.h"
#include "tests/modules/test_host.h"

namespace nrid {
namespace {

TEST(HelloModule, CountsAnswersAndTells) {
  const ManualClock clock(at_second(1'800'000'000));
  test::TestHost host(clock);
  examples::HelloModule hello;
  ASSERT_TRUE(hello.start(host).ok());
  const std::vector<Sighting> batch(3, test::sighting_at(1, clock.now().wall, 1, 2));
  hello.on_sightings(batch);
  hello.on_event(test::event_of(FlightEventKind::started, 1, clock.now().wall));
  hello.on_event(test::event_of(FlightEventKind::ended, 1, clock.now().wall));
  EXPECT_EQ(host.counter("hello_sightings"), 3u);
  EXPECT_EQ(host.get("/api/hello").body, "{\"sightings\":3}\n");
  ASSERT_EQ(host.stream.seen.size(), 1u);
  EXPECT_EQ(host.stream.seen[0].json, "{\"det\":\"2001:3f:fe00:a05:7d9d:8c5e:da00:df01\"}");
}

}  // namespace
}  // namespace nrid
