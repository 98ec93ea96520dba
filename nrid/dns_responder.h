// A small authoritative responder on loopback for tools that are their own registry (apps/conform, apps/load): it serves the
// records that they made, counts what it is asked, and fails in the ways that R-006 tells apart. No name server for
// operators. UDP only, one thread; answers carry AD, as a validating resolver's would.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "det/zone.h"
#include "nrid/udp_port.h"

namespace nrid {

enum class DnsMood : uint8_t { answer, nxdomain, servfail, silent };

struct DnsName {
  std::map<uint16_t, std::vector<Buffer>> records;     // by RR type
  DnsMood mood = DnsMood::answer;
};
using DnsZone = std::map<std::string, DnsName>;        // by absolute name in lower case

struct DnsQuestion {
  std::string name;                                    // as in DnsZone
  uint16_t type = 0;
  size_t size = 0;                                     // octets of the question section
  Tick at;
};
// RFC 1035 section 4.1.2; a question holds no compressed name. Nothing: no query.
std::optional<DnsQuestion> read_dns_question(Bytes query);
// Header, the question as it came, then the records with a pointer to it; empty: silence. Precondition: the question of `query`.
Buffer make_dns_answer(const DnsZone& zone, Bytes query, const DnsQuestion& question, uint32_t ttl_s, bool authenticated);

// Records of these entries at their ip6.arpa names.
DnsZone zone_of(const std::vector<det::RegistryEntry>& entries);
void set_addresses(DnsZone& zone, const Det& det, const std::vector<det::IpAddress>& addresses);

class DnsServer {
 public:
  // Port 0 takes any free one. Two seconds: short, so that a changed record is seen.
  static StatusOr<std::unique_ptr<DnsServer>> start(DnsZone zone, uint16_t port = 0, uint32_t ttl_s = 2);
  ~DnsServer();
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  Address address() const { return port_->local(); }
  // Any thread.
  void change(const std::function<void(DnsZone&)>& edit);
  void set_authenticated(bool ad) { authenticated_ = ad; }
  std::vector<DnsQuestion> questions() const;

 private:
  DnsServer(std::unique_ptr<UdpPort> port, DnsZone zone, uint32_t ttl_s);
  void run();
  Buffer answer(Bytes query);

  std::unique_ptr<UdpPort> port_;
  const uint32_t ttl_s_;
  mutable std::mutex mutex_;
  DnsZone zone_;
  std::vector<DnsQuestion> asked_;
  std::atomic<bool> authenticated_ = true, stop_ = false;
  std::thread thread_;
};

}  // namespace nrid
