// Claims: eight octets of time, then a claims map. What decodes, encodes to one form and decodes to the same; the verdict about
// times is that of R-044 written down again.
#include <array>

#include "base/check.h"
#include "cwt/claims.h"

namespace {

using namespace nrid;

// Accepted when nbf - skew <= now < exp + skew, iat <= now + skew, 0 < exp - iat <= 60.
bool accepted_by_r044(const cwt::Claims& claims, int64_t now, int64_t skew) {
  const bool life = claims.exp > claims.iat && claims.exp - claims.iat <= 60;
  return life && claims.nbf - skew <= now && now < claims.exp + skew && claims.iat <= now + skew;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8) return 0;
  Reader head({data, 8});
  const int64_t skew = head.u8() & 31;
  head.skip(2);
  int64_t now = head.u8() & 7;
  for (int i = 0; i < 2; ++i) now = now << 16 | head.u16_be();
  const auto claims = cwt::decode_claims({data + 8, size - 8}, Det{});
  if (!claims.ok()) return 0;

  std::array<uint8_t, 2048> first_space, second_space;
  const auto first = cwt::encode_claims(*claims, first_space);
  if (first.ok()) {  // else larger than any datagram
    const auto again = cwt::decode_claims(*first, Det{});
    CHECK(again.ok() && again->body.index() == claims->body.index());
    const auto second = cwt::encode_claims(*again, second_space);
    CHECK(second.ok() && equal(*first, *second));
  }

  cwt::Claims judged = *claims;
  CHECK(cwt::check_times(judged, at_second(now), {seconds(skew), false}).ok() == accepted_by_r044(*claims, now, skew));
  judged = *claims;
  if (cwt::check_times(judged, at_second(now), {seconds(skew), true}).ok()) CHECK(accepted_by_r044(judged, now, skew));
  return 0;
}
