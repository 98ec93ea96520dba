#include "base/text.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <vector>

#include "base/check.h"

namespace nrid {
namespace {

constexpr size_t kWordMax = 60;

size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

}  // namespace

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

std::string in_quotes(std::string_view value) {
  constexpr size_t kMax = 60;
  return "\"" + printable(value.substr(0, kMax)) + (value.size() > kMax ? "...\"" : "\"");
}

std::string padded(std::string_view text, size_t width) {
  std::string out(text);
  out.resize(std::max(out.size() + 1, width), ' ');
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

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  std::string_view best;
  size_t best_edits = std::max<size_t>(2, word.size() / 3) + 1;
  if (word.size() > kWordMax) return "";
  for (const std::string_view candidate : known) {
    const size_t n = edits(word, candidate);
    if (n < best_edits) {
      best_edits = n;
      best = candidate;
    }
  }
  return best.empty() ? "" : "; did you mean " + std::string(best) + "?";
}

}  // namespace nrid
