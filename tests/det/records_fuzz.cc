// HHIT and BRID RDATA, by the first octet: what is read, written and read again is the same.
#include "base/check.h"
#include "det/brid.h"
#include "det/hhit.h"

using namespace nrid;
using namespace nrid::det;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Bytes in(data + 1, size - 1);
  if ((data[0] & 1) == 0) {
    const auto hhit = decode_hhit(in);
    if (!hhit.ok()) return 0;
    const auto again = encode_hhit(*hhit);
    CHECK(again.ok() && *decode_hhit(*again) == *hhit);
    uint64_t type = 0;
    CHECK(entity_from_text(entity_name(hhit->entity_type), type) && type == hhit->entity_type);
    static_cast<void>(is_authority(hhit->entity_type));
    return 0;
  }
  const auto brid = decode_brid(in);
  if (!brid.ok()) return 0;
  CHECK(brid->uas_ids.size() <= kBridListMax && brid->auth.size() <= kBridListMax);
  for (const Bytes endorsement : brid->endorsements()) CHECK(endorsement.size() == 136);
  const auto again = encode_brid(*brid);
  CHECK(again.ok() && *decode_brid(*again) == *brid);
  return 0;
}
