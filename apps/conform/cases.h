// The cases: one row each, C-nnn for R-nnn, with its requirement in a sentence and its steps. A requirement that binds both
// roles has cases in both; one that nobody can judge from outside says why.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nrid::conform {

enum class Role : uint8_t { sp, gateway };
inline std::string_view to_word(Role role) { return role == Role::sp ? "sp" : "gateway"; }

struct Case {
  std::string_view id;                                 // "C-022b"; "C-064Gd" binds a gateway
  std::string_view says;                               // what must hold, in our words (nrid.md)
  // What must be there, words with blanks between: two (pairs of identities), dns (we serve it), restart, alone (it changes the
  // provider for all others), apart (better with a provider of its own), law (judged over every datagram of the run), slow (some 40 s), the names of special identities and of
  // hooks, and what the profile says: conformance tolerant accept-hids c2 no-c2 self-id echo peers narrow hysteresis hold-down
  // redirect setup require-ad live ipv6.
  std::string_view needs;
  std::string_view steps;
};

struct Unobservable {
  std::string_view requirement;                        // "R-112"
  std::string_view reason;
};

std::string requirement_of(std::string_view case_id);  // "R-022"

std::vector<Case> cases_of(Role role);
std::span<const Unobservable> unobservable();
std::span<const std::string_view> requirements();      // every R-id of the profile, in order

// Parts of the table, by subject.
std::span<const Case> sp_identity_cases();
std::span<const Case> sp_transport_cases();
std::span<const Case> sp_token_cases();
std::span<const Case> sp_pack_cases();
std::span<const Case> sp_operation_cases();
std::span<const Case> sp_redirect_cases();
std::span<const Case> sp_reload_cases();
std::span<const Case> gateway_cases();
std::span<const Case> gateway_flight_cases();

}  // namespace nrid::conform
