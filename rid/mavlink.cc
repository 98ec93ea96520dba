#include "rid/mavlink.h"

#include <algorithm>

#include "rid/mavlink_table.h"

namespace nrid::rid::mavlink {
namespace {

constexpr uint8_t kStart1 = 0xfe, kStart2 = 0xfd;
constexpr uint8_t kSigned = 0x01;                     // incompatibility flag: 13 octets of signature follow
constexpr size_t kHead1 = 6, kHead2 = 10, kCrc = 2, kSignature = 13;

struct Place {
  const Field* field;
  size_t offset;
};

Place place_of(const MessageInfo& message, std::string_view name) {
  size_t offset = 0;
  for (const Field& field : message.fields) {
    if (field.name == name) return {&field, offset};
    offset += size_of(field);
  }
  CHECK(false && "no such field");
  return {};
}

// The octets between start and CRC, then the one that names the message's layout.
uint16_t crc_of(Bytes octets, uint8_t crc_extra) {
  uint16_t crc = 0xffff;
  for (const uint8_t octet : octets) crc = crc_add(crc, octet);
  return crc_add(crc, crc_extra);
}

}  // namespace

const MessageInfo* info(uint32_t id) {
  const auto found = std::find_if(std::begin(kMessages), std::end(kMessages), [&](const MessageInfo& one) { return one.id == id; });
  return found == std::end(kMessages) ? nullptr : found;
}
std::span<const MessageInfo> messages() { return kMessages; }
size_t length(const MessageInfo& message) { return length_of(message, true); }

Message::Message(uint32_t id) : info_(mavlink::info(id)) { CHECK(info_ != nullptr); }

int64_t Message::integer(std::string_view name) const {
  const auto [field, offset] = place_of(*info_, name);
  Reader in(Bytes(payload).subspan(offset));
  switch (field->type) {
    case u16: return in.u16_le();
    case i16: return static_cast<int16_t>(in.u16_le());
    case u32: return in.u32_le();
    case i32: return in.i32_le();
    case u64: {
      const uint64_t low = in.u32_le();
      return static_cast<int64_t>(low | uint64_t{in.u32_le()} << 32);
    }
    default: CHECK(field->type != f32); return in.u8();
  }
}

float Message::real(std::string_view name) const {
  const auto [field, offset] = place_of(*info_, name);
  CHECK(field->type == f32);
  Reader in(Bytes(payload).subspan(offset));
  const uint32_t bits = in.u32_le();
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

Bytes Message::octets(std::string_view name) const {
  const auto [field, offset] = place_of(*info_, name);
  CHECK(field->count != 0);
  return Bytes(payload).subspan(offset, field->count);
}

std::string_view Message::text(std::string_view name) const {
  const std::string_view all = as_text(octets(name));
  return all.substr(0, all.find('\0'));
}

void Message::set(std::string_view name, int64_t value) {
  const auto [field, offset] = place_of(*info_, name);
  CHECK(field->type != f32 && field->count == 0);
  for (size_t i = 0; i < size_of(*field); ++i) payload[offset + i] = static_cast<uint8_t>(static_cast<uint64_t>(value) >> 8 * i);
}

void Message::set_real(std::string_view name, float value) {
  const auto [field, offset] = place_of(*info_, name);
  CHECK(field->type == f32);
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  for (size_t i = 0; i < sizeof bits; ++i) payload[offset + i] = static_cast<uint8_t>(bits >> 8 * i);
}

void Message::set_octets(std::string_view name, Bytes value) {
  const auto [field, offset] = place_of(*info_, name);
  CHECK(field->count != 0);
  for (size_t i = 0; i < field->count; ++i) payload[offset + i] = i < value.size() ? value[i] : 0;
}

bool Message::operator==(const Message& o) const {
  return info_ == o.info_ && system == o.system && component == o.component && payload == o.payload;
}

// off len  field                 MAVLink 2; MAVLink 1 has neither flags nor the upper 16 bits of the id
//  0   1   start, 0xfd           0xfe
//  1   1   payload length
//  2   2   incompatibility flags, compatibility flags
//  4   3   sequence, system, component
//  7   3   message id, little-endian
// 10   n   payload, zeros at its end cut off
//      2   CRC, little-endian
//     13   signature, if flag 1
std::optional<Result<Message>> FrameReader::next() {
  while (!in_.empty()) {
    const bool second = in_[0] == kStart2;
    if (!second && in_[0] != kStart1) {  // whatever it is, up to the next octet that can start a frame
      const auto start = std::find_if(in_.begin(), in_.end(), [](uint8_t octet) { return octet == kStart1 || octet == kStart2; });
      in_ = in_.subspan(static_cast<size_t>(start - in_.begin()));
      return Result<Message>(Error::mavlink_frame);
    }
    const size_t head = second ? kHead2 : kHead1;
    const bool has_signature = second && in_.size() > 2 && (in_[2] & kSigned) != 0;
    const size_t size = in_.size() < 2 ? SIZE_MAX : head + in_[1] + kCrc + (has_signature ? kSignature : 0);
    if (size > in_.size()) {
      in_ = in_.subspan(1);
      return Result<Message>(Error::mavlink_frame);
    }
    const Bytes frame = in_.first(size);
    if (second && (frame[2] & ~kSigned) != 0) {
      in_ = in_.subspan(size);
      return Result<Message>(Error::mavlink_flags);
    }
    const size_t fixed = second ? 4 : 2;
    const uint32_t id = second ? frame[7] | frame[8] << 8 | static_cast<uint32_t>(frame[9]) << 16 : frame[5];
    const MessageInfo* known = info(id);
    if (known == nullptr) {
      ++unknown_;
      in_ = in_.subspan(size);
      continue;
    }
    const size_t crc_at = head + frame[1];
    if (crc_of(frame.subspan(1, crc_at - 1), known->crc_extra) != (frame[crc_at] | frame[crc_at + 1] << 8)) {
      in_ = in_.subspan(1);  // the length may be what was wrong: a good frame may start inside
      return Result<Message>(Error::mavlink_crc);
    }
    Message message(id);
    message.version = second ? 2 : 1;
    message.sequence = frame[fixed];
    message.system = frame[fixed + 1];
    message.component = frame[fixed + 2];
    message.has_signature = has_signature;
    const size_t taken = std::min<size_t>(frame[1], length_of(*known, second));  // a newer sender may have more extensions
    std::copy_n(frame.begin() + static_cast<ptrdiff_t>(head), taken, message.payload.begin());
    in_ = in_.subspan(size);
    return Result<Message>(message);
  }
  return std::nullopt;
}

Result<Bytes> encode(const Message& message, std::span<uint8_t> out) {
  const MessageInfo& known = message.info();
  const bool second = message.version == 2;
  if (!second && known.id > 255) return Error::value_range;
  size_t size = length_of(known, second);
  if (second) {
    while (size > 1 && message.payload[size - 1] == 0) --size;
  }
  Writer writer(out);
  writer.u8(second ? kStart2 : kStart1);
  writer.u8(size);
  if (second) writer.zeros(2);
  writer.u8(message.sequence);
  writer.u8(message.system);
  writer.u8(message.component);
  writer.u8(known.id);
  if (second) writer.u16_le(known.id >> 8);
  writer.bytes(Bytes(message.payload).first(size));
  if (!writer.ok()) return Error::no_space;
  writer.u16_le(crc_of(writer.written().subspan(1), known.crc_extra));
  if (!writer.ok()) return Error::no_space;
  return writer.written();
}

}  // namespace nrid::rid::mavlink
