#include "apps/conform/cases.h"

namespace nrid::conform {
namespace {

constexpr Unobservable kUnobservable[] = {
    {"R-010", "which sessions are registered or revoked is the provider's store; no message of the protocol changes it"},
    {"R-026", "the aircraft's interface is below UDP and leaves no trace in a datagram"},
    {"R-030", "privacy of content is outside of this profile; there is a place for it and nothing to see"},
    {"R-066", "flight plans are out of scope"},
    {"R-074", "what dispatch does about a failed start happens inside; that nothing flies is C-071 and C-073"},
    {"R-087", "progress against a plan is judged inside the provider"},
    {"R-110", "how little is kept cannot be seen, only that it is enough: C-021"},
    {"R-112", "threads and batches are inside; bench/ measures them"},
    {"R-113", "what is dropped under load depends on the load and the machine; nrid-load measures it"},
    {"R-114", "counters and events are the operator's, not a peer's"},
};

constexpr std::string_view kRequirements[] = {
    "R-001", "R-002", "R-003", "R-004", "R-005", "R-006", "R-007", "R-008", "R-009", "R-010", "R-011", "R-020", "R-021", "R-022", "R-023",
    "R-024", "R-025", "R-026", "R-027", "R-028", "R-029", "R-030", "R-040", "R-041", "R-042", "R-043", "R-044", "R-045", "R-046", "R-047",
    "R-050", "R-051", "R-052", "R-053", "R-054", "R-055", "R-056", "R-057", "R-058", "R-059", "R-060", "R-061", "R-062", "R-063", "R-064",
    "R-065", "R-066", "R-070", "R-071", "R-072", "R-073", "R-074", "R-075", "R-076", "R-080", "R-081", "R-082", "R-083", "R-084", "R-085",
    "R-086", "R-087", "R-090", "R-091", "R-092", "R-093", "R-094", "R-100", "R-101", "R-102", "R-103", "R-104", "R-110", "R-111", "R-112",
    "R-113", "R-114"};

}  // namespace

std::string requirement_of(std::string_view case_id) { return "R-" + std::string(case_id.substr(2, 3)); }

std::span<const Unobservable> unobservable() { return kUnobservable; }
std::span<const std::string_view> requirements() { return kRequirements; }

std::vector<Case> cases_of(Role role) {
  std::vector<Case> out;
  const auto add = [&](std::span<const Case> part) { out.insert(out.end(), part.begin(), part.end()); };
  if (role == Role::sp) {
    add(sp_identity_cases());
    add(sp_transport_cases());
    add(sp_token_cases());
    add(sp_pack_cases());
    add(sp_operation_cases());
    add(sp_redirect_cases());
    add(sp_reload_cases());
  } else {
    add(gateway_cases());
    add(gateway_flight_cases());
  }
  return out;
}

}  // namespace nrid::conform
