// F3411 messages as JSON and back: the fields of rid/messages.h with their units in their names, null for unknown.
#pragma once

#include "apps/inspect/command.h"
#include "rid/messages.h"

namespace nrid::inspect {

Json message_json(rid::RawMessage raw);                                       // {"type", ...} or a refusal
// False and `refused` when the type is unknown (bad_request) or a value is out of its range (value_range).
bool message_from_json(const Json& in, rid::MessageOctets& out, Json& refused);

}  // namespace nrid::inspect
