// The compressor, RFC 8724 sections 7.2 to 7.4. Every usable rule is compared field by field, which yields the length of its
// residue; the shortest one is then written. Nothing is allocated.
#include <algorithm>

#include "base/bits.h"
#include "schc/message.h"
#include "schc/residue.h"
#include "schc/rules.h"

namespace nrid::schc {
namespace {

constexpr size_t kNoMatch = SIZE_MAX;

bool same_first_bits(Bytes a, Bytes b, size_t bits) {
  if (a.size() * 8 < bits || b.size() * 8 < bits) return false;
  const size_t octets = bits / 8;
  if (!equal(a.first(octets), b.first(octets))) return false;
  return bits % 8 == 0 || (a[octets] ^ b[octets]) >> (8 - bits % 8) == 0;
}

// Hands out the packet's values in the order of the descriptors: options of a rule are ascending, as those of a packet are, so
// that the n-th occurrence of an option meets its FP n by walking both lists once.
class Values {
 public:
  explicit Values(const Message& message) : message_(message) {}

  // The value of the field, or nullptr if the packet has none there.
  const Bytes* next(const Field& field) {
    if (field.kind == Kind::token) return &message_.token;
    if (field.kind > Kind::oscore_flags) return part(field.kind);
    if (at_ == message_.option_count || message_.options[at_].number != field.option) return nullptr;
    const Bytes& value = message_.options[at_++].value;
    if (field.kind == Kind::option) return &value;
    oscore_ = split_oscore(value, parts_);
    return part(field.kind);
  }
  bool used_up() const { return at_ == message_.option_count; }

 private:
  const Bytes* part(Kind kind) const {
    if (!oscore_) return nullptr;
    switch (kind) {
      case Kind::oscore_flags: return &parts_.flags;
      case Kind::oscore_piv: return &parts_.piv;
      case Kind::oscore_kid_context: return &parts_.kid_context;
      default: return &parts_.kid;
    }
  }

  const Message& message_;
  size_t at_ = 0;
  bool oscore_ = false;
  OscoreParts parts_;
};

class Compressor {
 public:
  Compressor(const RuleSet::Rules& rules, const Message& message) : rules_(rules), message_(message) {}

  // Bits of the residue, or kNoMatch.
  size_t measure(std::span<const Field> fields) const {
    Values values(message_);
    size_t bits = 0;
    for (const Field& field : fields) {
      const size_t more = is_number(field.kind) ? number_bits(field, message_.number(field.kind))
                                                : octet_bits(field, values.next(field));
      if (more == kNoMatch) return kNoMatch;
      bits += more;
    }
    return values.used_up() ? bits : kNoMatch;
  }

  void write(std::span<const Field> fields, BitWriter& out) const {
    Values values(message_);
    for (const Field& field : fields) {
      if (is_number(field.kind)) write_number(field, message_.number(field.kind), out);
      else write_octets(field, values.next(field), out);
    }
  }

 private:
  size_t index_of(const Field& field, uint16_t value) const {
    const auto list = rules_.of(field);
    return static_cast<size_t>(std::find_if(list.begin(), list.end(), [&](const Target& t) { return t.number == value; }) -
                               list.begin());
  }
  size_t index_of(const Field& field, Bytes value) const {
    const auto list = rules_.of(field);
    return static_cast<size_t>(
        std::find_if(list.begin(), list.end(), [&](const Target& t) { return equal(rules_.of(t), value); }) - list.begin());
  }

  size_t number_bits(const Field& field, uint16_t value) const {
    switch (field.match) {
      case Match::equal: if (rules_.targets[field.first_target].number != value) return kNoMatch; break;
      case Match::ignore: break;
      case Match::msb:
        if ((rules_.targets[field.first_target].number ^ value) >> (field.bits - field.msb) != 0) return kNoMatch;
        break;
      case Match::mapping: if (index_of(field, value) == field.targets) return kNoMatch; break;
    }
    switch (field.action) {
      case Action::not_sent: return 0;
      case Action::value_sent: return field.bits;
      case Action::mapping_sent: return field.index_bits;
      case Action::lsb: return static_cast<size_t>(field.bits - field.msb);
    }
    return kNoMatch;
  }

  size_t octet_bits(const Field& field, const Bytes* value) const {
    if (value == nullptr) return absent_bits(field);
    if (field.length == Length::fixed && value->size() * 8 != field.bits) return kNoMatch;
    switch (field.match) {
      case Match::equal: if (!equal(target(field), *value)) return kNoMatch; break;
      case Match::ignore: break;
      case Match::msb: if (!same_first_bits(target(field), *value, field.msb)) return kNoMatch; break;
      case Match::mapping: if (index_of(field, *value) == field.targets) return kNoMatch; break;
    }
    const bool prefixed = field.length == Length::octets || field.length == Length::bits;
    const size_t unit = field.length == Length::bits ? 1 : 8;
    size_t rest = value->size() * 8;
    switch (field.action) {
      case Action::not_sent: return 0;
      case Action::mapping_sent: return field.index_bits;
      case Action::value_sent:
        // Size 0 means "absent" (RFC 8724 7.4.2), so an option that is there but empty cannot go this way. The parts of an
        // OSCORE option stand for one option that is always there.
        if (rest == 0 && prefixed && field.kind == Kind::option) return kNoMatch;
        break;
      case Action::lsb: rest -= field.msb; break;
    }
    if (!prefixed) return rest;
    return rest / unit > kSizeMax ? kNoMatch : size_prefix_bits(rest / unit) + rest;
  }

  // RFC 8724 7.4.2: a variable-length descriptor may stand for a field that the packet lacks.
  static size_t absent_bits(const Field& field) {
    const bool may = field.kind == Kind::option && field.length == Length::octets && field.match == Match::ignore &&
                     field.action == Action::value_sent;
    return may ? size_prefix_bits(0) : kNoMatch;
  }

  void write_number(const Field& field, uint16_t value, BitWriter& out) const {
    switch (field.action) {
      case Action::not_sent: break;
      case Action::value_sent: out.bits(value, field.bits); break;
      case Action::mapping_sent: out.bits(index_of(field, value), field.index_bits); break;
      case Action::lsb: out.bits(value, static_cast<size_t>(field.bits - field.msb)); break;
    }
  }

  void write_octets(const Field& field, const Bytes* present, BitWriter& out) const {
    const Bytes value = present == nullptr ? Bytes{} : *present;
    if (field.action == Action::not_sent) return;
    if (field.action == Action::mapping_sent) return out.bits(index_of(field, value), field.index_bits);
    const size_t head = field.action == Action::lsb ? field.msb : 0;
    const size_t rest = value.size() * 8 - head;
    if (field.length == Length::octets) write_size(out, rest / 8);
    if (field.length == Length::bits) write_size(out, rest);
    if (head % 8 == 0) return out.octets(value.subspan(head / 8));
    BitReader in(value);
    in.skip(head);
    out.copy(in, rest);
  }

  Bytes target(const Field& field) const { return rules_.of(rules_.targets[field.first_target]); }

  const RuleSet::Rules& rules_;
  const Message& message_;
};

}  // namespace

Result<Bytes> compress(const RuleSet& set, Direction direction, Bytes coap, std::span<uint8_t> out) {
  const auto& rules = set.rules();
  Message message;
  if (const Error error = read_message(coap, message); error != Error::none) return error;
  if (coap.size() > rules.message_max) return Error::schc_too_large;  // the other end would have to refuse it

  const Compressor compressor(rules, message);
  const Rule* best = nullptr;
  size_t best_bits = kNoMatch;
  if (!message.option_overflow) {
    for (const uint16_t index : rules.candidates[static_cast<size_t>(direction)]) {
      const Rule& rule = rules.rules[index];
      const size_t residue = compressor.measure(rules.of(rule, direction));
      if (residue != kNoMatch && residue + rule.id_bits < best_bits) {
        best = &rule;
        best_bits = residue + rule.id_bits;
      }
    }
  }
  if (best == nullptr && rules.fallback < 0) return Error::schc_no_rule;

  BitWriter bits(out);
  if (best != nullptr) {
    bits.bits(best->id, best->id_bits);
    compressor.write(rules.of(*best, direction), bits);
    bits.octets(message.payload);
  } else {
    const Rule& fallback = rules.rules[static_cast<size_t>(rules.fallback)];
    bits.bits(fallback.id, fallback.id_bits);
    bits.octets(coap);
  }
  if (!bits.ok()) return Error::no_space;
  return bits.written();
}

}  // namespace nrid::schc
