// Host names in flight, as an interface: a redirect may name one. det/ answers it in programs, a table in tests.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace nrid {

class HostLookup {
 public:
  virtual ~HostLookup() = default;
  // Starts a look-up; returns at once. Asking again while one is under way changes nothing.
  virtual void ask(const std::string& host) = 0;
  // IPv6 addresses before v4-mapped ones; empty: there are none. nullopt: not answered yet. An answer is given once.
  virtual std::optional<std::vector<std::array<uint8_t, 16>>> answer(const std::string& host) = 0;
};

}  // namespace nrid
