#include "nrid/operation.h"

#include <algorithm>
#include <cstring>

namespace nrid {
namespace {

// A System message carries the time it was made (octets 20..23): that alone is no change, or every one of them were.
bool same_static(const rid::MessageOctets& a, const rid::MessageOctets& b) {
  if (rid::type_of(a) != rid::MessageType::system) return a == b;
  return std::equal(a.begin(), a.begin() + 20, b.begin()) && a[24] == b[24];
}

uint64_t half_of(const Digest16& digest) {
  uint64_t half;
  std::memcpy(&half, digest.data(), sizeof half);
  return half;
}

}  // namespace

bool Operation::knows_pack(const Digest16& digest) const {
  const size_t count = std::min(pack_count, packs.size());
  return std::find(packs.begin(), packs.begin() + static_cast<std::ptrdiff_t>(count), half_of(digest)) !=
         packs.begin() + static_cast<std::ptrdiff_t>(count);
}

void Operation::remember_pack(const Digest16& digest) { packs[pack_count++ % packs.size()] = half_of(digest); }

bool Operation::keep_static(const rid::MessageOctets& message) {
  const auto type = rid::type_of(message);
  uint8_t key = static_cast<uint8_t>(static_cast<uint8_t>(type) << 4);
  if (type == rid::MessageType::basic_id) key = static_cast<uint8_t>(key | message[1] >> 4);  // id type, R-058
  for (Static& known : statics) {
    if (known.key != key) continue;
    const bool changed = !same_static(known.octets, message);
    known.octets = message;
    return changed;
  }
  statics.push_back({key, message});
  return false;
}

const std::shared_ptr<const std::string>& Operation::evidence_for(const Report& report) {
  if (report.gateway_key != gateway_key || report.ua_key != ua_key || !evidence) {
    gateway_key = report.gateway_key;
    ua_key = report.ua_key;
    const auto chain = [](const KeyPtr& key) { return key->chain.empty() ? to_text(key->det) : key->chain; };
    std::string told = "CWT by " + chain(gateway_key);
    told += ua_key ? ", Wrapper by " + chain(ua_key) : ", no Wrapper";
    if (ua_key && report.verdict == Verdict::c2) told += " for the aircraft";
    if (confirmed > 0) told += ", Manifests confirm " + std::to_string(confirmed) + " hashes";
    told.shrink_to_fit();
    evidence = std::make_shared<const std::string>(std::move(told));
  }
  return evidence;
}

namespace {

// Calls `take` with the decoded message; the Error of a message that does not decode.
template <class Take>
Error decode_one(const rid::MessageOctets& message, Take take) {
  const auto decoded = [&](auto result) {
    if (!result.ok()) return result.error();
    take(*result);
    return Error::none;
  };
  switch (rid::type_of(message)) {
    case rid::MessageType::basic_id: return decoded(rid::decode_basic_id(message));
    case rid::MessageType::location: return decoded(rid::decode_location(message));
    case rid::MessageType::self_id: return decoded(rid::decode_self_id(message));
    case rid::MessageType::system: return decoded(rid::decode_system(message));
    case rid::MessageType::operator_id: return decoded(rid::decode_operator_id(message));
    default: return Error::rid_type;
  }
}

struct Fill {
  Sighting& sighting;
  void operator()(const rid::BasicId& value) const {
    const bool better = !sighting.basic_id || value.session_det().has_value();
    if (better) sighting.basic_id = value;
    sighting.basic_ids.push_back(value);
  }
  void operator()(const rid::Location& value) const { sighting.location = value; }
  void operator()(const rid::SelfId& value) const { sighting.self_id = value; }
  void operator()(const rid::System& value) const { sighting.system = value; }
  void operator()(const rid::OperatorId& value) const { sighting.operator_id = value; }
};

}  // namespace

void decode_messages(const Report& report, Sighting& sighting) {
  for (size_t i = 0; i < report.message_count; ++i) {
    const Error error = decode_one(report.messages[i], Fill{sighting});
    CHECK(error == Error::none);  // check_messages() stood before
  }
}

Error check_messages(std::span<const rid::MessageOctets> messages) {
  for (const rid::MessageOctets& message : messages) {
    const Error error = decode_one(message, [](const auto&) {});
    if (error != Error::none) return error;
  }
  return Error::none;
}

}  // namespace nrid
