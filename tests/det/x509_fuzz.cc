// Certificates: what is read has its parts inside the DER; a certificate made of what was read reads the same.
#include "base/check.h"
#include "det/certificate.h"

using namespace nrid;
using namespace nrid::det;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = read_certificate({data, size});
  if (!read.ok()) return 0;
  CHECK(read->tbs.size() < size && read->not_before <= read->not_after);
  CHECK(in_window(*read, read->not_before) && in_window(*read, read->not_after) && !in_window(*read, read->not_before - seconds(1)) &&
        !in_window(*read, read->not_after + seconds(1)));
  static const SeedSigner signer(Seed{});
  const auto made = make_certificate({read->det, read->key, read->issuer, read->not_before, read->not_after, read->authority,
                                      read->subject, read->uri, {1}}, signer);
  if (!made.ok()) return 0;  // subject or URI where the profile has none, times beyond what X.509 writes
  const auto again = read_certificate(*made);
  CHECK(again.ok() && again->det == read->det && again->key == read->key && again->issuer == read->issuer);
  CHECK(again->not_before == read->not_before && again->not_after == read->not_after && again->authority == read->authority);
  CHECK(again->subject == read->subject && again->uri == read->uri && signed_by(*again, signer.public_key()));
  return 0;
}
