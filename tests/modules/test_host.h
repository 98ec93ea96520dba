// A module host for tests: keeps what a module declares and publishes, runs jobs at once.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nrid/module.h"

namespace nrid::test {

class TestHost final : public ModuleHost {
 public:
  struct Event { std::string name; std::string json; };
  class Events final : public EventStream {
   public:
    void publish(std::string_view event, std::string_view json) override {
      seen.push_back({std::string(event), std::string(json)});
      if (forward) forward->publish(event, json);
    }
    std::vector<Event> seen;
    EventStream* forward = nullptr;
  };
  class NoCalls final : public HttpCaller {
   public:
    HttpAnswer call(const HttpCall&) override { return {0, "", "no calls in this test"}; }
  };
  struct DeclaredCounter { std::string name; std::function<uint64_t()> read; };

  explicit TestHost(const Clock& clock) : clock_(clock) {}

  StatusOr<SettingsSection> settings(std::string_view module) override {
    if (!file) return Status::failed("no settings in this test");
    return file->section(module);
  }
  StatusOr<std::shared_ptr<Store>> store(std::string_view) override { return Status::failed("no store in this test"); }
  void add_routes(std::string_view, std::vector<Route> list) override {
    for (Route& route : list) routes.push_back(std::move(route));
  }
  void add_page_part(std::string_view module, PagePart part) override { parts.emplace_back(std::string(module), std::move(part)); }
  void add_counter(std::string_view name, std::string_view, std::function<uint64_t()> read) override {
    counters.push_back({std::string(name), std::move(read)});
  }
  void subscribe(std::string_view, std::function<void(const BusMessage&)>) override {}
  void publish(const BusMessage&, bool) override {}
  EventStream& events() override { return stream; }
  HttpCaller& http() override { return calls_; }
  void run(std::function<void()> work, std::function<void()> then) override {
    work();
    then();
  }
  void post(std::function<void()> work) override { work(); }
  Now now() const override { return clock_.now(); }
  Status add_key(const Det&, const PublicKey&, Instant) override { return {}; }
  void revoke(const Det&) override {}
  void allow_gateway(const Det&, const Det&, bool) override {}
  Status end_operation(const Det&, std::string_view) override { return {}; }
  Status redirect(const Det&, const Det&) override { return {}; }

  uint64_t counter(std::string_view name) const {
    for (const DeclaredCounter& row : counters) {
      if (row.name == name) return row.read();
    }
    CHECK(!"counter was declared");
    return 0;
  }
  HttpResponse get(std::string_view path, HttpRequest request = {}) const {
    for (const Route& route : routes) {
      if (route.path == path) return route.handler(request);
    }
    CHECK(!"route was declared");
    return {};
  }

  Events stream;
  const Settings* file = nullptr;
  std::vector<Route> routes;
  std::vector<std::pair<std::string, PagePart>> parts;
  std::vector<DeclaredCounter> counters;

 private:
  const Clock& clock_;
  NoCalls calls_;
};

}  // namespace nrid::test
