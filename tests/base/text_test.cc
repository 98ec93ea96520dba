// Text: what is trimmed, what is printable, and times as they are written.
#include "base/text.h"

#include <gtest/gtest.h>

namespace nrid {
namespace {

TEST(Text, TrimmedTakesWhiteSpaceFromBothEnds) {
  EXPECT_EQ(trimmed(" \t\r\na b\n\r\t "), "a b");
  EXPECT_EQ(trimmed("a"), "a");
  EXPECT_EQ(trimmed(" \t\r\n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(Text, PrintableKeepsAsciiAndItsLength) {
  EXPECT_EQ(printable(" az~"), " az~");
  EXPECT_EQ(printable(std::string_view("\x1b[2J\0\x7f\xc3\xa9", 8)), "?[2J????");
}

TEST(Text, TimesAreUtcAndRoundedDown) {
  EXPECT_EQ(rfc3339(at_second(1'795'306'452)), "2026-11-22T00:14:12Z");
  EXPECT_EQ(rfc3339(at_second(1'795'306'452), 3), "2026-11-22T00:14:12.000Z");
  EXPECT_EQ(rfc3339({1'795'306'452'345'999}), "2026-11-22T00:14:12Z");
  EXPECT_EQ(rfc3339({1'795'306'452'345'999}, 1), "2026-11-22T00:14:12.3Z");
  EXPECT_EQ(rfc3339({1'795'306'452'345'999}, 3), "2026-11-22T00:14:12.345Z");
  EXPECT_EQ(rfc3339({1'795'306'452'345'999}, 6), "2026-11-22T00:14:12.345999Z");
  EXPECT_EQ(rfc3339({-1}, 3), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(rfc3339(at_second(951'782'400), 3), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(rfc3339(at_second(2'524'608'000)), "2050-01-01T00:00:00Z");
}

}  // namespace
}  // namespace nrid
