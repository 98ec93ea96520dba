// Broadcast Endorsements. No mutation finds a key that hashes to its DET, so an odd first octet puts the right DET in front of the key.
// Verdict and octets agree with RFC 9575 section 3.1.2.1 written down again.
#include <algorithm>

#include "base/check.h"
#include "det/det.h"
#include "det/endorsement.h"

using namespace nrid;
using namespace nrid::det;

static uint32_t little(Bytes four) {
  return static_cast<uint32_t>(four[0]) | static_cast<uint32_t>(four[1]) << 8 | static_cast<uint32_t>(four[2]) << 16 |
         static_cast<uint32_t>(four[3]) << 24;
}
static int64_t unix_time(Bytes four) {
  const int64_t value = little(four);
  return value >= 1'546'300'800 ? value : value + 1'546'300'800;
}
static bool is_det(Bytes sixteen) {
  return sixteen[0] == 0x20 && sixteen[1] == 0x01 && sixteen[2] == 0x00 && sixteen[3] >> 4 == 3 && sixteen[7] == 5;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  Buffer in(data + 1, data + size);
  if ((data[0] & 1) != 0 && in.size() >= 56) {
    PublicKey key;
    std::copy_n(in.begin() + 24, key.size(), key.begin());
    const Det right = derive(static_cast<uint16_t>(data[0] << 6 & 0x3fff), 10, key);
    std::copy(right.octets.begin(), right.octets.end(), in.begin() + 8);
  }
  const auto read = decode_endorsement(in);
  if (in.size() != kEndorsementSize) return CHECK(!read.ok()), 0;
  const Bytes all(in);
  const bool form = unix_time(all.first(4)) < unix_time(all.subspan(4, 4)) && is_det(all.subspan(8, 16)) && is_det(all.subspan(56, 16));
  if (!form) return CHECK(!read.ok() && read.error() == Error::bad_endorsement), 0;
  if (!read.ok()) return CHECK(read.error() == Error::det_hi_mismatch && (data[0] & 1) == 0), 0;
  CHECK(equal(read->signed_octets, all.first(72)) && equal(read->signature, all.last(64)));
  CHECK(read->not_before.seconds() == unix_time(all.first(4)) && read->not_after.seconds() == unix_time(all.subspan(4, 4)));
  CHECK(in_window(*read, read->not_before, seconds(0)) && in_window(*read, read->not_after, seconds(0)));
  CHECK(!in_window(*read, read->not_before - seconds(1), seconds(0)) && !in_window(*read, read->not_after + seconds(1), seconds(0)));
  return 0;
}
