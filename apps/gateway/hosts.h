// Host names of redirects, through the same resolvers as everything else. What DNS says is only an address: whoever
// answers there must still sign with the key that the registry endorsed.
#pragma once

#include <map>
#include <memory>
#include <mutex>

#include "apps/gateway/settings.h"
#include "det/dns_client.h"
#include "nrid/host_lookup.h"

namespace nrid::gateway {

class Hosts final : public HostLookup {
 public:
  // `random` is borrowed.
  static StatusOr<std::unique_ptr<Hosts>> open(const det::ResolverSettings& settings, Random& random);

  void ask(const std::string& host) override;
  std::optional<std::vector<std::array<uint8_t, 16>>> answer(const std::string& host) override;

 private:
  struct Question {
    int open = 2;                          // AAAA and A
    std::vector<std::array<uint8_t, 16>> six, four;
  };
  void on_answer(const std::string& host, const det::DnsAnswer& answer);

  bool require_ad_ = false;
  std::mutex mutex_;
  std::map<std::string, Question> questions_;
  std::unique_ptr<det::DnsClient> dns_;    // last: its thread ends before what it writes to
};

}  // namespace nrid::gateway
