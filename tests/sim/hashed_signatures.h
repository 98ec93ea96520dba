// Which signatures the simulation uses: keyed hashes (the default), or real Ed25519 (every twentieth seed). One switch for the
// process, set before keys are made.
#pragma once

namespace nrid::sim {

void use_real_signatures(bool on);
bool real_signatures();

}  // namespace nrid::sim
