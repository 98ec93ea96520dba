#include "rid/auth.h"

#include <algorithm>
#include <utility>

#include "base/profile.h"
#include "rid/auth_pages.h"

namespace nrid::rid {
namespace {

constexpr size_t kWrappedMax = 4;            // messages in a Wrapper (RFC 9575 section 4.3)
constexpr size_t kSignedWithoutEvidence = 24;
constexpr size_t kPlainBesideLink = 2;       // a Link takes 7 of the 9 places
constexpr size_t kHash = 8;                  // Manifest

bool may_be_wrapped(MessageType type) {
  switch (type) {
    case MessageType::basic_id:
    case MessageType::location:
    case MessageType::self_id:
    case MessageType::system:
    case MessageType::operator_id: return true;
    default: return false;
  }
}

using Wrapped = std::array<const uint8_t*, kWrappedMax>;

// Types 0, 1, 3, 4, 5, ascending; only Basic ID may come twice, or the pack would say two different things.
bool in_order(const Wrapped& messages, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const uint8_t type = messages[i][0] >> 4;
    if (!may_be_wrapped(static_cast<MessageType>(type))) return false;
    if (i == 0) continue;
    const uint8_t before = messages[i - 1][0] >> 4;
    if (type < before || (type == before && type != static_cast<uint8_t>(MessageType::basic_id))) return false;
  }
  return true;
}

// RFC 9575 section 4.3.2: what was signed is all of the pack but its authentication pages, in message-type order. Two
// Basic IDs keep their order; the raw octets count, reserved bits included.
Result<size_t> gather(const Pack& pack, Wrapped& messages) {
  size_t count = 0;
  for (size_t i = 0; i < pack.count; ++i) {
    if (type_of(pack.message(i)) == MessageType::authentication) continue;
    if (count == kWrappedMax) return Error::bad_wrapper;
    messages[count++] = pack.message(i).data();
  }
  if (count == 0) return Error::bad_wrapper;
  // By type, equal ones as they stand in the pack; at most four. The library's stable sort would allocate.
  const auto type = [&](size_t i) { return messages[i][0] >> 4; };
  for (size_t i = 1; i < count; ++i) {
    for (size_t j = i; j > 0 && type(j) < type(j - 1); --j) std::swap(messages[j], messages[j - 1]);
  }
  return count;
}

// Wire values of 1546300800 and more are Unix seconds, unambiguous until 2068.
Instant drip_time(uint32_t value, bool& unix_epoch) {
  if (value < kEpoch2019) return at_second(kEpoch2019 + value);
  unix_epoch = true;
  return at_second(value);
}

Result<Wrapped> find_wrapped(const Pack& pack, Bytes evidence, size_t& count) {
  Wrapped messages{};
  if (evidence.empty()) {
    TRY(gathered, gather(pack, messages));
    count = gathered;
  } else {
    if (evidence.size() % kMessageSize != 0 || evidence.size() > kWrappedMax * kMessageSize) return Error::bad_wrapper;
    count = evidence.size() / kMessageSize;
    for (size_t i = 0; i < count; ++i) messages[i] = evidence.data() + i * kMessageSize;
  }
  if (!in_order(messages, count)) return Error::bad_wrapper;
  return messages;
}

// RFC 9575 section 4.4: three hashes, then 1..11 of messages.
bool manifest_size_ok(size_t size) { return size % kHash == 0 && size >= 4 * kHash && size <= 14 * kHash; }

// off len  field                                        RFC 9575 section 4.2, after the SAM octet
//  0   4   VNB, seconds since 2019, little-endian
//  4   4   VNA
//  8   E   evidence
//     16   DET of the UA
//     64   its signature over all before
Result<Evidence> read_evidence(const Pack& pack, const AuthData& data) {
  Reader in(data.bytes());
  in.skip(1);
  const uint32_t not_before = in.u32_le();
  const uint32_t not_after = in.u32_le();
  if (!in.ok() || in.left() < 16 + 64) return Error::bad_wrapper;
  const Bytes evidence = in.bytes(in.left() - 16 - 64);

  Evidence out;
  out.sam = data.sam;
  out.ua = Det::from(in.bytes(16));
  out.signature = in.array<64>();
  out.not_before = drip_time(not_before, out.unix_epoch);
  out.not_after = drip_time(not_after, out.unix_epoch);
  if (evidence.size() > kEvidenceMax || !out.ua.has_prefix()) return Error::bad_wrapper;
  if (data.sam == Sam::manifest && !manifest_size_ok(evidence.size())) return Error::bad_wrapper;
  if (data.sam == Sam::frame && evidence.empty()) return Error::bad_wrapper;

  Writer writer(out.signed_octets);
  writer.u32_le(not_before);
  writer.u32_le(not_after);
  if (data.sam == Sam::wrapper) {
    out.extended = evidence.empty();
    TRY(messages, find_wrapped(pack, evidence, out.message_count));
    for (size_t i = 0; i < out.message_count; ++i) writer.bytes({messages[i], kMessageSize});
  } else {
    writer.bytes(evidence);
  }
  writer.bytes(out.ua.octets);
  CHECK(writer.ok());
  out.signed_size = writer.size();
  return out;
}

}  // namespace

Result<PackAuth> read_auth(const Pack& pack) {
  TRY(messages, read_pages(pack));
  PackAuth out;
  for (size_t i = 0; i < messages.count; ++i) {
    const AuthData& data = messages.list[i];
    out.extra_pages = static_cast<uint8_t>(out.extra_pages + data.extra_pages);
    if (data.sam == Sam::link) {
      if (data.size != 1 + kEndorsementSize || out.link) return Error::bad_auth;
      auto& endorsement = out.link.emplace();
      std::copy_n(data.octets.begin() + 1, kEndorsementSize, endorsement.begin());
      continue;
    }
    auto& slot = data.sam == Sam::wrapper ? out.wrapper : out.other;
    if (slot) return Error::bad_wrapper;
    TRY(evidence, read_evidence(pack, data));
    slot = evidence;
  }
  return out;
}

Result<void> check_window(const Evidence& evidence, Instant now, const AuthPolicy& policy) {
  if (evidence.unix_epoch && policy.conformance) return Error::wrapper_expired;
  if (evidence.not_before >= evidence.not_after) return Error::wrapper_expired;
  if (evidence.not_after - evidence.not_before > seconds(profile::kWrapperWindowMaxSeconds)) return Error::wrapper_expired;
  if (evidence.not_before > now + policy.skew || now > evidence.not_after + policy.skew) return Error::wrapper_expired;
  return {};
}

namespace {

Result<uint32_t> seconds_2019(Instant time) {
  const int64_t value = time.seconds() - kEpoch2019;
  if (value < 0 || value >= kEpoch2019) return Error::value_range;  // from there on receivers read Unix seconds
  return static_cast<uint32_t>(value);
}

// Plain messages and the pages of `data` between them: packs stand in message-type order (F3411-22a).
Result<Bytes> assemble(std::span<const MessageOctets> plain, Bytes data, uint32_t timestamp, std::span<uint8_t> out) {
  PackMessages messages;
  bool pages_done = false;
  for (const MessageOctets& message : plain) {
    if (!pages_done && type_of(message) > MessageType::authentication) {
      TRY_VOID(append_pages(data, timestamp, messages));
      pages_done = true;
    }
    if (messages.count == messages.list.size()) return Error::bad_pack;
    messages.list[messages.count++] = message;
  }
  if (!pages_done) TRY_VOID(append_pages(data, timestamp, messages));
  return encode_pack({messages.list.data(), messages.count}, out);
}

Result<Wrapped> wrapped_of(std::span<const MessageOctets> messages) {
  if (messages.size() > kWrappedMax) return Error::bad_wrapper;
  Wrapped list{};
  for (size_t i = 0; i < messages.size(); ++i) list[i] = messages[i].data();
  if (!in_order(list, messages.size())) return Error::bad_wrapper;
  return list;
}

}  // namespace

Result<Bytes> build_wrapper_pack(std::span<const MessageOctets> messages, WrapperForm form, const Det& ua, const Signer& signer,
                                 Instant now, std::span<uint8_t> out) {
  if (messages.empty()) return Error::bad_wrapper;
  TRY_VOID(wrapped_of(messages));
  TRY(not_before, seconds_2019(now));
  TRY(not_after, seconds_2019(now + seconds(profile::kWrapperWindowSeconds)));

  std::array<uint8_t, kSignedWithoutEvidence + kWrappedMax * kMessageSize> signed_octets{};
  Writer to_sign(signed_octets);
  to_sign.u32_le(not_before);
  to_sign.u32_le(not_after);
  for (const MessageOctets& message : messages) to_sign.bytes(message);
  to_sign.bytes(ua.octets);
  TRY(signature, signer.sign(to_sign.written()));

  std::array<uint8_t, kAuthDataMax> octets{};
  Writer data(octets);
  data.u8(static_cast<uint8_t>(Sam::wrapper));
  data.u32_le(not_before);
  data.u32_le(not_after);
  if (form == WrapperForm::full) {
    for (const MessageOctets& message : messages) data.bytes(message);
  }
  data.bytes(ua.octets);
  data.bytes(signature);
  CHECK(to_sign.ok() && data.ok());
  const auto plain = form == WrapperForm::extended ? messages : std::span<const MessageOctets>();
  return assemble(plain, data.written(), not_before, out);
}

Result<Bytes> build_link_pack(std::span<const MessageOctets> messages, std::span<const uint8_t, kEndorsementSize> endorsement,
                              Instant now, std::span<uint8_t> out) {
  if (messages.size() > kPlainBesideLink) return Error::bad_wrapper;
  TRY_VOID(wrapped_of(messages));
  TRY(timestamp, seconds_2019(now));
  std::array<uint8_t, 1 + kEndorsementSize> octets{};
  Writer data(octets);
  data.u8(static_cast<uint8_t>(Sam::link));
  data.bytes(endorsement);
  return assemble(messages, data.written(), timestamp, out);
}

}  // namespace nrid::rid
