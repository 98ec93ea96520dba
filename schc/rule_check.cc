// Draft to rule set: RuleIDs, the order of fields, what a direction needs to hold a whole CoAP message, and the flat arrays.
// An accepted set cannot fail later for a reason that stands in the file; what is allowed but unwise becomes a note.
#include <algorithm>

#include "schc/draft.h"
#include "schc/fields.h"

namespace nrid::schc {
namespace {

constexpr std::string_view kWays[] = {"up", "down"};
constexpr Kind kHeader[] = {Kind::version, Kind::type, Kind::token_length, Kind::code, Kind::message_id};
constexpr Kind kOscoreParts[] = {Kind::oscore_flags, Kind::oscore_piv, Kind::oscore_kid_context, Kind::oscore_kid};

// {up, down}; nullopt for an unknown word.
std::optional<std::array<bool, 2>> direction_by_name(std::string_view name) {
  if (same_word(name, "Bi")) return {{true, true}};
  if (same_word(name, "Up")) return {{true, false}};
  if (same_word(name, "Dw") || same_word(name, "Down")) return {{false, true}};
  return std::nullopt;
}

class SetBuilder {
 public:
  SetBuilder(const RuleSetDraft& draft, const std::string& file) : draft_(draft), file_(file) {}

  StatusOr<RuleSet> run() {
    if (draft_.rules.empty()) return at_file(file_, "has no rule");
    TRY_VOID(check_ids());
    rules_->message_max = draft_.message_max;
    rules_->by_octet.fill(RuleSet::Rules::kNone);
    for (const RuleDraft& rule : draft_.rules) TRY_VOID(add(rule));
    if (rules_->fallback < 0) note("no rule with NoCompression: a message that no rule matches cannot be sent (RFC 8724 section 7.2)");
    return RuleSet(rules_);
  }

 private:
  void note(const std::string& text) { rules_->notes.push_back(text); }

  // Nothing in a packet says how long its RuleID is: no RuleID may begin with another one.
  Status check_ids() const {
    for (const RuleDraft& rule : draft_.rules) {
      const auto here = [&](const std::string& text) { return at_rule(file_, rule.id, rule.id_bits, text); };
      if (rule.id_bits == 0 || rule.id_bits > kRuleIdBitsMax) return here("RuleIDLength is not 1 to 16 bits");
      if (rule.id >> rule.id_bits != 0) return here("RuleID does not fit its " + std::to_string(rule.id_bits) + " bits");
    }
    for (size_t i = 0; i < draft_.rules.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        const RuleDraft& a = draft_.rules[i];
        const RuleDraft& b = draft_.rules[j];
        const uint64_t bits = std::min(a.id_bits, b.id_bits);
        if (a.id >> (a.id_bits - bits) != b.id >> (b.id_bits - bits)) continue;
        const std::string other = std::to_string(b.id) + "/" + std::to_string(b.id_bits);
        if (a.id_bits == b.id_bits) return at_rule(file_, a.id, a.id_bits, "RuleID stands twice in the set");
        return at_rule(file_, a.id, a.id_bits, "and rule " + other + ": one RuleID is the beginning of the other");
      }
    }
    return {};
  }

  Status add(const RuleDraft& draft) {
    Rule rule;
    rule.id = static_cast<uint32_t>(draft.id);
    rule.id_bits = static_cast<uint8_t>(draft.id_bits);
    rule.nature = draft.nature;
    rule.description = draft.description;
    const auto index = static_cast<uint16_t>(rules_->rules.size());
    if (draft.nature == Nature::compression) {
      TRY_VOID(add_fields(draft, rule));
      for (size_t way = 0; way < 2; ++way) {
        if (rule.usable[way]) rules_->candidates[way].push_back(index);
      }
    }
    if (draft.nature == Nature::no_compression && rules_->fallback < 0) rules_->fallback = index;
    if (draft.nature == Nature::fragmentation) {
      note("rule " + rule_name(rule) + ": Fragmentation is loaded but not served, its packets are refused");
    }
    add_to_lookup(rule, index);
    rules_->rules.push_back(std::move(rule));
    return {};
  }

  void add_to_lookup(const Rule& rule, uint16_t index) {
    auto& slots = rules_->by_octet;
    if (rule.id_bits > 8) {
      slots[rule.id >> (rule.id_bits - 8)] = RuleSet::Rules::kLonger;
      rules_->longer.push_back(index);
      return;
    }
    const uint32_t free_bits = 8U - rule.id_bits;
    for (uint32_t i = 0; i < 1U << free_bits; ++i) slots[rule.id << free_bits | i] = static_cast<int16_t>(index);
  }

  Status add_fields(const RuleDraft& draft, Rule& rule) {
    std::array<std::string, 2> lacks;
    for (size_t way = 0; way < 2; ++way) {
      rule.first_field[way] = static_cast<uint32_t>(rules_->fields.size());
      FieldContext context;
      for (size_t i = 0; i < draft.fields.size(); ++i) {
        const FieldDraft& line = draft.fields[i];
        const auto ways = direction_by_name(line.direction);
        if (!ways) return at_field(file_, draft, i, "DI \"" + line.direction + "\" is none of Up, Dw, Bi");
        if (!(*ways)[way]) continue;
        const auto field = compile_field(line, *rules_, context);
        if (!field) return at_field(file_, draft, i, context.error);
        const std::span<const Field> before{rules_->fields.data() + rule.first_field[way], rule.fields[way]};
        if (const auto problem = order_problem(before, *field); !problem.empty()) {
          return at_field(file_, draft, i, problem + ", direction " + std::string(kWays[way]));
        }
        if (field->kind == Kind::token_length && field->match == Match::equal) {
          context.token_octets = rules_->targets[field->first_target].number;
        }
        rules_->fields.push_back(*field);
        ++rule.fields[way];
      }
      lacks[way] = lacking(rules_->of(rule, static_cast<Direction>(way)), context);
      rule.usable[way] = lacks[way].empty();
      if (rule.usable[way]) note_unwise(rule, static_cast<Direction>(way));
    }
    if (rule.usable[0] || rule.usable[1]) return {};
    return at_rule(file_, draft.id, draft.id_bits, "holds no whole CoAP message: up lacks " + lacks[0] + ", down lacks " + lacks[1]);
  }

  // Header, token, then options ascending: then one walk rebuilds the message and order inside an option is kept
  // (RFC 8824 section 5; draft-ietf-schc-8824-update makes it mandatory).
  static std::string order_problem(std::span<const Field> before, const Field& field) {
    const Field* last = before.empty() ? nullptr : &before.back();
    const bool after_options = last != nullptr && is_option(last->kind);
    if (is_oscore_part(field.kind)) {
      const auto at = static_cast<size_t>(field.kind) - static_cast<size_t>(kOscoreParts[0]);
      const bool follows = at == 0 ? !after_options || last->option < field.option : last != nullptr && last->kind == kOscoreParts[at - 1];
      return follows ? "" : "the parts of the OSCORE option stand together and in order: flags, piv, kid_ctx, kid";
    }
    if (last != nullptr && is_oscore_part(last->kind) && last->kind != Kind::oscore_kid) return "stands before COAP.OSCORE.kid";
    if (field.kind == Kind::option) {
      if (!after_options || last->option < field.option) {
        return field.position > 1 ? "FP " + std::to_string(field.position) + " without FP 1" : "";
      }
      if (last->option > field.option || last->kind != Kind::option) return "comes after option " + std::to_string(last->option) + ", options must ascend";
      const bool anywhere = last->position == 0;
      if (anywhere != (field.position == 0)) return "FP 0 beside a numbered FP of the same option";
      return anywhere || field.position == last->position + 1 ? "" : "FP " + std::to_string(field.position) + " after FP " + std::to_string(last->position);
    }
    if (after_options) return "comes after an option, header and token stand first";
    const auto same = std::find_if(before.begin(), before.end(), [&](const Field& f) { return f.kind == field.kind; });
    if (same != before.end()) return "stands twice";
    const bool token_first = field.kind == Kind::token_length && last != nullptr && last->kind == Kind::token;
    return token_first ? "comes after COAP.TOKEN, whose length it tells" : "";
  }

  // What keeps a direction from holding a whole message; empty if nothing does.
  static std::string lacking(std::span<const Field> fields, const FieldContext& context) {
    const auto has = [&](Kind kind) {
      return std::any_of(fields.begin(), fields.end(), [&](const Field& f) { return f.kind == kind; });
    };
    for (const Kind kind : kHeader) {
      if (!has(kind)) return field_name(kind, 0);
    }
    if (!has(Kind::token) && context.token_octets.value_or(0) != 0) return "COAP.TOKEN";
    if (!fields.empty() && is_oscore_part(fields.back().kind) && fields.back().kind != Kind::oscore_kid) return "COAP.OSCORE.kid";
    return {};
  }

  void note_unwise(const Rule& rule, Direction direction) {
    for (const Field& field : rules_->of(rule, direction)) {
      const std::string here = "rule " + rule_name(rule) + ", " + field_name(field.kind, field.option) + ", " +
                               std::string(kWays[static_cast<size_t>(direction)]) + ": ";
      if (field.match == Match::ignore && field.action == Action::not_sent) note(here + "ignore with not-sent rewrites the value");
      if (field.action == Action::mapping_sent && field.targets == 1) {
        note(here + "mapping list of one is sent in 0 bits here, in 1 bit by OpenSCHC: write equal and not-sent");
      }
      if (field.position == 0) note(here + "FP 0 is matched in the order of the rule");
    }
  }

  const RuleSetDraft& draft_;
  const std::string& file_;
  std::shared_ptr<RuleSet::Rules> rules_ = std::make_shared<RuleSet::Rules>();
};

}  // namespace

StatusOr<RuleSet> check_rules(const RuleSetDraft& draft, const std::string& file) { return SetBuilder(draft, file).run(); }

size_t rule_count(const RuleSet& set) { return set.rules().rules.size(); }

bool has_fallback(const RuleSet& set) { return set.rules().fallback >= 0; }

std::span<const std::string> notes(const RuleSet& set) { return set.rules().notes; }

}  // namespace nrid::schc
