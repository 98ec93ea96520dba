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

// What one call of the streaming decoder reported.
struct Event {
  Kind kind = Kind::bad;
  uint64_t value = 0;
  Bytes content;
  double number = 0;
};

template <Kind kind, class T>
void on_number(void* event, T value) {
  *static_cast<Event*>(event) = {kind, value, {}, 0};
}
template <Kind kind>
void on_string(void* event, cbor_data data, size_t size) {
  *static_cast<Event*>(event) = {kind, size, Bytes(data, size), 0};
}
template <class T>
void on_float(void* event, T value) {
  *static_cast<Event*>(event) = {Kind::floating, 0, {}, value};
}
template <uint64_t value>
void on_simple(void* event) {
  *static_cast<Event*>(event) = {Kind::simple, value, {}, 0};
}

constexpr uint64_t kFalse = 20, kTrue = 21, kNull = 22, kUndefined = 23;

// Whatever is not set here (indefinite lengths, break) leaves the event bad.
constexpr cbor_callbacks make_callbacks() {
  cbor_callbacks on = {};
  on.uint8 = on_number<Kind::unsigned_int, uint8_t>;
  on.uint16 = on_number<Kind::unsigned_int, uint16_t>;
  on.uint32 = on_number<Kind::unsigned_int, uint32_t>;
  on.uint64 = on_number<Kind::unsigned_int, uint64_t>;
  on.negint8 = on_number<Kind::negative_int, uint8_t>;
  on.negint16 = on_number<Kind::negative_int, uint16_t>;
  on.negint32 = on_number<Kind::negative_int, uint32_t>;
  on.negint64 = on_number<Kind::negative_int, uint64_t>;
  on.byte_string = on_string<Kind::bytes>;
  on.string = on_string<Kind::text>;
  on.array_start = [](void* event, auto count) { *static_cast<Event*>(event) = {Kind::array, count, {}, 0}; };
  on.map_start = [](void* event, auto count) { *static_cast<Event*>(event) = {Kind::map, count, {}, 0}; };
  on.tag = on_number<Kind::tag, uint64_t>;
  on.float2 = on_float<float>;
  on.float4 = on_float<float>;
  on.float8 = on_float<double>;
  on.undefined = on_simple<kUndefined>;
  on.null = on_simple<kNull>;
  on.boolean = [](void* event, bool value) { *static_cast<Event*>(event) = {Kind::simple, value ? kTrue : kFalse, {}, 0}; };
  on.byte_string_start = on.string_start = on.indef_array_start = on.indef_map_start = on.indef_break = [](void*) {};
  return on;
}
constexpr cbor_callbacks kCallbacks = make_callbacks();

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

// Reads the head at at_ without moving. False, and failed, if it is none that R-046 allows.
bool Reader::read_head(Head& head) {
  if (!ok_ || at_ == in_.size()) {
    fail();
    return false;
  }
  const Bytes rest = in_.subspan(at_);
  const uint8_t initial = rest[0];
  const Major major = static_cast<Major>(initial >> 5);
  const auto argument = argument_size(initial);
  if (!argument || *argument >= rest.size()) {
    fail();
    return false;
  }
  head.size = 1 + *argument;

  // libcbor 0.8 knows neither the one-octet tags 6..20 nor simple values without a meaning of their own.
  if (major == kTag && *argument == 0) {
    head.kind = Kind::tag;
    head.value = initial & 31u;
    return true;
  }
  if (major == kOther && *argument <= 1 && (initial < 0xf4 || initial > 0xf7)) {
    head.kind = Kind::simple;
    head.value = *argument == 0 ? initial & 31u : rest[1];
    if (*argument == 1 && head.value < 32) fail();  // RFC 8949 3.3
    return ok_;
  }

  Event event;
  const cbor_decoder_result result = cbor_stream_decode(rest.data(), rest.size(), &kCallbacks, &event);
  if (result.status != CBOR_DECODER_FINISHED || event.kind == Kind::bad) {
    fail();
    return false;
  }
  head.kind = event.kind;
  head.value = event.value;
  head.content = event.content;
  head.number = event.number;
  expect(event.kind == Kind::floating || shortest(*argument, event.value));
  if (event.kind == Kind::text) expect(is_utf8(event.content));
  // No count may promise more items than there are octets left: loops and tables of callers are bounded by it.
  const size_t left = rest.size() - head.size;
  if (event.kind == Kind::array) expect(event.value <= left);
  if (event.kind == Kind::map) expect(event.value <= left / 2);
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
  const Kind kind = peek();
  Head head;
  if (!take(kind == Kind::negative_int ? kind : Kind::unsigned_int, head)) return 0;
  if (head.value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    fail();
    return 0;
  }
  item_done();
  const auto value = static_cast<int64_t>(head.value);
  return kind == Kind::negative_int ? -1 - value : value;
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
      for (size_t k = 0; k < i; ++k) expect(!equal(keys[k], keys[i]));
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
