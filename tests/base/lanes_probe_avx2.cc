#include "base/ed25519/lanes_avx2.h"
#include "tests/base/lanes_probe_make.h"

namespace nrid::ed25519 {

const Probe kProbeAvx2 = ProbeOf<V4>::make();

}  // namespace nrid::ed25519
