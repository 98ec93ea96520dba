// How a subcommand of `nrid` is described: one row with its fields and a function from one JSON object to one JSON object.
// main.cc turns rows into command lines (`nrid cwt verify --hex H --key K --now N`, leading fields also by position) and
// into the line form (`nrid cwt verify -`: one object per line in, one per line out, in order).
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/det.h"
#include "base/ed25519.h"
#include "base/errors.h"

namespace nrid::inspect {

using Json = nlohmann::json;

enum class FieldKind : uint8_t {
  text,
  integer,
  flag,   // true when --name is given
  json,   // on the command line: a file name or JSON text; the command sees the string or the value (see json_or_file)
};

struct Field {
  std::string_view name;
  FieldKind kind = FieldKind::text;
  bool required = false;
  std::string_view text;          // one sentence for --help
};

struct Command {
  std::string_view group;         // "cwt"
  std::string_view name;          // "verify"; empty when the group is the whole command ("resolve")
  std::string_view summary;
  std::vector<Field> fields;      // unknown fields of an input object are ignored
  // Required fields are there and of their kind when this is called. A refusal carries "error".
  std::function<Json(const Json& input)> run;
  // For people, on the command line only; null prints the answer as indented JSON.
  std::function<std::string(const Json& input, const Json& answer)> render;
  // Asked once before the line form reads its first line, with the options of the command line, which every line then has unless it says
  // otherwise. An "error" in the answer ends it there. Null: nothing can be wrong.
  std::function<Json(const Json& options)> ready = nullptr;
  // Exit status of a single case. Null: 1 for a refusal or a verdict "no", else 0.
  std::function<int(const Json& answer)> status = nullptr;
};

// {"error": counter word, "detail": the table's sentence}
Json refusal(Error error);
// The same with a word outside the table: bad_request for input that is no valid question.
Json refusal(std::string_view word, std::string_view detail);

// The latest date that we sign, Unix seconds: in the year 2096, and within 32 bits of every epoch in use.
inline constexpr int64_t kSignedDateMax = 4'000'000'000;
// The time to judge by: field "now", else the clock; later than any date on the wire at most.
Instant now_field(const Json& input);

// A JSON value from a user's text; discarded when it is none, or nested deeper than 64: what walks it later recurses.
Json parse_json(std::string_view text);

// Fields as values. Each returns false and fills `refused` when the field is there but not of its form.
bool hex_field(const Json& input, std::string_view name, Buffer& out, Json& refused);             // any length, may be absent
bool det_field(const Json& input, std::string_view name, Det& out, Json& refused);                // hex or colon form
bool key_field(const Json& input, std::string_view name, PublicKey& out, Json& refused);          // 32 octets of hex
bool number_field(const Json& input, std::string_view name, int64_t max, int64_t& out, Json& refused);  // 0 to max
// The text of a `json` field: a JSON value as it is, a string that names a file read in (and `file` set), other text as it is.
bool json_or_file(const Json& input, std::string_view name, std::string& text, std::string& file, Json& refused);

// A DET's parts and its names in DNS (det_commands.cc).
Json describe(const Det& det);

// One per source file of this folder; main.cc lists them.
std::vector<Command> det_commands();    // det, endorse, zone, resolve
std::vector<Command> rid_commands();    // rid, drip, ed25519
std::vector<Command> wire_commands();   // coap, cwt
std::vector<Command> schc_commands();   // schc
std::vector<Command> show_commands();   // show
std::vector<Command> peer_commands();   // peers

}  // namespace nrid::inspect
