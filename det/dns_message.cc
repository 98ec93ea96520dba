#include "det/dns_message.h"

#include <algorithm>

namespace nrid::det {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr size_t kNameMax = 255;
constexpr size_t kLabelsMax = 127;  // of one octet each, in a name of 255
constexpr uint16_t kClassIn = 1;

uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? static_cast<uint8_t>(c + 32) : c; }

// Reads a message front to back; a failure is remembered, reads behind it give zeros.
class Walk {
 public:
  explicit Walk(Bytes message) : message_(message) {}
  bool ok() const { return ok_; }

  uint16_t u16() {
    const Bytes two = bytes(2);
    return two.size() == 2 ? static_cast<uint16_t>(two[0] << 8 | two[1]) : uint16_t{0};
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }
  Bytes bytes(size_t count) {
    if (!ok_ || count > message_.size() - at_) {
      ok_ = false;
      return {};
    }
    at_ += count;
    return message_.subspan(at_ - count, count);
  }
  // Section 4.1.4: labels, then a zero or a pointer. A pointer must point before the place where the labels that led to it
  // began, so that every jump goes back and the walk ends; and no name has more labels, hence pointers, than kLabelsMax, so that it
  // ends soon.
  Buffer name() {
    Buffer out;
    size_t from = at_;
    size_t limit = at_;
    size_t jumps = 0;
    while (true) {
      if (from >= message_.size()) break;
      const uint8_t head = message_[from];
      if (head >= 0xc0) {
        if (from + 1 >= message_.size()) break;
        const size_t target = static_cast<size_t>(head & 0x3f) << 8 | message_[from + 1];
        if (jumps == 0) at_ = from + 2;
        if (++jumps > kLabelsMax || target >= limit || target < kHeaderSize) break;
        from = limit = target;
        continue;
      }
      if (head > 63 || from + 1 + head > message_.size() || out.size() + 1 + head > kNameMax) break;
      out.push_back(head);
      for (size_t i = 1; i <= head; ++i) out.push_back(lower(message_[from + i]));
      from += 1 + size_t{head};
      if (head != 0) continue;
      if (jumps == 0) at_ = from;
      return out;
    }
    ok_ = false;
    return {};
  }
  // A name inside RDATA that was taken with bytes(): read at its place in the message.
  Buffer name_at(Bytes rdata) {
    const size_t back = at_;
    at_ = static_cast<size_t>(rdata.data() - message_.data());
    Buffer out = name();
    if (at_ != static_cast<size_t>(rdata.data() - message_.data()) + rdata.size()) ok_ = false;
    at_ = back;
    return out;
  }

 private:
  Bytes message_;
  size_t at_ = 0;
  bool ok_ = true;
};

struct Record {
  Buffer owner;
  uint16_t type = 0;
  uint32_t ttl_s = 0;
  Bytes rdata;
  Buffer target;  // of a CNAME
};

bool read_question(Walk& in, uint16_t questions, uint8_t rcode, const Buffer& name, RrType type) {
  if (questions == 0) return rcode != kRcodeNoError;
  const Buffer asked = in.name();
  const uint16_t asked_type = in.u16();
  const uint16_t asked_class = in.u16();
  return in.ok() && questions == 1 && asked == name && asked_type == static_cast<uint16_t>(type) && asked_class == kClassIn;
}

std::vector<Record> read_records(Walk& in, uint16_t count) {
  std::vector<Record> out;
  for (uint16_t i = 0; i < count && in.ok(); ++i) {
    Record record;
    record.owner = in.name();
    record.type = in.u16();
    const uint16_t record_class = in.u16();
    const uint32_t ttl_s = in.u32();
    record.ttl_s = ttl_s > INT32_MAX ? 0 : ttl_s;  // RFC 2181 section 8
    record.rdata = in.bytes(in.u16());
    if (record.type == static_cast<uint16_t>(RrType::cname) && in.ok()) record.target = in.name_at(record.rdata);
    if (in.ok() && record_class == kClassIn) out.push_back(std::move(record));
  }
  return out;
}

void take_records(const std::vector<Record>& records, Buffer name, RrType type, DnsResponse& out) {
  uint32_t ttl_s = UINT32_MAX;
  for (size_t hop = 0; hop <= kCnameMax; ++hop) {
    const Record* alias = nullptr;
    for (const Record& record : records) {
      if (record.owner != name) continue;
      if (record.type == static_cast<uint16_t>(type)) {
        out.records.emplace_back(record.rdata.begin(), record.rdata.end());
        ttl_s = std::min(ttl_s, record.ttl_s);
      } else if (record.type == static_cast<uint16_t>(RrType::cname)) {
        alias = &record;
      }
    }
    if (!out.records.empty() || alias == nullptr) break;
    ttl_s = std::min(ttl_s, alias->ttl_s);
    name = alias->target;
  }
  out.ttl_s = out.records.empty() ? 0 : ttl_s;
}

}  // namespace

Result<DnsResponse> decode_dns_response(Bytes message, std::string_view name, RrType type) {
  Buffer wire;
  if (!dns_name_to_wire(name, wire)) return Error::malformed;
  Walk in(message);
  DnsResponse out;
  out.id = in.u16();
  const uint16_t flags = in.u16();
  const uint16_t questions = in.u16();
  const uint16_t answers = in.u16();
  in.bytes(4);  // authority and additional counts: not read
  if (!in.ok()) return Error::malformed;
  if ((flags & 0x8000) == 0 || (flags & 0x7800) != 0) return Error::malformed;  // a response to a standard query
  out.rcode = flags & 0x0f;
  out.truncated = (flags & 0x0200) != 0;
  out.authenticated = (flags & 0x0020) != 0;
  if (!read_question(in, questions, out.rcode, wire, type)) return Error::malformed;
  if (answers > kAnswersMax) return Error::malformed;
  const std::vector<Record> records = read_records(in, answers);
  if (!in.ok()) return Error::malformed;
  if (out.rcode == kRcodeNoError) take_records(records, std::move(wire), type, out);
  return out;
}

bool dns_name_to_wire(std::string_view name, Buffer& wire) {
  wire.clear();
  if (name == ".") {
    wire = {0};
    return true;
  }
  while (!name.empty()) {
    const size_t dot = name.find('.');
    if (dot == std::string_view::npos || dot == 0 || dot > 63) return false;
    wire.push_back(static_cast<uint8_t>(dot));
    for (const char c : name.substr(0, dot)) wire.push_back(lower(static_cast<uint8_t>(c)));
    name.remove_prefix(dot + 1);
  }
  wire.push_back(0);
  return wire.size() > 1 && wire.size() <= kNameMax;
}

}  // namespace nrid::det
