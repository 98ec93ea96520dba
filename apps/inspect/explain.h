// Rows of an explanation: what `nrid show` prints. Each layer adds rows and hands its content to the next layer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/inspect/command.h"
#include "rid/pack.h"
#include "schc/schc.h"

namespace nrid::inspect {

struct Row {
  int depth = 0;
  std::string field;
  std::string value;
  std::string_view section;  // where the field is defined
};

std::string refused_text(Error error);                      // "refused: bad_kid (sentence)"

class Explanation {
 public:
  void add(std::string field, std::string value, std::string_view section) {
    rows_.push_back({depth_, std::move(field), std::move(value), section});
  }
  void enter() { ++depth_; }
  void leave() { --depth_; }
  // The row of what could not be read; the first one's word is the answer's `error`.
  void refuse(std::string field, Error error, std::string_view section) {
    if (error_ == Error::none) error_ = error;
    add(std::move(field), refused_text(error), section);
  }
  const std::vector<Row>& rows() const { return rows_; }
  Error error() const { return error_; }

 private:
  std::vector<Row> rows_;
  int depth_ = 0;
  Error error_ = Error::none;
};

// Each explains what it can read; what it cannot becomes one row with the error's word, and false comes back.
bool explain_coap(Bytes datagram, Explanation& out);
bool explain_token(Bytes message, Explanation& out);        // COSE_Sign1 with Net-RID claims
bool explain_pack(Bytes octets, Explanation& out);          // F3411 Message Pack
bool explain_message(rid::RawMessage raw, Explanation& out);  // one F3411 message
bool explain_endorsement(Bytes octets, Explanation& out);   // Broadcast Endorsement
bool explain_det(const Det& det, Explanation& out);

// The field `direction` of the schc commands and of show: up (also when absent), down or dw, in any case.
bool direction_field(const Json& input, schc::Direction& out, Json& refused);

// Shared phrasing.
inline constexpr std::string_view kCoapTypes[] = {"CON", "NON", "ACK", "RST"};
std::string code_text(uint8_t code);                        // "2.04"
std::string_view message_name(size_t type);                 // F3411's own words: "Basic ID"; "?" for a reserved type
std::string when(Instant instant);                          // "1780315200 (2026-06-01T12:00:00Z)"
std::string degrees(std::optional<int32_t> e7);

}  // namespace nrid::inspect
