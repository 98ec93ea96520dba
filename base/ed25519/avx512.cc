#include "base/ed25519/lanes_avx512.h"
#include "base/ed25519/verify_lanes.h"

namespace nrid::ed25519 {

extern const Kernel kAvx512;
const Kernel kAvx512 = {"avx512", V8::kLanes, verify<V8>, build_keys<V8>, build_base<V8>};

}  // namespace nrid::ed25519
