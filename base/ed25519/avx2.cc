#include "base/ed25519/lanes_avx2.h"
#include "base/ed25519/verify_lanes.h"

namespace nrid::ed25519 {

extern const Kernel kAvx2;
const Kernel kAvx2 = {"avx2", V4::kLanes, verify<V4>, build_keys<V4>, build_base<V4>};

}  // namespace nrid::ed25519
