// The ModuleHost on the record thread: settings sections, one store file per module, routes, page parts, counters, the
// bus with its outbox, workers for run(), post(). Sightings and events come from the shards through one ring; modules see
// them in order per aircraft. Web threads never enter: they read routes() once at start and call handlers.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "base/ring.h"
#include "nrid/module.h"

namespace nrid {

// What shards and workers tell the record thread.
struct Record {
  std::variant<std::monostate, Sighting, FlightEvent> what;
};

// The way back into the server (module.h); the server fills it in.
struct ServerControl {
  std::function<Status(const Det&, const PublicKey&, Instant)> add_key;
  std::function<void(const Det&)> revoke;
  std::function<void(const Det& gateway, const Det& ua, bool allowed)> allow_gateway;
  std::function<Status(const Det& ua, std::string_view reason)> end_operation;
  std::function<Status(const Det& ua, const Det& new_sp)> redirect;
};

struct HostParts {
  const Clock& clock;
  EventStream& events;
  HttpCaller& http;
  CounterBlock& counters;             // the record thread's block
  const Settings* settings = nullptr; // null in tests: every section is missing
  std::string data_dir;               // "" keeps stores in memory
  int workers = 0;                    // threads for run(); 0: step() runs the work itself
  size_t record_ring = 16'384;
};

struct HostCounter {
  std::string name;
  std::string text;
  std::function<uint64_t()> read;
};
struct HostPagePart {
  std::string module;
  PagePart part;
};
struct HostRoute {
  std::string module;
  Route route;
};

class Host final : public ModuleHost {
 public:
  explicit Host(HostParts parts);
  ~Host() override;
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  void add(Module& module) { modules_.push_back(&module); }   // in order; before start()
  void set_control(ServerControl control) { control_ = std::move(control); }
  // Opens the outbox, starts the modules in order, delivers what the outbox still holds. The Status names the module.
  Status start();
  // One round on the record thread; returns how many records, posts and messages it handled.
  size_t step(Now now);
  // When the modules' tick is due.
  Tick next_due() const;
  // Waits for records until `wait` is over.
  void wait(Duration wait) { records_.wait(wait); }
  void wake() { records_.wake(); }
  // Ends workers, runs what is queued, calls stop() on the modules in reverse order.
  void stop();

  Ring<Record>& records() { return records_; }
  // Read after start(), by web/.
  const std::vector<HostRoute>& routes() const { return routes_; }
  const std::vector<HostPagePart>& page_parts() const { return page_parts_; }
  const std::vector<HostCounter>& counters() const { return counters_; }

  // ModuleHost
  StatusOr<SettingsSection> settings(std::string_view module) override;
  StatusOr<std::shared_ptr<Store>> store(std::string_view module) override;
  void add_routes(std::string_view module, std::vector<Route> routes) override;
  void add_page_part(std::string_view module, PagePart part) override;
  void add_counter(std::string_view name, std::string_view text, std::function<uint64_t()> read) override;
  void subscribe(std::string_view topic, std::function<void(const BusMessage&)> handler) override;
  void publish(const BusMessage& message, bool durable) override;
  EventStream& events() override { return parts_.events; }
  HttpCaller& http() override { return parts_.http; }
  void run(std::function<void()> work, std::function<void()> then) override;
  void post(std::function<void()> on_record_thread) override;
  Now now() const override { return parts_.clock.now(); }
  Status add_key(const Det& det, const PublicKey& key, Instant valid_until) override;
  void revoke(const Det& det) override;
  void allow_gateway(const Det& gateway, const Det& ua, bool allowed) override;
  Status end_operation(const Det& ua, std::string_view reason) override;
  Status redirect(const Det& ua, const Det& new_sp) override;

 private:
  struct Job {
    std::function<void()> work;
    std::function<void()> then;
  };
  struct Queued {
    BusMessage message;
    int64_t outbox_id = 0;              // 0: not durable
  };

  size_t deliver_records(Now now);
  size_t deliver_posts();
  size_t deliver_bus();
  void deliver_sightings();
  void work_loop();
  void run_one(Job job);
  Status open_outbox();
  template <class Call>
  void timed(std::string_view module, Call call);

  HostParts parts_;
  ServerControl control_;
  std::vector<Module*> modules_;
  size_t started_ = 0;
  Ring<Record> records_;
  std::vector<Record> batch_;
  std::vector<Sighting> sightings_;
  Tick ticked_;
  bool stopped_ = false;

  std::vector<HostRoute> routes_;
  std::vector<HostPagePart> page_parts_;
  std::vector<HostCounter> counters_;
  std::map<std::string, std::shared_ptr<Store>, std::less<>> stores_;
  std::multimap<std::string, std::function<void(const BusMessage&)>, std::less<>> subscribers_;
  std::deque<Queued> bus_;
  std::shared_ptr<Store> outbox_;

  std::mutex posts_mutex_;
  std::vector<std::function<void()>> posts_;

  std::mutex jobs_mutex_;
  std::condition_variable jobs_wake_;
  std::deque<Job> jobs_;
  bool jobs_end_ = false;
  std::vector<std::thread> threads_;
};

// For programs without a page and for tests.
class NullEventStream final : public EventStream {
 public:
  void publish(std::string_view, std::string_view) override {}
};
class NoHttpCaller final : public HttpCaller {
 public:
  HttpAnswer call(const HttpCall&) override { return {0, "", "this program makes no HTTP calls"}; }
};

}  // namespace nrid
