// Server-sent events to all open pages (WHATWG HTML section 9.2): the EventStream that modules publish to. Each page has
// a bounded queue; a page that does not keep up loses what is queued (counted as event_dropped) and then hears one
// `resync`, on which it reads its snapshot again. The hub knows no sockets: it feeds sinks that web/http_server.cc opens.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "nrid/http.h"

namespace nrid::web {

// One open connection. send() returns at once and later calls `done` exactly once, from any thread: true when the
// octets went to the kernel, false when the connection is gone. The hub has at most one send() under way per sink.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void send(std::string octets, std::function<void(bool)> done) = 0;
  virtual void close() = 0;
};

struct SseLimits {
  size_t clients_max = 64;
  size_t queue_max = 1024;           // events waiting for one page
};

class SseHub final : public EventStream {
 public:
  // `counters` is added to under the hub's lock only; give it a block of its own.
  explicit SseHub(CounterBlock& counters, SseLimits limits = {});
  ~SseHub() override;
  SseHub(const SseHub&) = delete;
  SseHub& operator=(const SseHub&) = delete;

  void publish(std::string_view event, std::string_view json) override;

  // False when clients_max pages are open already; the sink is then not used.
  bool open(std::shared_ptr<EventSink> sink);
  bool full() const;
  size_t clients() const;
  void close_all();                  // and every later open() is refused

 private:
  struct Client;
  void pump(const std::shared_ptr<Client>& client);
  void sent(const std::shared_ptr<Client>& client, bool ok);

  CounterBlock& counters_;
  const SseLimits limits_;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Client>> clients_;
  bool closed_ = false;
};

// One event as it goes over the wire; line ends inside `json` become further data lines.
std::string sse_text(std::string_view event, std::string_view json);

}  // namespace nrid::web
