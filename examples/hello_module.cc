// The smallest module: counts sightings, answers GET /api/hello, tells pages when a flight starts. A real one is a folder
// under modules/ with the class in its own header, a README and tests. apps/server/main.cc makes it and names it in the
// list given to Provider; the rows of its settings, if it has any, join those in known_settings() there.
#include <atomic>
#include <string>

#include "nrid/module.h"

namespace nrid::examples {

class HelloModule final : public Module {
 public:
  std::string_view name() const override { return "hello"; }

  Status start(ModuleHost& host) override {
    host_ = &host;
    host.add_counter("hello_sightings", "sightings that said hello", [this] { return seen_.load(); });
    host.add_routes("hello", {{"GET", "/api/hello", Role::viewer, "how many sightings there were", [this](const HttpRequest&) {
                                 HttpResponse response;  // on a web thread: only the atomic is read
                                 response.body = "{\"sightings\":" + std::to_string(seen_.load()) + "}\n";
                                 return response;
                               }}});
    return {};
  }
  void on_sightings(std::span<const Sighting> batch) override { seen_ += batch.size(); }
  void on_event(const FlightEvent& event) override {
    if (event.kind == FlightEventKind::started) host_->events().publish("hello", "{\"det\":\"" + to_text(event.ua) + "\"}");
  }
  void on_tick(Instant) override {}

 private:
  ModuleHost* host_ = nullptr;
  std::atomic<uint64_t> seen_{0};
};

}  // namespace nrid::examples
