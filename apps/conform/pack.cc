#include "apps/conform/pack.h"

#include <algorithm>

#include "base/clock.h"
#include "base/cshake128.h"
#include "rid/pack.h"

namespace nrid::conform {
namespace {

using rid::MessageOctets;
using rid::MessageType;

constexpr size_t kPageZero = 17, kPage = 23;

std::vector<std::string> names_of(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    out.emplace_back(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return out;
}

template <size_t N>
void fill(std::array<uint8_t, N>& field, std::string_view text) {
  std::copy_n(text.begin(), std::min(text.size(), N), field.begin());
}

rid::Location make_location(const PackPlan& plan, Instant now) {
  rid::Location out;
  out.status = static_cast<uint8_t>(plan.location == "ground" ? rid::Status::ground : rid::Status::airborne);
  out.latitude_e7 = plan.place.latitude_e7 + plan.number * 200 + (plan.location == "jump" ? 10'000'000 : 0);
  out.longitude_e7 = plan.place.longitude_e7;
  out.speed_cmps = 500;
  out.track_deg = 0;
  out.geodetic_altitude_dm = 4550;
  if (plan.location == "no-time") return out;
  out.timestamp_ds = static_cast<uint16_t>(now.us / 100'000 % 36'000);
  out.timestamp_accuracy_ds = 1;
  return out;
}

StatusOr<MessageOctets> make_message(const std::string& name, const PackPlan& plan, Instant now) {
  const auto encoded = [&](auto value) -> StatusOr<MessageOctets> {
    const auto octets = rid::encode(value);
    if (!octets.ok()) return Status::failed("message " + name + " cannot be written");
    return *octets;
  };
  if (name == "basic") return encoded(rid::BasicId::of_session(plan.session, 2));
  if (name == "location") return encoded(make_location(plan, now));
  if (name == "null-self") return encoded(rid::SelfId{});
  if (name == "serial") {
    rid::BasicId id;
    id.id_type = rid::IdType::serial;
    id.ua_type = 2;
    fill(id.uas_id, "1ABC3CONFORMANCE");
    return encoded(id);
  }
  if (name == "self") {
    rid::SelfId self;
    fill(self.description, "conformance flight");
    return encoded(self);
  }
  if (name == "system") {
    rid::System system;
    system.operator_latitude_e7 = plan.place.latitude_e7;
    system.operator_longitude_e7 = plan.place.longitude_e7 + (plan.location == "moved-operator" ? 1000 : 0);
    system.timestamp_2019 = static_cast<uint32_t>(now.seconds() - kEpoch2019);
    return encoded(system);
  }
  if (name == "operator") {
    rid::OperatorId id;
    fill(id.id, "CHEconformance01");
    return encoded(id);
  }
  return Status::failed("unknown message " + name);
}

std::vector<MessageOctets> in_type_order(std::vector<MessageOctets> messages) {
  std::stable_sort(messages.begin(), messages.end(), [](const auto& a, const auto& b) { return a[0] >> 4 < b[0] >> 4; });
  return messages;
}

void put_u32(Buffer& out, int64_t value) {
  for (int shift = 0; shift < 32; shift += 8) out.push_back(static_cast<uint8_t>(value >> shift));
}

void put(Buffer& out, Bytes octets) { out.insert(out.end(), octets.begin(), octets.end()); }

Buffer wrapper_evidence(const PackPlan& plan, const std::vector<MessageOctets>& messages) {
  std::vector<MessageOctets> covered = in_type_order(messages);
  if (plan.wrapper_fault == "descending") std::reverse(covered.begin(), covered.end());
  if (plan.wrapper_fault == "inner-auth") covered[0][0] = static_cast<uint8_t>(2 << 4 | (covered[0][0] & 15));
  Buffer out;
  for (const auto& message : covered) put(out, message);
  if (plan.wrapper_fault == "odd") out.resize(out.size() + 5);
  return out;
}

// Previous hash (of the first Manifest a nonce), its own with that place zero, Link, the messages that it vouches for (RFC 9575
// section 4.4.1).
Buffer manifest_evidence(const PackPlan& plan, const std::vector<MessageOctets>& messages) {
  Buffer out(16);
  out[0] = static_cast<uint8_t>(plan.number + 1);
  put(out, drip_message_hash(plan.endorsement));
  for (const auto& message : messages) put(out, drip_message_hash(message));
  const auto own = drip_message_hash(out);
  std::copy(own.begin(), own.end(), out.begin() + 8);
  return out;
}

// SAM octet, VNB, VNA, evidence, DET, signature over VNB to DET (RFC 9575 sections 4.2 to 4.5).
StatusOr<Buffer> wrapper_data(const PackPlan& plan, const std::vector<MessageOctets>& messages, Instant now) {
  const int64_t epoch = plan.wrapper_fault == "unix" ? 0 : kEpoch2019;
  const bool manifest = plan.wrapper == "manifest", frame = plan.wrapper == "frame";
  const Buffer evidence = manifest ? manifest_evidence(plan, messages) : frame ? Buffer{1, 0xde, 0xad} : wrapper_evidence(plan, messages);

  Buffer times;
  put_u32(times, now.seconds() + plan.window_from - epoch);
  put_u32(times, now.seconds() + plan.window_to - epoch);
  Buffer to_sign = times;
  put(to_sign, evidence);
  put(to_sign, plan.signed_as.octets);
  const auto made = plan.signer->sign(to_sign);
  if (!made.ok()) return Status::failed("the Wrapper cannot be signed");
  Signature signature = *made;
  if (plan.wrapper_fault == "flip") signature[20] ^= 1;

  Buffer out{static_cast<uint8_t>(plan.wrapper_fault == "sam" ? 9 : manifest ? 3 : frame ? 4 : 2)};
  put(out, times);
  if (plan.wrapper != "extended") put(out, evidence);
  put(out, plan.signed_as.octets);
  put(out, signature);
  return out;
}

// Pages of F3411 authentication messages; a parity page is one that the length does not need.
StatusOr<std::vector<MessageOctets>> pages_of(const PackPlan& plan, const Buffer& data, Instant now) {
  size_t needed = data.size() <= kPageZero ? 1 : 1 + (data.size() - kPageZero + kPage - 1) / kPage;
  if (plan.wrapper_fault == "parity") ++needed;
  std::vector<MessageOctets> out;
  for (size_t page = 0; page < needed; ++page) {
    std::array<uint8_t, kPage> space{};
    rid::AuthPage fields;
    fields.auth_type = plan.wrapper_fault == "auth-type" ? 1 : 5;
    fields.page = static_cast<uint8_t>(page);
    fields.last_page = static_cast<uint8_t>(needed - 1);
    fields.length = static_cast<uint8_t>(data.size());
    fields.timestamp_2019 = static_cast<uint32_t>(now.seconds() - kEpoch2019);
    const size_t at = page == 0 ? 0 : kPageZero + (page - 1) * kPage;
    const size_t size = page == 0 ? kPageZero : kPage;
    if (at < data.size()) std::copy_n(data.begin() + static_cast<std::ptrdiff_t>(at), std::min(size, data.size() - at), space.begin());
    fields.data = Bytes(space).first(size);
    const auto octets = rid::encode(fields);
    if (!octets.ok()) return Status::failed("authentication page " + std::to_string(page) + " cannot be written");
    out.push_back(*octets);
  }
  if (plan.wrapper_fault == "missing-page") out.pop_back();
  return out;
}

Buffer assemble(const PackPlan& plan, std::vector<MessageOctets> messages) {
  const std::string& fault = plan.pack_fault;
  if (fault == "twice") messages.push_back(messages.back());
  if (fault == "nested" && !messages.empty()) messages[0][0] = static_cast<uint8_t>(0xf0 | (messages[0][0] & 15));
  if (fault == "reversed") std::reverse(messages.begin(), messages.end());
  size_t count = messages.size();
  if (fault == "count-0") count = 0;
  if (fault == "count-10") count = 10;
  Buffer out{0xf2, static_cast<uint8_t>(fault == "size" ? 24 : 25), static_cast<uint8_t>(count)};
  for (const auto& message : messages) put(out, message);
  if (fault == "long") out.push_back(0);
  if (fault == "short") out.pop_back();
  return out;
}

}  // namespace

uint32_t type_bits(std::string_view messages) {
  uint32_t out = 0;
  for (const std::string& name : names_of(messages)) {
    if (name == "basic" || name == "serial") out |= 1u << 0;
    if (name == "location") out |= 1u << 1;
    if (name == "self" || name == "null-self") out |= 1u << 3;
    if (name == "system") out |= 1u << 4;
    if (name == "operator") out |= 1u << 5;
  }
  return out;
}

StatusOr<Buffer> write_pack(const PackPlan& plan, Instant now) {
  std::vector<MessageOctets> plain;
  for (const std::string& name : names_of(plan.messages)) {
    TRY(message, make_message(name, plan, now));
    plain.push_back(message);
  }
  plain = in_type_order(std::move(plain));
  if (plan.wrapper == "none") return assemble(plan, std::move(plain));
  Buffer data;
  if (plan.wrapper == "link") {
    data.push_back(1);
    put(data, plan.endorsement);
  } else {
    if (plain.empty()) return Status::failed("a Wrapper or Manifest needs a message");
    TRY(made, wrapper_data(plan, plain, now));
    data = std::move(made);
  }
  TRY(pages, pages_of(plan, data, now));
  if (plan.wrapper == "full") plain.clear();
  const auto behind = std::find_if(plain.begin(), plain.end(), [](const auto& message) { return message[0] >> 4 > 2; });
  plain.insert(behind, pages.begin(), pages.end());
  return assemble(plan, std::move(plain));
}

}  // namespace nrid::conform
