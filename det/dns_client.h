// A stub resolver's client over c-ares: one channel on one thread with epoll, for a validating resolver on loopback (or a
// list of them). It sets AD in each question, so that the answer says whether DNSSEC held, keeps SERVFAIL visible
// (NOCHECKRESP), draws ids at random, asks for 1232 octets and goes on to TCP when an answer was cut.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/result.h"
#include "det/lookup.h"

namespace nrid::det {

struct DnsClientSettings {
  std::string servers = "127.0.0.1:53";          // IP literals, port 53 if none; at most 8
  int timeout_ms = 1000;                         // first try; c-ares doubles it with each round
  int tries = 2;
  size_t waiting_max = 4096;                     // questions under way or queued; more fail at once as a timeout
};

class DnsClient final : public Lookup {
 public:
  static StatusOr<std::unique_ptr<DnsClient>> open(const DnsClientSettings& settings, Random& random);
  // Answers every open question with Outcome::cancelled, then ends the thread. Not from the client's own thread.
  ~DnsClient() override;
  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;

  void ask(const std::string& name, RrType type, std::function<void(const DnsAnswer&)> done) override;
  void run(std::function<void()> work) override;

  class Loop;

 private:
  explicit DnsClient(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

// Every text of a settings file that names servers is checked with this.
Status check_servers(std::string_view servers);

}  // namespace nrid::det
