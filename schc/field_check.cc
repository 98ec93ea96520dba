// One line of a rule to one Field. Everything that could later make a message come out other than it went in, or a residue that two
// implementations would read in two ways, is refused here with its reason.
#include <algorithm>
#include <bit>

#include "schc/draft.h"
#include "schc/fields.h"
#include "schc/message.h"

namespace nrid::schc {
namespace {

std::string number_text(uint64_t value) { return std::to_string(value); }

std::optional<Match> match_by_name(std::string_view name) {
  for (const Match each : {Match::equal, Match::ignore, Match::msb, Match::mapping}) {
    if (same_word(match_name(each), name)) return each;
  }
  return std::nullopt;
}

std::optional<Action> action_by_name(std::string_view name) {
  for (const Action each : {Action::not_sent, Action::value_sent, Action::mapping_sent, Action::lsb}) {
    if (same_word(action_name(each), name)) return each;
  }
  if (same_word(name, "matching-sent")) return Action::mapping_sent;  // RFC 8824 writes this for mapping-sent
  return std::nullopt;
}

class FieldCompiler {
 public:
  FieldCompiler(const FieldDraft& draft, RuleSet::Rules& rules, const FieldContext& context)
      : draft_(draft), rules_(rules), context_(context) {}

  // Empty on success, else the reason.
  std::string run() {
    for (auto step : {&FieldCompiler::identity, &FieldCompiler::length, &FieldCompiler::operators, &FieldCompiler::msb,
                      &FieldCompiler::targets, &FieldCompiler::ranges}) {
      if (auto problem = (this->*step)(); !problem.empty()) return problem;
    }
    return {};
  }
  const Field& field() const { return field_; }

 private:
  std::string identity() {
    const auto id = field_by_name(draft_.fid);
    if (!id) {
      if (same_word(draft_.fid.substr(0, 5), "IPV6.") || same_word(draft_.fid.substr(0, 4), "UDP.")) {
        return "IPv6 and UDP fields travel below the UDP socket, only CoAP fields can stand here";
      }
      return "FID \"" + draft_.fid + "\" is unknown";
    }
    field_.kind = id->kind;
    field_.option = id->option;
    field_.bits = id->bits;
    field_.position = static_cast<uint8_t>(draft_.position);
    if (field_.kind != Kind::option && draft_.position > 1) {
      return "FP " + number_text(draft_.position) + ", a CoAP message has this field once";
    }
    return {};
  }

  std::string length() {
    if (!draft_.length) {
      if (field_.kind == Kind::token) field_.length = Length::token_length;
      else if (is_option(field_.kind)) field_.length = Length::octets;
      return {};
    }
    if (const auto* bits = std::get_if<uint64_t>(&*draft_.length)) return fixed_length(*bits);
    const auto& word = std::get<std::string>(*draft_.length);
    if (same_word(word, "tkl")) {
      field_.length = Length::token_length;
      return field_.kind == Kind::token ? "" : "FL \"tkl\" is the length of COAP.TOKEN alone";
    }
    if (is_number(field_.kind)) return "FL \"" + word + "\", this field has " + number_text(field_.bits) + " bits";
    if (field_.kind == Kind::token) return "FL \"" + word + "\", a token has FL \"tkl\" or bits: no size prefix ever (RFC 8824 section 4.5)";
    if (same_word(word, "var") || same_word(word, "variable")) field_.length = Length::octets;
    else if (same_word(word, "var_bit")) field_.length = Length::bits;
    else if (same_word(word, "osc.piv") && field_.kind == Kind::oscore_piv) field_.length = Length::oscore_piv;
    else return "FL \"" + word + "\" is unknown for this field";
    return {};
  }

  std::string fixed_length(uint64_t bits) {
    if (is_number(field_.kind)) {
      return bits == field_.bits ? "" : "FL " + number_text(bits) + ", this field has " + number_text(field_.bits) + " bits";
    }
    const size_t most = field_.kind == Kind::token ? kTokenMax * 8 : kTargetOctetsMax * 8;
    if (bits == 0 || bits % 8 != 0 || bits > most) {
      return "FL " + number_text(bits) + ", needs whole octets, 8 to " + number_text(most) + " bits";
    }
    if (field_.kind == Kind::token && context_.token_octets && *context_.token_octets * 8 != bits) {
      return "FL " + number_text(bits) + ", but COAP.TKL says " + number_text(*context_.token_octets) + " octets";
    }
    field_.bits = static_cast<uint16_t>(bits);
    return {};
  }

  std::string operators() {
    const auto action = action_by_name(draft_.action);
    if (!action) {
      if (same_word(draft_.action.substr(0, 7), "compute")) return "CDA \"" + draft_.action + "\": no CoAP field can be computed from others";
      if (same_word(draft_.action, "DevIID") || same_word(draft_.action, "AppIID")) {
        return "CDA \"" + draft_.action + "\" is for IPv6 interface identifiers";
      }
      return "CDA \"" + draft_.action + "\" is unknown";
    }
    std::string_view match = draft_.match;
    if (const size_t open = match.find('('); open != std::string_view::npos) match = match.substr(0, open);  // "MSB(12)"
    const auto found = match_by_name(match);
    if (!found) return "MO \"" + draft_.match + "\" is unknown";
    field_.match = *found;
    field_.action = *action;
    return pairing();
  }

  // RFC 8724 section 7.4 pairs operators and actions; the other pairs lose bits or cannot be undone.
  std::string pairing() const {
    const std::string pair = "MO " + std::string(match_name(field_.match)) + " with CDA " + std::string(action_name(field_.action));
    switch (field_.action) {
      case Action::lsb: return field_.match == Match::msb ? "" : pair + ": LSB needs MSB";
      case Action::mapping_sent: return field_.match == Match::mapping ? "" : pair + ": mapping-sent needs match-mapping";
      case Action::value_sent: return {};
      case Action::not_sent: break;
    }
    if (field_.match == Match::msb || field_.match == Match::mapping) return pair + ": the value could not be restored";
    const bool framing = field_.kind == Kind::token_length || field_.kind == Kind::token || is_oscore_part(field_.kind);
    if (field_.match == Match::ignore && framing) return pair + ": would misframe the message";
    return {};
  }

  std::string msb() {
    if (field_.match != Match::msb) return {};
    uint64_t x = draft_.msb.value_or(0);
    if (const size_t open = draft_.match.find('('); !draft_.msb && open != std::string::npos) {
      for (size_t i = open + 1; i < draft_.match.size() && draft_.match[i] >= '0' && draft_.match[i] <= '9' && x < 100000; ++i) {
        x = x * 10 + static_cast<uint64_t>(draft_.match[i] - '0');
      }
    }
    const uint64_t most = field_.bits != 0 ? field_.bits : field_.kind == Kind::token ? kTokenMax * 8 : kTargetOctetsMax * 8;
    if (x == 0 || x > most) return "MSB needs its number of bits (MO.VAL), 1 to " + number_text(most);
    if (field_.length == Length::octets && x % 8 != 0) {
      return "MSB(" + number_text(x) + ") of a variable-length field is not a multiple of its unit, 8 bits (RFC 8724 section 7.3)";
    }
    field_.msb = static_cast<uint16_t>(x);
    return {};
  }

  std::string targets() {
    field_.first_target = static_cast<uint16_t>(rules_.targets.size());
    const bool needed = field_.match != Match::ignore || field_.action == Action::not_sent;
    if (field_.match == Match::mapping) {
      if (!draft_.list) return "match-mapping needs a list as TV";
      if (draft_.targets.empty()) return "mapping list is empty";
    } else if (draft_.list) {
      return "TV is a list, but MO is " + std::string(match_name(field_.match));
    } else if (needed && draft_.targets.empty()) {
      return "TV is missing";
    } else if (!needed) {
      return {};  // a TV beside ignore and value-sent says nothing
    }
    if (rules_.targets.size() + draft_.targets.size() > UINT16_MAX) return "the set has more than 65535 target values";
    for (const TargetDraft& each : draft_.targets) {
      auto problem = is_number(field_.kind) ? number_target(each) : octet_target(each);
      if (!problem.empty()) return problem;
    }
    if (field_.action == Action::mapping_sent) {
      // ceil(log2 n), RFC 8724 section 7.4.4: 0 bits for a list of one, though other implementations send 1.
      field_.index_bits = static_cast<uint8_t>(std::bit_width(draft_.targets.size() - 1));
    }
    return {};
  }

  // An integer, or its octets; fewer octets than FL are the first ones where only the first bits count.
  std::string number_target(const TargetDraft& draft) {
    if (std::holds_alternative<std::string>(draft)) return "TV \"" + std::get<std::string>(draft) + "\" is text, this field is a number";
    Target target;
    uint64_t value = 0;
    if (const auto* integer = std::get_if<uint64_t>(&draft)) {
      value = *integer;
    } else {
      const auto& octets = std::get<Buffer>(draft);
      if (octets.empty() || octets.size() > 2) return "TV of " + number_text(octets.size()) + " octets, FL is " + number_text(field_.bits) + " bits";
      for (const uint8_t each : octets) value = value << 8 | each;
      const size_t given = octets.size() * 8;
      if (field_.match == Match::msb && given < field_.bits && given >= field_.msb) value <<= field_.bits - given;
    }
    if (value >> field_.bits != 0) return "TV " + number_text(value) + " does not fit FL " + number_text(field_.bits) + " bits";
    target.number = static_cast<uint32_t>(value);
    for (const Target& other : rules_.of(field_)) {
      if (other.number == target.number) return "TV lists " + number_text(value) + " twice";
    }
    rules_.targets.push_back(target);
    ++field_.targets;
    return {};
  }

  std::string octet_target(const TargetDraft& draft) {
    Buffer octets;
    if (const auto* integer = std::get_if<uint64_t>(&draft)) {
      // RFC 7252 section 3.2: an option's uint has no leading zero octets, 0 is empty. Where the length is known, it is filled.
      for (uint64_t value = *integer; value != 0; value >>= 8) octets.insert(octets.begin(), static_cast<uint8_t>(value));
      const size_t fixed = field_.kind == Kind::token && context_.token_octets ? *context_.token_octets : field_.bits / 8;
      if (octets.size() < fixed) octets.insert(octets.begin(), fixed - octets.size(), 0);
    } else if (const auto* text = std::get_if<std::string>(&draft)) {
      octets.assign(text->begin(), text->end());
    } else {
      octets = std::get<Buffer>(draft);
    }
    const size_t most = field_.bits != 0 ? field_.bits / 8 : field_.kind == Kind::token ? kTokenMax : kTargetOctetsMax;
    const std::string has = "TV has " + number_text(octets.size()) + " octets, ";
    if (octets.size() > most) return has + "limit " + number_text(most);
    if (field_.match == Match::msb && octets.size() * 8 < field_.msb) return has + "MSB needs " + number_text(field_.msb) + " bits";
    if (field_.match != Match::msb && field_.bits != 0 && octets.size() * 8 != field_.bits) {
      return has + "FL is " + number_text(field_.bits) + " bits";
    }
    for (const Target& other : rules_.of(field_)) {
      if (equal(rules_.of(other), octets)) return "TV lists \"0x" + to_hex(octets) + "\" twice";
    }
    rules_.targets.push_back({0, static_cast<uint32_t>(rules_.octets.size()), static_cast<uint32_t>(octets.size())});
    rules_.octets.insert(rules_.octets.end(), octets.begin(), octets.end());
    ++field_.targets;
    return {};
  }

  std::string ranges() {
    if (field_.kind != Kind::token_length) return {};
    for (const Target& each : rules_.of(field_)) {
      if (each.number > kTokenMax && field_.match != Match::msb) return "TV " + number_text(each.number) + ", RFC 7252 allows token lengths to 8";
    }
    return {};
  }

  const FieldDraft& draft_;
  RuleSet::Rules& rules_;
  const FieldContext& context_;
  Field field_;
};

}  // namespace

std::optional<Field> compile_field(const FieldDraft& draft, RuleSet::Rules& rules, FieldContext& context) {
  FieldCompiler compiler(draft, rules, context);
  context.error = compiler.run();
  if (!context.error.empty()) return std::nullopt;
  return compiler.field();
}

}  // namespace nrid::schc
