// CHECK is for our own mistakes: on in release, prints the condition and stops the process. It must never
// depend on a peer's octets; the fuzzers hold us to that.
#pragma once

namespace nrid {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) \
  (static_cast<bool>(condition) ? static_cast<void>(0) : ::nrid::check_failed(#condition, __FILE__, __LINE__))
