// DNS answers (RFC 1035 section 4) as far as a resolver's client needs them: header, question, and the records of one type
// in the answer section, following CNAMEs. Bounded and without recursion: names only ever point backwards, and every
// count has a limit. Whether an answer can be believed is not decided here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "det/lookup.h"

namespace nrid::det {

inline constexpr size_t kAnswersMax = 64;       // records in one answer section
inline constexpr size_t kCnameMax = 8;

struct DnsResponse {
  uint16_t id = 0;
  uint8_t rcode = 0;
  bool truncated = false;
  bool authenticated = false;                   // AD
  uint32_t ttl_s = 0;                           // smallest of the records taken; 0 without records
  std::vector<Buffer> records;                  // RDATA as received (of our types none holds compressed names)
};

// Judges that the message is a response to exactly this question (name without regard to case, type, class IN). A
// response without a question section is taken when it carries an error. Error::malformed otherwise.
Result<DnsResponse> decode_dns_response(Bytes message, std::string_view name, RrType type);

// "a.b." to wire form in lower case; false when it is no domain name (labels 1..63, 255 in all, dot at the end).
bool dns_name_to_wire(std::string_view name, Buffer& wire);

}  // namespace nrid::det
