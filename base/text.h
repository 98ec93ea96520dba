// Text for people and for files: white space off, control octets out, and the one form in which times are written.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace nrid {

// Without blanks, tabs and line ends around it; borrows from `text`.
std::string_view trimmed(std::string_view text);

// Every octet that is not printable ASCII becomes '?': what a peer or a file wrote cannot steer a terminal.
std::string printable(std::string_view text);
// A bad value for a message: printable, between quotation marks, its first 60 octets.
std::string in_quotes(std::string_view value);

// With blanks behind it up to `width` octets, one at least: a column of a table.
std::string padded(std::string_view text, size_t width);

// "; did you mean WORD?" with the known word that takes the fewest edits, if they are few; else nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> known);

// RFC 3339 in UTC with that many decimals of the second, 0 to 6, rounded down: 2026-11-22T00:14:12.345Z.
std::string rfc3339(Instant instant, int decimals = 0);

}  // namespace nrid
