#include "wire/cbor.h"

#include <cbor.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "base/profile.h"

namespace nrid::cbor {
namespace {

enum Major : uint8_t { kUnsigned, kNegative, kBytes, kText, kArray, kMap, kTag, kOther };

constexpr uint64_t kFalse = 20, kTrue = 21, kNull = 22;

// Half, single and double precision are libcbor's; what is not set here cannot come.
constexpr cbor_callbacks make_float_callbacks() {
  cbor_callbacks on = {};
  on.float2 = on.float4 = [](void* number, float value) { *static_cast<double*>(number) = value; };
  on.float8 = [](void* number, double value) { *static_cast<double*>(number) = value; };
  return on;
}
constexpr cbor_callbacks kFloatCallbacks = make_float_callbacks();

// Octets of the argument behind the initial octet: 0, 1, 2, 4, 8; nullopt for the reserved 28..30 and indefinite 31.
std::optional<size_t> argument_size(uint8_t initial) {
  const uint8_t low = initial & 31;
  if (low < 24) return 0;
  if (low > 27) return std::nullopt;
  return size_t{1} << (low - 24);
}

// RFC 8949 4.2.1: a wider argument than the value needs is a second spelling of the same item.
bool shortest(size_t argument, uint64_t value) {
  switch (argument) {
    case 1: return value >= 24;
    case 2: return value > 0xff;
    case 4: return value > 0xffff;
    case 8: return value > 0xffffffff;
    default: return true;
  }
}

// RFC 3629: no overlong form, no surrogate, nothing above U+10FFFF.
bool is_utf8(Bytes text) {
  for (size_t i = 0; i < text.size();) {
    const uint8_t first = text[i++];
    if (first < 0x80) continue;
    const size_t more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1;
    if (first < 0xc2 || first > 0xf4 || more > text.size() - i) return false;
    uint32_t point = first & (0x3fu >> more);
    for (size_t k = 0; k < more; ++k) {
      const uint8_t next = text[i++];
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3fu);
    }
    const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    if (point < least[more] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
  }
  return true;
}

}  // namespace

Reader::Reader(Bytes in) : in_(in) {}

// Reads the head at at_ without moving. False, and failed, if it is none that R-046 allows. Every claim of every datagram comes
// through here: with a call of libcbor and its callbacks for each, reading a token took twice as long (bench/journey_bench).
bool Reader::read_head(Head& head) {
  if (!ok_ || at_ == in_.size()) {
    fail();
    return false;
  }
  const Bytes rest = in_.subspan(at_);
  const uint8_t initial = rest[0];
  const auto argument = argument_size(initial);
  if (!argument || *argument >= rest.size()) {
    fail();
    return false;
  }
  head.size = 1 + *argument;
  head.value = *argument == 0 ? initial & 31u : 0;
  for (size_t i = 0; i < *argument; ++i) head.value = head.value << 8 | rest[1 + i];

  const Major major = static_cast<Major>(initial >> 5);
  if (major == kOther) return read_simple(head, rest, *argument);
  constexpr Kind kKinds[] = {Kind::unsigned_int, Kind::negative_int, Kind::bytes, Kind::text, Kind::array, Kind::map, Kind::tag};
  head.kind = kKinds[major];
  expect(shortest(*argument, head.value));
  // No count may promise more items than there are octets left: loops and tables of callers are bounded by it.
  const size_t left = rest.size() - head.size;
  if (major == kArray) expect(head.value <= left);
  if (major == kMap) expect(head.value <= left / 2);
  if (major == kBytes || major == kText) {
    expect(head.value <= left);
    if (ok_) head.content = rest.subspan(head.size, head.value);
    if (major == kText) expect(is_utf8(head.content));
  }
  return ok_;
}

// Major type 7: simple values and floating-point numbers.
bool Reader::read_simple(Head& head, Bytes rest, size_t argument) {
  if (argument <= 1) {
    head.kind = Kind::simple;
    if (argument == 1 && head.value < 32) fail();  // RFC 8949 3.3
    return ok_;
  }
  head.kind = Kind::floating;
  head.value = 0;
  expect(cbor_stream_decode(rest.data(), rest.size(), &kFloatCallbacks, &head.number).status == CBOR_DECODER_FINISHED);
  return ok_;
}

Kind Reader::peek() {
  if (!ok_) return Kind::bad;
  if (at_ == in_.size()) return Kind::end;
  Head head;
  return read_head(head) ? head.kind : Kind::bad;
}

// Takes the next head, which must be of this kind, with its content if it is a string.
bool Reader::take(Kind kind, Head& head) {
  if (!read_head(head)) return false;
  if (head.kind != kind) {
    fail();
    return false;
  }
  at_ += head.size + head.content.size();
  return true;
}

// One item is complete; so may be the containers around it.
void Reader::item_done() {
  while (depth_ > 0 && --left_[depth_ - 1] == 0) --depth_;
}

uint64_t Reader::u64() {
  Head head;
  if (!take(Kind::unsigned_int, head)) return 0;
  item_done();
  return head.value;
}

int64_t Reader::i64() {
  Head head;
  if (!read_head(head)) return 0;
  const bool negative = head.kind == Kind::negative_int;
  if ((!negative && head.kind != Kind::unsigned_int) || head.value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    fail();
    return 0;
  }
  at_ += head.size;
  item_done();
  const auto value = static_cast<int64_t>(head.value);
  return negative ? -1 - value : value;
}

Bytes Reader::bytes() {
  Head head;
  if (!take(Kind::bytes, head)) return {};
  item_done();
  return head.content;
}

std::string_view Reader::text() {
  Head head;
  if (!take(Kind::text, head)) return {};
  item_done();
  return as_text(head.content);
}

// A tag nests like a container of one item (RFC 8949 3.4), so it counts against the depth as well.
uint64_t Reader::tag() {
  Head head;
  if (!take(Kind::tag, head)) return 0;
  open(1);
  return head.value;
}

size_t Reader::array() {
  Head head;
  if (!take(Kind::array, head)) return 0;
  open(head.value);
  return ok_ ? head.value : 0;
}

size_t Reader::map() {
  Head head;
  if (!take(Kind::map, head)) return 0;
  open_map(head.value);
  return ok_ ? head.value : 0;
}

void Reader::open(uint64_t items) {
  if (depth_ == profile::kCborDepthMax) {
    fail();
  } else if (items == 0) {
    item_done();
  } else {
    left_[depth_++] = items;
  }
}

// Equal keys have equal octets, since every item has one spelling. The look ahead does not look into nested maps: they
// get their own when they are opened, so no octet is read more often than the depth allows.
void Reader::open_map(uint64_t pairs) {
  if (check_keys_ && pairs > 1) {
    expect(pairs <= kMapPairsMax);
    std::array<Bytes, kMapPairsMax> keys;
    Reader ahead(in_.subspan(at_));
    ahead.check_keys_ = false;
    for (size_t i = 0; ok_ && i < pairs; ++i) {
      keys[i] = ahead.item();
      ahead.skip();
      expect(ahead.ok());
      for (size_t k = 0; ok_ && k < i; ++k) expect(keys[k][0] != keys[i][0] || !equal(keys[k], keys[i]));  // most differ in the first
    }
  }
  if (ok_) open(pairs * 2);
}

bool Reader::boolean() {
  const uint8_t value = simple();
  expect(value == kFalse || value == kTrue);
  return ok_ && value == kTrue;
}

void Reader::null() { expect(simple() == kNull); }

double Reader::floating() {
  Head head;
  if (!take(Kind::floating, head)) return 0;
  item_done();
  return head.number;
}

uint8_t Reader::simple() {
  Head head;
  if (!take(Kind::simple, head)) return 0;
  item_done();
  return static_cast<uint8_t>(head.value);
}

void Reader::skip() {
  const int outside = depth_;
  const uint64_t left = outside > 0 ? left_[outside - 1] : 0;
  // The item is over when its container counts one less, or is itself complete.
  do {
    Head head;
    if (!read_head(head)) return;
    at_ += head.size + head.content.size();
    switch (head.kind) {
      case Kind::array: open(head.value); break;
      case Kind::map: open_map(head.value); break;
      case Kind::tag: open(1); break;
      default: item_done();
    }
  } while (ok_ && (depth_ > outside || (depth_ == outside && outside > 0 && left_[outside - 1] == left)));
}

Bytes Reader::item() {
  const size_t start = at_;
  skip();
  return ok_ ? in_.subspan(start, at_ - start) : Bytes{};
}

void Reader::finish() { expect(at_ == in_.size() && depth_ == 0); }

template <class Encode>
void Writer::put(Encode encode) {
  if (!ok_) return;
  const size_t size = encode(out_.data() + at_, out_.size() - at_);
  if (size == 0) ok_ = false;  // libcbor's word for "no room"
  at_ += size;
}

void Writer::u64(uint64_t value) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_uint(value, out, room); });
}

void Writer::i64(int64_t value) {
  if (value >= 0) return u64(static_cast<uint64_t>(value));
  put([&](uint8_t* out, size_t room) { return cbor_encode_negint(static_cast<uint64_t>(-1 - value), out, room); });
}

void Writer::bytes_head(size_t size) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_bytestring_start(size, out, room); });
}

void Writer::bytes(Bytes value) {
  bytes_head(value.size());
  raw(value);
}

void Writer::text(std::string_view value) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_string_start(value.size(), out, room); });
  raw(as_bytes(value));
}

void Writer::tag(uint64_t number) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_tag(number, out, room); });
}

void Writer::array(size_t count) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_array_start(count, out, room); });
}

void Writer::map(size_t pairs) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_map_start(pairs, out, room); });
}

void Writer::boolean(bool value) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_bool(value, out, room); });
}

void Writer::null() {
  put([](uint8_t* out, size_t room) { return cbor_encode_null(out, room); });
}

void Writer::f32(float value) {
  put([&](uint8_t* out, size_t room) { return cbor_encode_single(value, out, room); });
}

void Writer::raw(Bytes item) {
  if (item.size() > out_.size() - at_) ok_ = false;
  if (!ok_ || item.empty()) return;
  std::copy(item.begin(), item.end(), out_.begin() + static_cast<std::ptrdiff_t>(at_));
  at_ += item.size();
}

}  // namespace nrid::cbor
