// `nrid zone update --registry DIR/registry.json --name NAME [--remove]`: the DNS UPDATE (RFC 2136) that publishes what `nrid zone
// make` made for one entity, or takes it away, as a script for knsupdate or nsupdate. These hold the TSIG key (RFC 8945) and send it.
#pragma once

#include "apps/inspect/command.h"

namespace nrid::inspect {

Command zone_update_command();

}  // namespace nrid::inspect
