#include "base/ed25519/lanes_avx512.h"
#include "tests/base/lanes_probe_make.h"

namespace nrid::ed25519 {

const Probe kProbeAvx512 = ProbeOf<V8>::make();

}  // namespace nrid::ed25519
