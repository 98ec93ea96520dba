// `nrid resolve`: from a DET to its key through DNS, and, when that is not to be had, which record of whom at which level of the
// chain is to blame. The only command that opens a socket.
#pragma once

#include "apps/inspect/command.h"

namespace nrid::inspect {

Command resolve_command();

}  // namespace nrid::inspect
