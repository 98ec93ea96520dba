// JSON documents that an operator writes (RFC 8259), read into values that know their line, so that a check of what they say
// can name file, line and value. The text is the library's to parse; nesting, number of values and size are bounded
// before anything is kept. Not for the datagram path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace nrid {

struct JsonValue {
  enum class Kind : uint8_t { null, boolean, integer, number, text, list, object };
  Kind kind = Kind::null;
  int line = 1;
  size_t end = 0;                      // offset of the octet behind a scalar or behind the bracket that opens
  bool boolean = false;
  int64_t integer = 0;                 // Kind::integer; also as `number`
  double number = 0;
  std::string text;
  std::vector<JsonValue> items;        // of a list; of an object the members' values, in the file's order
  std::vector<std::string> names;      // of an object, one per item; no name stands twice

  const JsonValue* member(std::string_view name) const;
  bool is_number() const { return kind == Kind::integer || kind == Kind::number; }
};

// "a list", "12", "\"text\"" for messages: the value as the operator wrote it, cut to a line's length.
std::string shown(const JsonValue& value);

struct JsonLimits {
  size_t octets_max = 1 << 20;
  size_t values_max = 65'536;
  int depth_max = 12;
};
// The Status is one line: "peers.json:12: ...".
StatusOr<JsonValue> read_json(std::string_view text, const std::string& file, JsonLimits limits = {});

}  // namespace nrid
