// What an operator's log says of DETs that cannot be verified, and of those that it was spared.
#include "apps/server/flight_log.h"

#include <gtest/gtest.h>

#include "base/log.h"

namespace nrid::provider {
namespace {

TEST(FlightLog, T49_why_a_det_is_not_trusted_is_a_line_and_what_was_left_out_is_a_sum) {
  uint64_t not_told = 0;
  FlightLog log;
  log.count_not_told([&] { return not_told; });
  FlightEvent event{.kind = FlightEventKind::unverifiable, .detail = "bad_endorsement: 2001:3f::1: level 1 \"and more\"\nevent=forged"};
  testing::internal::CaptureStderr();
  log.on_event(event);
  for (const uint64_t count : {0, 5, 5, 12}) {
    not_told = count;
    log.on_tick(at_second(1));
  }
  not_told = 13;
  log.stop();
  log.stop();
  flush_log();
  const std::string text = testing::internal::GetCapturedStderr();
  std::vector<std::string> lines;
  for (size_t at = 0; at < text.size(); at = text.find('\n', at) + 1) {
    const size_t word = text.find(' ', at) + 1;  // behind the time
    lines.push_back(text.substr(word, text.find('\n', at) - word));
  }
  ASSERT_EQ(lines.size(), 4u) << text;
  EXPECT_EQ(lines[0], "warning event=flight what=unverifiable ua=:: operation=0 detail=\"bad_endorsement: 2001:3f::1: level 1 \\\"and more\\\"\\nevent=forged\"");
  EXPECT_EQ(lines[1], "warning event=unverifiable_not_told lookups=5");
  EXPECT_EQ(lines[2], "warning event=unverifiable_not_told lookups=7");
  EXPECT_EQ(lines[3], "warning event=unverifiable_not_told lookups=1");
}

}  // namespace
}  // namespace nrid::provider
