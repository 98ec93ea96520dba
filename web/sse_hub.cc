#include "web/sse_hub.h"

#include <algorithm>

#include "base/check.h"

namespace nrid::web {

struct SseHub::Client {
  std::shared_ptr<EventSink> sink;
  std::deque<std::shared_ptr<const std::string>> queue;
  bool sending = false;
  bool gone = false;
};

std::string sse_text(std::string_view event, std::string_view json) {
  CHECK(event.find_first_of("\r\n") == std::string_view::npos);
  std::string out;
  out.reserve(event.size() + json.size() + 32);
  out.append("event: ").append(event).append("\ndata: ");
  for (const char c : json) {
    if (c == '\r') continue;
    out.push_back(c);
    if (c == '\n') out.append("data: ");
  }
  out.append("\n\n");
  return out;
}

SseHub::SseHub(CounterBlock& counters, SseLimits limits) : counters_(counters), limits_(limits) {}

SseHub::~SseHub() { close_all(); }

void SseHub::publish(std::string_view event, std::string_view json) {
  std::vector<std::shared_ptr<Client>> ready;
  {
    const std::lock_guard lock(mutex_);
    if (clients_.empty()) return;
    const auto text = std::make_shared<const std::string>(sse_text(event, json));
    for (const auto& client : clients_) {
      if (client->queue.size() >= limits_.queue_max) {
        // Losing one event or all is the same to a page, which must read its snapshot anyway: so lose all, say so.
        counters_.add(Counter::event_dropped, client->queue.size() + 1);
        client->queue.clear();
        client->queue.push_back(std::make_shared<const std::string>(sse_text("resync", "{}")));
      } else {
        client->queue.push_back(text);
      }
      if (!client->sending) ready.push_back(client);
    }
  }
  for (const auto& client : ready) pump(client);
}

void SseHub::pump(const std::shared_ptr<Client>& client) {
  std::string octets;
  {
    const std::lock_guard lock(mutex_);
    if (client->sending || client->gone || client->queue.empty()) return;
    client->sending = true;
    for (const auto& text : client->queue) octets += *text;
    client->queue.clear();
  }
  client->sink->send(std::move(octets), [this, client](bool ok) { sent(client, ok); });
}

void SseHub::sent(const std::shared_ptr<Client>& client, bool ok) {
  {
    const std::lock_guard lock(mutex_);
    client->sending = false;
    if (!ok) {
      client->gone = true;
      client->queue.clear();
      clients_.erase(std::remove(clients_.begin(), clients_.end(), client), clients_.end());
    }
  }
  if (ok) pump(client);
}

bool SseHub::open(std::shared_ptr<EventSink> sink) {
  auto client = std::make_shared<Client>();
  client->sink = std::move(sink);
  {
    const std::lock_guard lock(mutex_);
    if (closed_ || clients_.size() >= limits_.clients_max) return false;
    // The first octets make proxies and the browser believe in the stream; retry is what the browser waits before it
    // comes back.
    client->queue.push_back(std::make_shared<const std::string>("retry: 2000\n\n"));
    clients_.push_back(client);
  }
  pump(client);
  return true;
}

bool SseHub::full() const {
  const std::lock_guard lock(mutex_);
  return closed_ || clients_.size() >= limits_.clients_max;
}

size_t SseHub::clients() const {
  const std::lock_guard lock(mutex_);
  return clients_.size();
}

void SseHub::close_all() {
  std::vector<std::shared_ptr<Client>> leaving;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    leaving.swap(clients_);
    for (const auto& client : leaving) client->gone = true;
  }
  for (const auto& client : leaving) client->sink->close();
}

}  // namespace nrid::web
