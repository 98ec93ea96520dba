// How modules plug in. A module is one folder under modules/; main() adds it by name, in order. The record thread owns
// all modules: their methods are plain code without locks, and return within 1 ms (measured, counted as handler_slow).
// Disk, XML, DNS and HTTP work goes to host.run() and comes back on the record thread.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/counters.h"
#include "base/ed25519.h"
#include "base/result.h"
#include "base/settings.h"
#include "base/store.h"
#include "nrid/http.h"
#include "nrid/sighting.h"

namespace nrid {

// A message between modules on a topic ("op.started"). Durable topics go through the host's outbox table and are
// delivered at least once, also after a restart; the rest at most once.
struct BusMessage {
  std::string topic;
  std::string key;
  std::string json;
};

class ModuleHost {
 public:
  virtual ~ModuleHost() = default;

  // While start() runs.
  virtual StatusOr<SettingsSection> settings(std::string_view module) = 0;  // the [module] table of the settings file
  virtual StatusOr<std::shared_ptr<Store>> store(std::string_view module) = 0;
  virtual void add_routes(std::string_view module, std::vector<Route> routes) = 0;
  virtual void add_page_part(std::string_view module, PagePart part) = 0;
  virtual void add_counter(std::string_view name, std::string_view text, std::function<uint64_t()> read) = 0;
  virtual void subscribe(std::string_view topic, std::function<void(const BusMessage&)> handler) = 0;

  // At any time, from the record thread.
  virtual void publish(const BusMessage& message, bool durable) = 0;
  virtual EventStream& events() = 0;                                       // any thread
  virtual HttpCaller& http() = 0;                                          // inside run() only
  virtual void run(std::function<void()> work, std::function<void()> then) = 0;  // worker thread, then record thread
  virtual void post(std::function<void()> on_record_thread) = 0;           // any thread
  virtual Now now() const = 0;

  // The way back into the server. All take effect on the next datagram; any thread.
  virtual Status add_key(const Det& det, const PublicKey& key, Instant valid_until) = 0;
  virtual void revoke(const Det& det) = 0;
  virtual void allow_gateway(const Det& gateway, const Det& ua, bool allowed) = 0;  // who may speak for whom
  virtual Status end_operation(const Det& ua, std::string_view reason) = 0;         // eoo-cwt code 2
  virtual Status redirect(const Det& ua, const Det& new_sp) = 0;                    // to a peer of the signed list
};

class Module {
 public:
  virtual ~Module() = default;
  virtual std::string_view name() const = 0;
  virtual Status start(ModuleHost& host) = 0;
  virtual void on_sightings(std::span<const Sighting> batch) = 0;  // verified, in order per aircraft
  virtual void on_event(const FlightEvent& event) = 0;
  virtual void on_tick(Instant now) = 0;                           // about once a second
  virtual void stop() {}                                           // last call; no further handler runs
};

// Refuses inline. Called on verify workers: const, lock-free, no allocation; reads the module's published snapshot.
class Gate {
 public:
  virtual ~Gate() = default;
  virtual Error before_signature(const Det& kid, Now now) const = 0;                 // Error::none lets pass
  virtual Error after_signature(const Det& kid, const Det& ua, Now now) const = 0;
};

}  // namespace nrid
