// A rule set as compress() and decompress() use it: flat arrays, filled and checked once by schc/rule_check.cc and read
// by every thread. A Field is one Field Descriptor (RFC 8724 section 7.1) of one direction; a "Bi" line of a rule file becomes
// two. Names are those of RFC 8724; schc/fields.cc spells them.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "schc/schc.h"

namespace nrid::schc {

// Bounds of a rule set. They keep what a message can cost small: rules tried times fields compared.
inline constexpr size_t kRulesMax = 256;
inline constexpr size_t kFieldsMax = 64;         // of one rule, as listed in the file
inline constexpr size_t kTargetsMax = 256;       // of one mapping list
inline constexpr size_t kTargetOctetsMax = 1024;
inline constexpr size_t kRuleIdBitsMax = 16;
inline constexpr size_t kMessageMax = 1280;      // R-027; a rule set's profile may say less

enum class Kind : uint8_t {
  version, type, token_length, code, message_id,  // numbers of fixed length
  token, option,                                  // octets
  oscore_flags, oscore_piv, oscore_kid_context, oscore_kid,  // the four parts of option 9, RFC 8824 section 6.4
};
inline constexpr bool is_number(Kind kind) { return kind < Kind::token; }
inline constexpr bool is_option(Kind kind) { return kind >= Kind::option; }
inline constexpr bool is_oscore_part(Kind kind) { return kind >= Kind::oscore_flags; }

enum class Match : uint8_t { equal, ignore, msb, mapping };                  // RFC 8724 section 7.3
enum class Action : uint8_t { not_sent, value_sent, mapping_sent, lsb };     // RFC 8724 section 7.4
enum class Length : uint8_t { fixed, octets, bits, token_length, oscore_piv };  // octets, bits: with a size prefix

struct Target {
  uint32_t number = 0;   // of number kinds, all FL bits
  uint32_t offset = 0;   // of octet kinds, in Rules::octets
  uint32_t size = 0;
};

struct Field {
  Kind kind = Kind::version;
  Match match = Match::equal;
  Action action = Action::not_sent;
  Length length = Length::fixed;
  uint16_t option = 0;        // number, where is_option(kind)
  uint16_t bits = 0;          // FL of fixed length
  uint16_t msb = 0;           // x of MSB(x)
  uint8_t index_bits = 0;     // of mapping-sent
  uint8_t position = 1;       // FP as written, for people
  uint16_t first_target = 0;
  uint16_t targets = 0;
};

enum class Nature : uint8_t { compression, no_compression, fragmentation };

struct Rule {
  uint32_t id = 0;
  uint8_t id_bits = 8;
  Nature nature = Nature::compression;
  std::array<bool, 2> usable{};            // by Direction: holds every field that a CoAP message of it has
  std::array<uint32_t, 2> first_field{};
  std::array<uint16_t, 2> fields{};
  std::string description;
};

struct RuleSet::Rules {
  std::vector<Rule> rules;
  std::vector<Field> fields;
  std::vector<Target> targets;
  std::vector<uint8_t> octets;
  std::array<std::vector<uint16_t>, 2> candidates;  // compression rules usable in a direction, in file order
  int fallback = -1;                                // the no-compression rule
  size_t message_max = kMessageMax;
  std::vector<std::string> notes;                   // what an operator may want to know of an accepted set

  // RuleID lookup: the first octet decides, except where RuleIDs are longer.
  static constexpr int16_t kNone = -1, kLonger = -2;
  std::array<int16_t, 256> by_octet{};
  std::vector<uint16_t> longer;                     // rules of more than 8 RuleID bits

  std::span<const Field> of(const Rule& rule, Direction direction) const {
    const auto way = static_cast<size_t>(direction);
    return {fields.data() + rule.first_field[way], rule.fields[way]};
  }
  std::span<const Target> of(const Field& field) const { return {targets.data() + field.first_target, field.targets}; }
  Bytes of(const Target& target) const { return {octets.data() + target.offset, target.size}; }

  // The rule whose RuleID starts the packet. Errors: bad_length (empty), schc_no_rule, schc_truncated.
  Result<const Rule*> find(Bytes packet) const;
};

}  // namespace nrid::schc
