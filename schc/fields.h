// The words of rule files: field identifiers of RFC 8824 in the OpenSCHC spelling, matching operators, actions. All are
// compared without regard to case, since both "Up" and "UP" are in use.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schc/rules.h"

namespace nrid::schc {

struct FieldId {
  Kind kind = Kind::option;
  uint16_t option = 0;
  uint16_t bits = 0;          // fixed length by the CoAP header; 0 where it varies
};

// "COAP.MID", "CoAP.Uri-Path", "COAP.option(65000)"; nullopt for any other.
std::optional<FieldId> field_by_name(std::string_view name);
// The preferred spelling.
std::string field_name(Kind kind, uint16_t option);

bool same_word(std::string_view a, std::string_view b);  // case does not count
std::string_view match_name(Match match);
std::string_view action_name(Action action);
std::string rule_name(const Rule& rule);                 // "3/8"

}  // namespace nrid::schc
