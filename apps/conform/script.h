// A case is a script: one step a line, `verb words name=value`. Words and names are judged against the table of verbs when the
// script is read, so that a slip is found before anything is sent.
//
//   begin                                a start phase that ends with flags 0
//   send flight from=b iat=-30           a datagram, with what is wrong about it
//   expect 4.01 bare                     the answer to the last one
//   fly for=6P count=5..7                positions at 1 Hz, and the Heartbeats that must come meanwhile
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nrid::conform {

struct Step {
  int line = 0;
  std::string text;                                    // as written, for people
  std::string verb;
  std::vector<std::string> words;
  std::map<std::string, std::string, std::less<>> values;

  bool has(std::string_view word) const;
  std::string value(std::string_view name, std::string_view otherwise = "") const;
  bool given(std::string_view name) const { return values.find(name) != values.end(); }
};

// What one verb may carry; "words" lists the words that are allowed, or "*" for any. Both are separated by blanks.
struct VerbRule {
  std::string_view verb;
  std::string_view words;
  std::string_view names;
};

// The Status names the line: "line 3: expect: unknown word heartbet".
StatusOr<std::vector<Step>> read_script(std::string_view script, std::span<const VerbRule> verbs);

}  // namespace nrid::conform
