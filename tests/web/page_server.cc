// A page with invented flights, to work on the map without a server, keys and DNS, and for the browser test.
//   page_server [PORT] [AIRCRAFT] [STOP_AFTER_S]      prints the address; the flights circle until it is ended
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "modules/fleet/fleet.h"
#include "tests/modules/sightings.h"
#include "tests/modules/test_host.h"
#include "web/http_server.h"

namespace {

using namespace nrid;

constexpr std::string_view kTexts[] = {"Delivery run 12", "Survey of the dam", "<img src=x onerror=1>", "Crossing, two hops"};

Sighting circling(uint8_t aircraft, Instant now) {
  const double turn = static_cast<double>(now.us) / 1e6 / (12.0 + aircraft) + aircraft;
  const double radius = 9000 + 2500.0 * aircraft;
  const double north = std::cos(turn);
  const double east = std::sin(turn);
  Sighting s = test::sighting_at(aircraft, now, 485'370'000 + aircraft * 42'000 + static_cast<int32_t>(radius * north),
                                 90'512'000 - aircraft * 61'000 + static_cast<int32_t>(1.5 * radius * east));
  s.location->track_deg = static_cast<uint16_t>(std::fmod(turn * 57.29578 + 90, 360));
  s.self_id = test::self_id_of(kTexts[aircraft % 4]);
  s.operator_id = test::operator_id_of("FIN87astrdge12k8");
  s.basic_id = rid::BasicId::of_session(s.ua, 2);
  s.evidence = std::make_shared<const std::string>("CWT signed by gateway " + to_text(s.gateway) + ", Wrapper signed by the aircraft; its chain " + to_text(s.ua) +
               " < 2001:3f:fe00:a05:9b1c:55aa:d201:eee5 < 2001:3f:fe00:5:1177:8899:aabb:7789 (anchor)");
  if (aircraft % 4 == 3) {
    s.verdict = Verdict::c2;
    s.origin = Origin::c2;
    s.evidence = std::make_shared<const std::string>("CWT signed by gateway " + to_text(s.gateway) + "; the pack has no Wrapper, so the aircraft vouches for nothing");
  }
  return s;
}

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int index, int fallback) { return argc > index ? std::atoi(argv[index]) : fallback; };
  const SystemClock clock;
  Counters counters;
  web::SseHub hub(counters.add_block());
  test::TestHost host(clock);
  host.stream.forward = &hub;
  fleet::Fleet fleet(clock);
  if (const Status started = fleet.start(host); !started) return std::fprintf(stderr, "%s\n", started.text().c_str()), 1;

  web::HttpOptions options;
  options.port = static_cast<uint16_t>(argument(1, 0));
  web::HttpServer http(options, hub);
  http.add_routes("fleet", host.routes);
  for (const auto& [module, part] : host.parts) http.add_page_part(module, part);
  if (const Status started = http.start(); !started) return std::fprintf(stderr, "%s\n", started.text().c_str()), 1;
  std::printf("http://127.0.0.1:%u/\n", http.port());
  std::fflush(stdout);

  const int aircraft = argument(2, 2);
  const int stop_after = argument(3, 3600);
  for (int second = 0; second < stop_after; ++second) {
    const Instant now = clock.now().wall;
    std::vector<Sighting> batch;
    for (int i = 0; i < aircraft; ++i) batch.push_back(circling(static_cast<uint8_t>(i), now));
    fleet.on_sightings(batch);
    if (second == 1) {
      for (int i = 0; i < aircraft; ++i) fleet.on_event(test::event_of(FlightEventKind::active, static_cast<uint8_t>(i), now));
    }
    fleet.on_tick(now);
    host.stream.seen.clear();
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  http.stop();
  return 0;
}
