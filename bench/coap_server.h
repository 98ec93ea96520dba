// A plain libcoap server on loopback with nothing behind it: a CON POST of the resource that a provider has is answered 2.04, a NON one is not answered, as
// telemetry in flight is not, and nobody looks at what came. Its own thread in coap_io_process(), libcoap's defaults in everything.
#pragma once

#include <memory>

#include "nrid/datagram_port.h"

namespace nrid::bench {

class CoapServer {
 public:
  CoapServer();                          // any free port of 127.0.0.1
  ~CoapServer();
  CoapServer(const CoapServer&) = delete;
  CoapServer& operator=(const CoapServer&) = delete;
  const Address& address() const;
  uint64_t answered() const;             // requests that the handler saw; any thread
  double cpu_s() const;                  // of its thread

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace nrid::bench
