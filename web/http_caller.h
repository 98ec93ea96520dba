// Calls out over libcurl: https to public addresses, or plain http to loopback; nothing else. No redirects, no proxy from
// the environment, bounded time and size. The address is judged after the name was resolved, in the moment the socket is
// opened, so a name that changes its address between check and use gains nothing (server-side request forgery).
#pragma once

#include <cstddef>
#include <cstdint>

#include "nrid/http.h"

struct sockaddr;

namespace nrid::web {

struct CallLimits {
  size_t body_max = 1024 * 1024;
  int timeout_max_ms = 30'000;
  bool allow_private = false;          // https to private networks (RFC 1918, fc00::/7): an operator's own systems
};

class HttpCallerCurl final : public HttpCaller {
 public:
  explicit HttpCallerCurl(CallLimits limits = {});
  HttpAnswer call(const HttpCall& call) override;

 private:
  const CallLimits limits_;
};

// What an address is to us; unknown families are `forbidden`.
enum class Reach : uint8_t { public_, private_, loopback, forbidden };
Reach reach_of(const sockaddr& address, size_t size);

}  // namespace nrid::web
