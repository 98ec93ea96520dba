// BRID RDATA, type 68: RFC 9886 section 5.2. A CBOR map of what a Broadcast Remote ID source says of itself; for us the
// Broadcast Endorsements in its auth entries matter. The RFC's CDDL has arrays of arrays, its worked example flat arrays
// of pairs and a UAS id of 17 octets: both are read, nested arrays and 20 octets are written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/det.h"
#include "base/result.h"

namespace nrid::det {

inline constexpr size_t kAuthDataMax = 362;
inline constexpr size_t kBridListMax = 16;       // UAS ids, auth entries: more are refused
inline constexpr uint64_t kAuthTypeSpecific = 5; // F3411: a_data begins with the SAM type

struct Brid {
  struct UasId {
    uint64_t type = 0;                           // 0..15
    std::array<uint8_t, 20> id{};                // shorter ones are padded with zeros
    bool operator==(const UasId&) const = default;
  };
  struct Auth {
    uint64_t type = 0;                           // 0..15
    Buffer data;                                 // 1..362 octets
    bool operator==(const Auth&) const = default;
  };
  struct SelfId {
    uint64_t type = 0;                           // 0..255
    std::string text;                            // at most 23 octets
    bool operator==(const SelfId&) const = default;
  };
  struct Area {
    uint64_t count = 0;
    float radius_dam = 0, floor_m = 0, ceiling_m = 0;
    bool operator==(const Area&) const = default;
  };
  struct Classification {
    uint64_t type = 0, category_class = 0, category = 0;
    bool operator==(const Classification&) const = default;
  };
  struct OperatorId {
    uint64_t type = 0;
    std::array<uint8_t, 20> id{};
    bool operator==(const OperatorId&) const = default;
  };

  std::optional<uint64_t> uas_type;              // 0..15
  std::vector<UasId> uas_ids;
  std::vector<Auth> auth;
  std::optional<SelfId> self_id;
  std::optional<Area> area;
  std::optional<Classification> classification;
  std::optional<OperatorId> operator_id;
  bool operator==(const Brid&) const = default;

  // The Broadcast Endorsements (136 octets each) of auth entries of type 5 whose SAM type is Link, in order.
  std::vector<Bytes> endorsements() const;
  void add_endorsement(Bytes endorsement136);
  void add_det(const Det& det);                  // UAS id type 4, session id type 1 (drip.md 1.5)
};

Result<Brid> decode_brid(Bytes rdata);           // Error::malformed; unknown keys are skipped
Result<Buffer> encode_brid(const Brid& brid);    // Error::value_range beyond the maxima

}  // namespace nrid::det
