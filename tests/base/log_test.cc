// Log lines: quoting, and repeats that are summed.
#include "base/log.h"

#include <gtest/gtest.h>

#include <regex>
#include <vector>

namespace nrid {
namespace {

TEST(Log, LineAndQuoting) {
  EXPECT_EQ(log_line("key_rotated", {{"aircraft", "2001:3f::1"}, {"old", 3}, {"ratio", 0.5}, {"live", true}}),
            "event=key_rotated aircraft=2001:3f::1 old=3 ratio=0.500000 live=true");
  EXPECT_EQ(log_line("e", {{"text", "two words"}, {"none", ""}, {"quote", "a\"b\\c"}}),
            "event=e text=\"two words\" none=\"\" quote=\"a\\\"b\\\\c\"");
  EXPECT_EQ(log_line("e", {{"x", "a\nb\x1b[31m\xff"}}), "event=e x=\"a\\nb\\x1b[31m\\xff\"");
  EXPECT_EQ(log_line("e", {{"x", "a=b"}}), "event=e x=\"a=b\"");
  EXPECT_EQ(log_line("e", {}), "event=e");
}

struct Printed {
  std::vector<std::string> lines;
  LogSummer summer{[this](LogLevel, const std::string& line) { lines.push_back(line); }};
};

TEST(Log, RepeatsWithinASecondAreSummed) {
  Printed log;
  for (int i = 0; i < 413; ++i) log.summer.line(LogLevel::warn, "event=a", Tick{i * 1000});
  EXPECT_EQ(log.lines, (std::vector<std::string>{"event=a"}));
  log.summer.line(LogLevel::warn, "event=b", Tick{500'000});
  EXPECT_EQ(log.lines.size(), 2u);
  log.summer.line(LogLevel::warn, "event=a", Tick{1'000'000});
  EXPECT_EQ(log.lines, (std::vector<std::string>{"event=a", "event=b", "event=a repeated=412", "event=a"}));
  log.summer.flush();
  EXPECT_EQ(log.lines.size(), 4u);  // nothing was repeated since
}

TEST(Log, FlushPrintsTheOpenSum) {
  Printed log;
  log.summer.line(LogLevel::info, "event=a", Tick{0});
  log.summer.line(LogLevel::info, "event=a", Tick{1});
  log.summer.flush();
  log.summer.flush();
  EXPECT_EQ(log.lines, (std::vector<std::string>{"event=a", "event=a repeated=1"}));
}

TEST(Log, TheTableOfOpenLinesIsBounded) {
  Printed log;
  for (int i = 0; i < 1000; ++i) log.summer.line(LogLevel::info, "event=" + std::to_string(i), Tick{0});
  log.summer.line(LogLevel::info, "event=999", Tick{1});  // beyond the table: printed again, not lost
  EXPECT_EQ(log.lines.size(), 1001u);
}

TEST(Log, OneLineToStandardErrorWithTimeAndLevel) {
  testing::internal::CaptureStderr();
  log_event(LogLevel::warn, "port_busy", {{"port", 5683}, {"format", "{} %s"}});
  const std::string out = testing::internal::GetCapturedStderr();
  EXPECT_TRUE(std::regex_match(out, std::regex("20\\d\\d-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z warning "
                                               "event=port_busy port=5683 format=\"\\{\\} %s\"\n")))
      << out;
}

}  // namespace
}  // namespace nrid
