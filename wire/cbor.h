// CBOR (RFC 8949) for network octets: a pull reader that takes one spelling only (no indefinite lengths, non-shortest heads or
// repeated map keys; depth, counts and UTF-8 checked), and a deterministic writer over libcbor, which also reads
// floating-point numbers. Never a DOM: nothing is allocated by the input's say-so.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid::cbor {

enum class Kind : uint8_t { unsigned_int, negative_int, bytes, text, array, map, tag, simple, floating, end, bad };

// No map of ours comes near it; finding repeated keys costs its square at most.
inline constexpr size_t kMapPairsMax = 32;

// Remembers its first failure (Error::malformed) and then yields Kind::bad and zeros. Borrows from its input.
class Reader {
 public:
  explicit Reader(Bytes in);

  bool ok() const { return ok_; }
  size_t at() const { return at_; }           // offset of the next item's head
  Kind peek();                                // kind of the next item; `end` when the input is used up
  // Each takes the next item, which must be of that kind.
  uint64_t u64();
  int64_t i64();                              // unsigned or negative, within int64
  Bytes bytes();
  std::string_view text();
  uint64_t tag();                             // the head only; the tagged item follows
  size_t array();                             // number of items; they follow. Counts against the depth until all are read
  size_t map();                               // number of pairs, all of different key; key, value, ... follow
  bool boolean();
  void null();
  double floating();                          // half, single or double
  uint8_t simple();
  void skip();                                // one whole item, nested ones included
  Bytes item();                               // like skip, and returns its octets
  void expect(bool condition) { if (!condition) fail(); }  // a rule of the caller's, remembered like any failure
  void finish();                              // nothing may follow; every open array and map must be complete
  void fail() { ok_ = false; }

 private:
  struct Head { Kind kind = Kind::bad; uint64_t value = 0; size_t size = 0; Bytes content; double number = 0; };
  bool read_head(Head& head);
  bool read_simple(Head& head, Bytes rest, size_t argument);
  bool take(Kind kind, Head& head);
  void open(uint64_t items);
  void open_map(uint64_t pairs);
  void item_done();

  Bytes in_;
  size_t at_ = 0;
  bool ok_ = true;
  int depth_ = 0;
  bool check_keys_ = true;
  uint64_t left_[8] = {};                     // items left in each open container
};

// Deterministic encoding (RFC 8949 4.2): shortest heads, definite lengths; map keys are the caller's order to keep.
class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}
  bool ok() const { return ok_; }
  Bytes written() const { return out_.first(at_); }
  size_t size() const { return at_; }

  void u64(uint64_t value);
  void i64(int64_t value);
  void bytes(Bytes value);
  void text(std::string_view value);
  void tag(uint64_t number);
  void array(size_t count);
  void map(size_t pairs);
  void boolean(bool value);
  void null();
  void f32(float value);
  void raw(Bytes item);                       // an item already encoded
  // The head of a byte string whose `size` octets the caller writes next through raw().
  void bytes_head(size_t size);

 private:
  template <class Encode>
  void put(Encode encode);
  std::span<uint8_t> out_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace nrid::cbor
