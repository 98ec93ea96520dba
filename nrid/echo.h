// Echo values (RFC 9175 section 2, nrid.md R-029): what comes back from an address was received there. Stateless: a keyed MAC over
// address, DET and a window of time, so nothing is stored for it and a restart only makes us ask again. A value says nothing
// of who sent it; it counts beside verified signatures alone.
#pragma once

#include <array>
#include <optional>

#include "base/clock.h"
#include "base/det.h"
#include "nrid/datagram_port.h"
#include "nrid/keyed_digest.h"

namespace nrid {

class EchoValues {                      // any thread
 public:
  static constexpr Duration kWindow = seconds(64);  // a value holds for one window to two
  //  off len  field
  //   0   1   window number, low octet
  //   1   8   MAC over address, port, DET and window number
  static constexpr size_t kSize = 9;
  using Value = std::array<uint8_t, kSize>;

  explicit EchoValues(Random& random) : keyed_(random) {}
  Value make(const Address& peer, const Det& det, Tick now) const;
  bool holds(Bytes value, const Address& peer, const Det& det, Tick now) const;

 private:
  Value of_window(const Address& peer, const Det& det, int64_t window) const;
  KeyedDigest keyed_;
};

}  // namespace nrid
