// A provider under sequences of datagrams, time and faults; tests/nrid/sequence.h holds the laws.
#include "tests/nrid/instructions.h"
#include "tests/nrid/sequence.h"

using namespace nrid::testing;

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t size_max, unsigned seed) { return mutate_program(data, size, size_max, seed); }

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static Reached reached;
  static const bool once = [] {
    ::testing::FLAGS_gtest_break_on_failure = true;  // what the world EXPECTs is a law here
    std::atexit([] { reached.print(stderr); });
    return true;
  }();
  static_cast<void>(once);
  if (size == 0) return 0;
  Sequence(data[0]).run({data + 1, size - 1}, reached);
  return 0;
}
