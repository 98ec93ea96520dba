// The questions det/ asks of DNS, as an interface: dns_client.h answers them from a resolver, tests from a table. The
// outcomes that an operator must be able to tell apart are distinct: a name that does not exist, a resolver that
// failed (DNSSEC bogus looks like this), one that refused the connection, and silence.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace nrid::det {

enum class RrType : uint16_t { a = 1, ns = 2, cname = 5, soa = 6, aaaa = 28, hhit = 67, brid = 68 };

inline constexpr uint8_t kRcodeNoError = 0, kRcodeServfail = 2, kRcodeNxdomain = 3, kRcodeRefused = 5;

struct DnsAnswer {
  enum class Outcome : uint8_t {
    answered,        // a response to our question; rcode says which
    timeout,         // every try was met with silence
    unreachable,     // connection refused, or no route
    malformed,       // a response came, but it is not a DNS message that answers our question
    cancelled,       // the client is shutting down
  };
  Outcome outcome = Outcome::timeout;
  uint8_t rcode = kRcodeServfail;
  bool authenticated = false;         // AD: the resolver validated it with DNSSEC
  uint32_t ttl_s = 0;                 // smallest over the records that answered
  std::vector<Buffer> records;        // RDATA of the asked type, following CNAMEs inside the answer
  std::string detail;                 // for people, when not answered
};

class Lookup {
 public:
  virtual ~Lookup() = default;
  // Asks for `name` (absolute, with its dot) and calls `done` once, on the look-up's own thread. Safe from any thread.
  virtual void ask(const std::string& name, RrType type, std::function<void(const DnsAnswer&)> done) = 0;
  // Runs `work` on the look-up's own thread, soon. Safe from any thread.
  virtual void run(std::function<void()> work) = 0;
};

// An address record as a value; IPv4 is held v4-mapped (::ffff:a.b.c.d), as in the rest of the program.
struct IpAddress {
  std::array<uint8_t, 16> octets{};
  bool is_v4() const;
  Bytes rdata() const { return is_v4() ? Bytes(octets).subspan(12) : Bytes(octets); }  // 4 or 16 octets
  bool operator==(const IpAddress&) const = default;
};
bool address_from_rdata(Bytes rdata, IpAddress& out);               // 4 or 16 octets
bool address_from_text(std::string_view text, IpAddress& out);      // literal, no port
std::string to_text(const IpAddress& address);                      // "127.0.0.1", "2001:db8::1"

}  // namespace nrid::det
