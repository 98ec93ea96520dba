// The decompressor, RFC 8724 sections 7.2 to 7.4 and 7.6. One walk over the descriptors; CoAP octets come out in their own order
// because the loader refuses rules whose fields are not in it. Sizes are compared with what is left before anything is
// written, and the output is bounded by the rule set, so a datagram cannot make more of itself than 1280 octets.
#include "schc/decompress.h"

#include "base/bits.h"
#include "schc/message.h"
#include "schc/residue.h"

namespace nrid::schc {
namespace {

// Where an octet value comes from: `head` bits of the target, then `rest` bits of the residue.
struct Source {
  Bytes target;
  size_t head = 0;
  size_t rest = 0;
  bool absent = false;
  size_t size() const { return (head + rest) / 8; }
};

class Decompressor {
 public:
  Decompressor(const RuleSet::Rules& rules, Bytes packet, std::span<uint8_t> out)
      : rules_(rules), in_(packet), out_(out.first(std::min(out.size(), rules.message_max))),
        full_(out.size() < rules.message_max ? Error::no_space : Error::schc_too_large) {}

  Result<Bytes> whole_message(const Rule& rule, Trace* trace) {
    in_.skip(rule.id_bits);
    if (const Error error = payload(trace); error != Error::none) return error;
    return Bytes(out_.first(at_));
  }

  Result<Bytes> message(const Rule& rule, std::span<const Field> fields, Trace* trace) {
    in_.skip(rule.id_bits);
    if (grow(kHeadSize) == nullptr) return full_;
    for (const Field& field : fields) {
      if (trace != nullptr) {
        trace->stopped_at = &field;
        trace->steps.push_back({&field, in_.at()});
      }
      const Error error = is_number(field.kind) ? number(field, trace) : octets(field, trace);
      if (error != Error::none) return error;
      if (trace != nullptr) trace->steps.back().bits = in_.at() - trace->steps.back().at;
    }
    // A rule may send the token length and have no token, or one of another length.
    if (numbers_[kTokenLength] != token_size_) return Error::schc_size;
    if (trace != nullptr) trace->stopped_at = nullptr;
    if (in_.left() >= 8) {
      uint8_t* marker = grow(1);
      if (marker == nullptr) return full_;
      *marker = kPayloadMarker;
    }
    if (const Error error = payload(trace); error != Error::none) return error;
    write_head();
    return Bytes(out_.first(at_));
  }

 private:
  static constexpr size_t kTokenLength = static_cast<size_t>(Kind::token_length);

  uint8_t* grow(size_t size) {
    if (size > out_.size() - at_) return nullptr;
    at_ += size;
    return out_.data() + at_ - size;
  }

  Error number(const Field& field, Trace* trace) {
    uint32_t value = 0;
    switch (field.action) {
      case Action::not_sent: value = rules_.targets[field.first_target].number; break;
      case Action::value_sent: value = static_cast<uint32_t>(in_.bits(field.bits)); break;
      case Action::mapping_sent: {
        const size_t index = in_.bits(field.index_bits);
        if (in_.ok() && index >= field.targets) return Error::schc_mapping;
        value = rules_.of(field)[in_.ok() ? index : 0].number;
        break;
      }
      case Action::lsb: {
        const auto low = static_cast<size_t>(field.bits - field.msb);
        value = rules_.targets[field.first_target].number >> low << low | static_cast<uint32_t>(in_.bits(low));
        break;
      }
    }
    if (!in_.ok()) return Error::schc_truncated;
    if (field.kind == Kind::token_length && value > kTokenMax) return Error::schc_size;
    numbers_[static_cast<size_t>(field.kind)] = static_cast<uint16_t>(value);
    if (trace != nullptr) trace->steps.back().number = value;
    return Error::none;
  }

  // Reads what stands before the value: index or size prefix.
  Error locate(const Field& field, Source& source) {
    if (field.action == Action::not_sent || field.action == Action::mapping_sent) {
      size_t index = 0;
      if (field.action == Action::mapping_sent) {
        index = in_.bits(field.index_bits);
        if (!in_.ok()) return Error::schc_truncated;
        if (index >= field.targets) return Error::schc_mapping;
      }
      source.target = rules_.of(rules_.of(field)[index]);
      source.head = source.target.size() * 8;
      return Error::none;
    }
    if (field.action == Action::lsb) {
      source.target = rules_.of(rules_.targets[field.first_target]);
      source.head = field.msb;
    }
    size_t total = field.bits;
    switch (field.length) {
      case Length::fixed: break;
      case Length::token_length: total = numbers_[kTokenLength] * size_t{8}; break;
      case Length::oscore_piv: total = oscore_piv_size(oscore_flags_) * 8; break;
      case Length::octets:
      case Length::bits: {
        size_t size = 0;
        if (const Error error = read_size(in_, size); error != Error::none) return error;
        total = source.head + size * (field.length == Length::octets ? 8 : 1);
        source.absent = total == 0 && field.kind == Kind::option;
        break;
      }
    }
    if (total < source.head || total % 8 != 0) return Error::schc_size;
    source.rest = total - source.head;
    return source.rest > in_.left() ? Error::schc_truncated : Error::none;
  }

  Error octets(const Field& field, Trace* trace) {
    Source source;
    if (const Error error = locate(field, source); error != Error::none) return error;
    uint8_t* value = nullptr;
    if (field.kind == Kind::option) {
      if (source.absent) {
        if (trace != nullptr) trace->steps.back().absent = true;
        return Error::none;
      }
      value = start_option(field.option, source.size());
    } else if (is_oscore_part(field.kind)) {
      if (source.size() > oscore_.size() - oscore_size_) return Error::schc_size;
      value = oscore_.data() + oscore_size_;
      oscore_size_ += source.size();
    } else {
      token_size_ = source.size();
      value = grow(source.size());
    }
    if (value == nullptr) return full_;
    copy(source, value);
    if (trace != nullptr) trace->steps.back().value.assign(value, value + source.size());
    if (field.kind == Kind::oscore_flags) oscore_flags_ = source.size() == 0 ? 0 : *value;
    return field.kind == Kind::oscore_kid ? end_oscore() : Error::none;
  }

  void copy(const Source& source, uint8_t* value) {
    if (source.head % 8 != 0) {
      BitReader head(source.target);
      BitWriter both({value, source.size()});
      both.copy(head, source.head);
      both.copy(in_, source.rest);
      return;
    }
    const size_t head = source.head / 8;
    if (head != 0) std::memcpy(value, source.target.data(), head);
    in_.octets({value + head, source.rest / 8});
  }

  // The four parts together are one option; its length is known after the last.
  Error end_oscore() {
    uint8_t* value = start_option(9, oscore_size_);
    if (value == nullptr) return full_;
    if (oscore_size_ != 0) std::memcpy(value, oscore_.data(), oscore_size_);
    return Error::none;
  }

  // RFC 7252 section 3.1. Returns where the value goes.
  uint8_t* start_option(uint16_t number, size_t length) {
    const size_t delta = static_cast<size_t>(number) - last_option_;
    uint8_t* head = grow(1 + extra(delta) + extra(length) + length);
    if (head == nullptr) return nullptr;
    last_option_ = number;
    *head++ = static_cast<uint8_t>(nibble(delta) << 4 | nibble(length));
    head = write_extra(head, delta);
    return write_extra(head, length);
  }
  static size_t extra(size_t value) { return value < 13 ? 0 : value < 269 ? 1 : 2; }
  static size_t nibble(size_t value) { return value < 13 ? value : 12 + extra(value); }
  static uint8_t* write_extra(uint8_t* to, size_t value) {
    if (extra(value) == 1) *to++ = static_cast<uint8_t>(value - 13);
    if (extra(value) == 2) {
      *to++ = static_cast<uint8_t>((value - 269) >> 8);
      *to++ = static_cast<uint8_t>(value - 269);
    }
    return to;
  }

  // Whole octets are payload; what is left is padding, shorter than one L2 word of 8 bits, and zero by our profile.
  Error payload(Trace* trace) {
    const size_t size = in_.left() / 8;
    if (trace != nullptr) {
      trace->payload_at = in_.at();
      trace->payload_size = size;
      trace->padding = in_.left() % 8;
    }
    uint8_t* target = grow(size);
    if (target == nullptr) return full_;
    in_.octets({target, size});
    return in_.bits(in_.left()) == 0 ? Error::none : Error::schc_padding;
  }

  void write_head() {
    out_[0] = static_cast<uint8_t>(numbers_[0] << 6 | numbers_[1] << 4 | numbers_[2]);
    out_[1] = static_cast<uint8_t>(numbers_[3]);
    out_[2] = static_cast<uint8_t>(numbers_[4] >> 8);
    out_[3] = static_cast<uint8_t>(numbers_[4]);
  }

  const RuleSet::Rules& rules_;
  BitReader in_;
  std::span<uint8_t> out_;
  Error full_;
  size_t at_ = 0;
  std::array<uint16_t, 5> numbers_{};  // by Kind
  size_t token_size_ = 0;
  uint16_t last_option_ = 0;
  uint8_t oscore_flags_ = 0;
  size_t oscore_size_ = 0;
  std::array<uint8_t, 255> oscore_;    // RFC 8613 section 2: the option's longest value
};

}  // namespace

Result<const Rule*> RuleSet::Rules::find(Bytes packet) const {
  if (packet.empty()) return Error::bad_length;
  const int16_t slot = by_octet[packet[0]];
  if (slot >= 0) return &rules[static_cast<size_t>(slot)];
  if (slot == kNone) return Error::schc_no_rule;
  if (packet.size() < 2) return Error::schc_truncated;
  const uint32_t start = static_cast<uint32_t>(packet[0]) << 8 | packet[1];
  for (const uint16_t index : longer) {
    const Rule& rule = rules[index];
    if (start >> (kRuleIdBitsMax - rule.id_bits) == rule.id) return &rule;
  }
  return Error::schc_no_rule;
}

Result<Bytes> decompress_traced(const RuleSet::Rules& rules, Direction direction, Bytes packet, std::span<uint8_t> out,
                                Trace* trace) {
  TRY(rule, rules.find(packet));
  if (trace != nullptr) trace->rule = rule;
  Decompressor decompressor(rules, packet, out);
  if (rule->nature == Nature::no_compression) return decompressor.whole_message(*rule, trace);
  // Fragmentation rules may be in the set, but their packets are not for C/D.
  if (rule->nature != Nature::compression || !rule->usable[static_cast<size_t>(direction)]) return Error::schc_no_rule;
  return decompressor.message(*rule, rules.of(*rule, direction), trace);
}

Result<Bytes> decompress(const RuleSet& set, Direction direction, Bytes packet, std::span<uint8_t> out) {
  return decompress_traced(set.rules(), direction, packet, out, nullptr);
}

}  // namespace nrid::schc
