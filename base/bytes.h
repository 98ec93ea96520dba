// Octet cursors for what no library decodes: F3411, DRIP, Broadcast Endorsements. A Reader remembers its first
// failure and then reads zeros, so decoders run straight and ask ok() once, before judging any value.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nrid {

using Bytes = std::span<const uint8_t>;
using Buffer = std::vector<uint8_t>;  // owned octets, off the datagram path

class Reader {
 public:
  explicit Reader(Bytes in) : in_(in) {}

  bool ok() const { return ok_; }
  size_t left() const { return in_.size() - at_; }
  size_t at() const { return at_; }

  uint8_t u8() { return static_cast<uint8_t>(number_le(1)); }
  uint16_t u16_le() { return static_cast<uint16_t>(number_le(2)); }
  uint32_t u32_le() { return static_cast<uint32_t>(number_le(4)); }
  int8_t i8() { return static_cast<int8_t>(u8()); }
  int32_t i32_le() { return static_cast<int32_t>(u32_le()); }
  uint16_t u16_be() { const auto high = u8(); return static_cast<uint16_t>(high << 8 | u8()); }

  // Borrows from the input; empty after a failure.
  Bytes bytes(size_t count) {
    if (!take(count)) return {};
    return in_.subspan(at_ - count, count);
  }
  // Copies, so that the value outlives the input; zeros after a failure.
  template <size_t N>
  std::array<uint8_t, N> array() {
    std::array<uint8_t, N> out{};
    const Bytes view = bytes(N);
    if (!view.empty()) std::memcpy(out.data(), view.data(), N);
    return out;
  }
  Bytes rest() { return bytes(left()); }
  void skip(size_t count) { take(count); }

 private:
  bool take(size_t count) {
    if (!ok_ || count > left()) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }
  uint64_t number_le(size_t count) {
    if (!take(count)) return 0;
    uint64_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= static_cast<uint64_t>(in_[at_ - count + i]) << (8 * i);
    return value;
  }

  Bytes in_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Writes into memory that the caller owns; past its end nothing is written and ok() turns false.
class Writer {
 public:
  explicit Writer(std::span<uint8_t> out) : out_(out) {}

  bool ok() const { return ok_; }
  size_t size() const { return at_; }
  Bytes written() const { return out_.first(at_); }

  void u8(uint64_t value) { number_le(value, 1); }
  void u16_le(uint64_t value) { number_le(value, 2); }
  void u32_le(uint64_t value) { number_le(value, 4); }
  void bytes(Bytes in) {
    if (!take(in.size())) return;
    if (!in.empty()) std::memcpy(out_.data() + at_ - in.size(), in.data(), in.size());
  }
  void zeros(size_t count) {
    if (take(count)) std::memset(out_.data() + at_ - count, 0, count);
  }

 private:
  bool take(size_t count) {
    if (!ok_ || count > out_.size() - at_) {
      ok_ = false;
      return false;
    }
    at_ += count;
    return true;
  }
  void number_le(uint64_t value, size_t count) {
    if (!take(count)) return;
    for (size_t i = 0; i < count; ++i) out_[at_ - count + i] = static_cast<uint8_t>(value >> (8 * i));
  }

  std::span<uint8_t> out_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Lower-case hex without separators.
std::string to_hex(Bytes in);
// Even number of hex digits of either case, nothing else; nullopt otherwise.
std::optional<Buffer> from_hex(std::string_view text);

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(Bytes in) { return {reinterpret_cast<const char*>(in.data()), in.size()}; }
// span == span by content; std::span has no operator==.
inline bool equal(Bytes a, Bytes b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace nrid
