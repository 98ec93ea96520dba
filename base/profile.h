// Profile NRID-00/R1: everything that draft-moskowitz-drip-stateless-nrid-00 leaves open, in one place. When the
// draft fills a hole, this header changes and nothing else. docs/decisions.md gives the reasons.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace nrid::profile {

// CWT (R-040..R-043)
inline constexpr int64_t kAlgEdDSA = -8;             // RFC 9053; emitted
inline constexpr int64_t kAlgEd25519 = -19;          // RFC 9864; accepted
inline constexpr int64_t kClaimUas = -65537;         // TBD1, private use
inline constexpr int64_t kClaimUss = -65538;         // TBD2
inline constexpr int64_t kClaimEoo = -65539;         // TBD3
inline constexpr std::string_view kSubUas = "NRID-UAS";
inline constexpr std::string_view kSubUss = "NRID-USS";
inline constexpr std::string_view kSubEoo = "NRID-EOO";
inline constexpr int64_t kLifetimeMaxSeconds = 60;   // exp - iat, R-044

// CoAP
inline constexpr std::string_view kPath = "nrid";
inline constexpr uint16_t kPort = 5683;
inline constexpr uint16_t kSchcPort = 5787;          // none is assigned
inline constexpr uint16_t kContentFormatCwt = 61;
inline constexpr uint16_t kContentFormatCoseSign1 = 18;
inline constexpr size_t kDatagramMax = 1280;
inline constexpr size_t kPayloadMax = 1024;
inline constexpr size_t kSentMax = 1152;             // what we send stays under it

// Limits on CBOR input
inline constexpr int kCborDepthMax = 8;

// End of operation codes
inline constexpr uint64_t kEooRequest = 0;
inline constexpr uint64_t kEooAcknowledged = 1;
inline constexpr uint64_t kEooBySp = 2;
inline constexpr uint64_t kEooAborted = 3;

// `expected` auth page masks
inline constexpr uint32_t kPagesLink = 0x7f;
inline constexpr uint32_t kPagesWrapper = 0x1f;

// DRIP times
inline constexpr int64_t kWrapperWindowMaxSeconds = 300;
inline constexpr int64_t kWrapperWindowSeconds = 120;  // what we emit

}  // namespace nrid::profile
