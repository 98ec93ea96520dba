// A law that is wrong on purpose: "no input begins with NRID". ./check fails when libFuzzer does not break it within
// seconds, because then the other targets, built and run in the same way, would find nothing either.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> input(data, size);
  size_t same = 0;
  for (const char letter : {'N', 'R', 'I', 'D'}) {
    if (same >= input.size() || input[same] != static_cast<uint8_t>(letter)) return 0;
    ++same;
  }
  std::fputs("canary: the planted mistake was found\n", stderr);
  std::abort();
}
