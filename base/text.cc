#include "base/text.h"

#include <cstdio>
#include <ctime>

#include "base/check.h"

namespace nrid {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  const size_t first = text.find_first_not_of(kWhite);
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(kWhite) - first + 1);
}

std::string printable(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 0x20 && c < 0x7f ? c : '?';
  return out;
}

std::string rfc3339(Instant instant, int decimals) {
  CHECK(decimals >= 0 && decimals <= 6);
  const std::time_t second = instant.seconds();
  std::tm utc{};
  gmtime_r(&second, &utc);  // no Instant is beyond its years
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%06d", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday, utc.tm_hour,
                utc.tm_min, utc.tm_sec, static_cast<int>((instant - at_second(instant.seconds())).us));
  std::string out(text);
  const size_t dropped = decimals == 0 ? 7 : static_cast<size_t>(6 - decimals);  // with no decimals the point goes too
  return out.substr(0, out.size() - dropped) + "Z";
}

}  // namespace nrid
