// The hook for privacy of content (nrid.md R-030): what stands between a CoAP payload and the CWT in it. Default: nothing does.
// COSE_Encrypt0 or OSCORE come as implementations; the signatures of the CWT stay as they are inside. Who opened a payload is
// not thereby authenticated.
#pragma once

#include "nrid/datagram_port.h"

namespace nrid {

class PayloadProtector {                 // const, any thread
 public:
  virtual ~PayloadProtector() = default;
  // The CWT inside, in `out` or borrowed from `payload`. An Error refuses the datagram before anything else is read of it.
  virtual Result<Bytes> open(const Address& peer, Bytes payload, std::span<uint8_t> out) const = 0;
  // A CWT of ours for this peer, in `out`. On an Error nothing is sent.
  virtual Result<Bytes> seal(const Address& peer, Bytes cwt, std::span<uint8_t> out) const = 0;
};

}  // namespace nrid
