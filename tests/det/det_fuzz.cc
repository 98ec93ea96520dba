// HHIT and BRID RDATA, endorsements and certificates, by the first octet: what is read, written and read again is the same.
#include <cstdlib>

#include "base/check.h"
#include "det/brid.h"
#include "det/certificate.h"
#include "det/endorsement.h"
#include "det/hhit.h"

using namespace nrid;
using namespace nrid::det;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const Bytes in(data + 1, size - 1);
  switch (data[0] & 3) {
    case 0:
      if (const auto hhit = decode_hhit(in); hhit.ok()) {
        const auto again = encode_hhit(*hhit);
        CHECK(again.ok() && *decode_hhit(*again) == *hhit);
      }
      break;
    case 1:
      if (const auto brid = decode_brid(in); brid.ok()) {
        const auto again = encode_brid(*brid);
        CHECK(again.ok() && *decode_brid(*again) == *brid);
      }
      break;
    case 2:
      if (const auto be = decode_endorsement(in); be.ok()) CHECK(be->not_before < be->not_after && equal(be->signed_octets, in.first(72)));
      break;
    default:
      if (const auto certificate = read_certificate(in); certificate.ok()) {
        CHECK(certificate->tbs.size() < in.size() && certificate->not_before <= certificate->not_after);
      }
  }
  return 0;
}
