// Programs of fixed-size instructions as fuzzer input: one octet of settings, then instructions of four octets. Mutations keep to whole
// instructions, so that a program that reached a state survives being longer.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t size_max);

namespace nrid::testing {

inline constexpr size_t kInstructionSize = 4;
inline constexpr size_t kInstructionsMax = 48;

// What LLVMFuzzerCustomMutator() does for such a target.
inline size_t mutate_program(uint8_t* data, size_t size, size_t size_max, unsigned seed) {
  constexpr size_t kOne = kInstructionSize;
  const size_t count = size == 0 ? 0 : (size - 1) / kOne;
  const size_t room = std::min(kInstructionsMax, size_max == 0 ? 0 : (size_max - 1) / kOne);
  if (count == 0 || seed % 16 == 0) return LLVMFuzzerMutate(data, size, size_max);
  uint8_t* const at = data + 1 + seed / 16 % count * kOne;
  uint8_t* const end = data + 1 + count * kOne;
  uint8_t copy[kOne];
  std::memcpy(copy, data + 1 + seed / 4096 % count * kOne, kOne);
  const unsigned what = seed >> 28;
  if (what < 3) {                               // without this one
    std::memmove(at, at + kOne, static_cast<size_t>(end - at) - kOne);
    return 1 + (count - 1) * kOne;
  }
  if (what < 8 && count < room) {               // another one, changed, before it
    std::memmove(at + kOne, at, static_cast<size_t>(end - at));
    std::memcpy(at, copy, kOne);
    LLVMFuzzerMutate(at, kOne, kOne);
    return 1 + (count + 1) * kOne;
  }
  if (what == 8) std::memcpy(at, copy, kOne);
  else LLVMFuzzerMutate(at, kOne, kOne);
  return 1 + count * kOne;
}

}  // namespace nrid::testing
