// Law: what was decoded, encoded again octet by octet, decodes to the same segments.
#include <cstdio>
#include <cstdlib>

#include "base/bytes.h"
#include "web/url.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  nrid::web::is_loopback_host(text);
  nrid::web::is_loopback_origin(text);
  const auto target = nrid::web::parse_target(text);
  if (!target) return 0;
  std::string again;
  for (const std::string& segment : target->segments) {
    again += '/';
    for (const char c : segment) again += "%" + nrid::to_hex(nrid::as_bytes({&c, 1}));
  }
  if (again.empty()) again = "/";
  if (again.size() > nrid::web::kTargetMax) return 0;
  const auto same = nrid::web::parse_target(again);
  if (!same || same->segments != target->segments) std::abort();
  return 0;
}
