#include "det/endorsement.h"

#include "det/det.h"

namespace nrid::det {
namespace {

// RFC 9575 counts from 2019, its examples count Unix seconds. A 2019 value stays below 1546300800 until 2068, a Unix
// value of any date since 2019 does not, so the two cannot be confused (drip.md 2.3).
Instant read_time(uint32_t value, bool& unix_epoch) {
  if (value >= kEpoch2019) {
    unix_epoch = true;
    return at_second(value);
  }
  return at_second(value + kEpoch2019);
}

bool fits_2019(Instant time) { return time.seconds() >= kEpoch2019 && time.seconds() < 2 * kEpoch2019; }

}  // namespace

// off len  field                                        RFC 9575 section 3.1.2.1
//  0   4   VNB, seconds since 2019, little-endian
//  4   4   VNA
//  8  16   DET of the child
// 24  32   HI of the child
// 56  16   DET of the parent
// 72  64   signature of the parent over octets 0..71
Result<Endorsement> decode_endorsement(Bytes octets) {
  if (octets.size() != kEndorsementSize) return Error::bad_endorsement;
  Reader in(octets);
  Endorsement out;
  out.not_before = read_time(in.u32_le(), out.unix_epoch);
  out.not_after = read_time(in.u32_le(), out.unix_epoch);
  out.child.octets = in.array<16>();
  out.child_key = in.array<32>();
  out.parent.octets = in.array<16>();
  out.signature = in.array<64>();
  out.signed_octets = Reader(octets).array<72>();
  if (!in.ok()) return Error::bad_endorsement;
  if (out.not_before >= out.not_after) return Error::bad_endorsement;
  if (!out.parent.has_prefix() || !out.child.has_prefix()) return Error::bad_endorsement;
  if (out.child.suite() != kSuiteEddsaCshake128 || out.parent.suite() != kSuiteEddsaCshake128) return Error::bad_endorsement;
  TRY_VOID(check(out.child, out.child_key));
  return out;
}

Error window_fault(const Endorsement& endorsement, Instant now, Duration skew) {
  if (now < endorsement.not_before - skew) return Error::endorsement_not_yet_valid;
  return now > endorsement.not_after + skew ? Error::endorsement_expired : Error::none;
}

Result<void> verify_endorsement(const Endorsement& endorsement, const PublicKey& parent_key, Instant now, Duration skew) {
  if (const Error fault = window_fault(endorsement, now, skew); fault != Error::none) return fault;
  if (!verify_one(parent_key, endorsement.signed_octets, endorsement.signature)) return Error::bad_endorsement;
  return {};
}

Result<std::array<uint8_t, kEndorsementSize>> make_endorsement(const Det& child, const PublicKey& child_key, const Det& parent,
                                                               const Signer& parent_signer, Instant not_before, Instant not_after) {
  if (!fits_2019(not_before) || !fits_2019(not_after)) return Error::value_range;
  if (not_before.seconds() >= not_after.seconds()) return Error::value_range;
  std::array<uint8_t, kEndorsementSize> out;
  Writer writer(out);
  writer.u32_le(static_cast<uint64_t>(not_before.seconds() - kEpoch2019));
  writer.u32_le(static_cast<uint64_t>(not_after.seconds() - kEpoch2019));
  writer.bytes(child.bytes());
  writer.bytes(child_key);
  writer.bytes(parent.bytes());
  TRY(signature, parent_signer.sign(writer.written()));
  writer.bytes(signature);
  CHECK(writer.ok() && writer.size() == kEndorsementSize);
  return out;
}

}  // namespace nrid::det
