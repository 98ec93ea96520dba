// The claims of a Net-RID token as JSON, both ways, and the `cwt` commands that use them.
#pragma once

#include <list>
#include <string>
#include <vector>

#include "apps/inspect/command.h"
#include "cwt/claims.h"
#include "cwt/cose.h"

namespace nrid::inspect {

// sub, iat, nbf, exp, kid, alg and the fields of the body: det_sp, encoded, data | det_ua, expected, move_sp |
// det_peer, code, ref, det_ua. Sets are [types, pages?], octets and DETs hex.
Json claims_json(const cwt::Claims& claims, const cwt::Sign1& sign1);

// What claims borrow from while they are being signed.
using Kept = std::list<Buffer>;
// The way back; kid and alg are not read. nbf is iat when absent, exp is iat + 10. False fills `refused`.
bool claims_from_json(const Json& json, cwt::Claims& claims, Kept& kept, Json& refused);

std::vector<Command> token_commands();  // cwt

}  // namespace nrid::inspect
