// One decompressor for two readers: decompress(), which wants octets, and explain(), which wants to know which bits became which
// field.
#pragma once

#include <vector>

#include "schc/rules.h"

namespace nrid::schc {

struct Step {                 // what one field took and gave
  const Field* field = nullptr;
  size_t at = 0;              // bits from the start of the packet
  size_t bits = 0;
  bool absent = false;
  uint32_t number = 0;        // of number kinds
  std::vector<uint8_t> value; // of octet kinds
};

struct Trace {
  const Rule* rule = nullptr;
  std::vector<Step> steps;
  const Field* stopped_at = nullptr;  // the field at which an Error came up
  size_t payload_at = 0;              // bits
  size_t payload_size = 0;            // octets
  size_t padding = 0;                 // bits
};

// As decompress(); fills `trace` if given, and only then allocates.
Result<Bytes> decompress_traced(const RuleSet::Rules& rules, Direction direction, Bytes packet, std::span<uint8_t> out,
                                Trace* trace);

}  // namespace nrid::schc
