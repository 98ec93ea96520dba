// DNS answers: never more records than the limit, and each lies inside the message.
#include "base/check.h"
#include "det/dns_message.h"

using namespace nrid;
using namespace nrid::det;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes in(data, size);
  for (const RrType type : {RrType::hhit, RrType::brid, RrType::aaaa, RrType::a}) {
    const auto response = decode_dns_response(in, "5.e.f.d.ip6.arpa.", type);
    if (!response.ok()) continue;
    CHECK(response->records.size() <= kAnswersMax);
    for (const Buffer& record : response->records) CHECK(record.size() + 12 < size);
  }
  return 0;
}
