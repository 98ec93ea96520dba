// SCHC compression of CoAP messages: RFC 8724 sections 6, 7 and RFC 8824. A RuleSet is loaded once, checked, and
// then shared read-only by all threads; compress and decompress allocate nothing and have bounded output.
// Not here: fragmentation (RFC 8724 section 8), and IPv6/UDP fields, which travel below this server's sockets.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid::schc {

// Direction of the packet. The UAS is the device: up is UAS to service provider (RFC 8724 section 5).
enum class Direction : uint8_t { up, down };

class RuleSet {  // immutable value; copies share
 public:
  struct Rules;  // schc/rules.h
  RuleSet() = default;
  explicit RuleSet(std::shared_ptr<const Rules> rules) : rules_(std::move(rules)) {}
  const Rules& rules() const { return *rules_; }
  bool empty() const { return rules_ == nullptr; }

 private:
  std::shared_ptr<const Rules> rules_;
};

// OpenSCHC-style JSON: {"RuleID","RuleIDLength","Compression":[...]}, one rule, an array of them, or an object with
// "rules" or "SoR". The Status names file, rule and field: "rules.json: rule 3/8, field 2 COAP.Uri-Path: ...".
StatusOr<RuleSet> load_rules(std::string_view json, std::string_view file_name);
StatusOr<RuleSet> load_rules_file(const std::string& path);

size_t rule_count(const RuleSet& rules);

// A set loads without a no-compression rule, so that single rules can be tried; who has to send any message (a server, a
// gateway) refuses such a set at its start.
bool has_fallback(const RuleSet& rules);
// What is allowed but an operator should know: no fallback, fragmentation rules not served, values rewritten.
std::span<const std::string> notes(const RuleSet& rules);

// A CoAP message to a SCHC packet: the smallest result of all rules that match (the first of equals), else the
// no-compression rule. Errors: bad_length, coap_version, coap_format if `coap` is no CoAP message, schc_too_large (longer
// than the other end accepts), schc_no_rule (no rule and no fallback), no_space.
Result<Bytes> compress(const RuleSet& rules, Direction direction, Bytes coap, std::span<uint8_t> out);

// A SCHC packet to the CoAP message that was compressed. The result is a CoAP message in form only: parse it like any
// other. Errors: bad_length (empty), schc_no_rule, schc_truncated, schc_mapping, schc_size, schc_padding,
// schc_too_large, no_space.
Result<Bytes> decompress(const RuleSet& rules, Direction direction, Bytes packet, std::span<uint8_t> out);

// For people: RuleID, then one line per field with field, MO, CDA and residue bits ("the most wanted tool feature").
std::string explain(const RuleSet& rules, Direction direction, Bytes packet);

}  // namespace nrid::schc
