// Keys for the commands that sign or make them. A secret comes from a file that nobody else may read, or on a line of standard input;
// never as an argument, because every user of the machine sees those in its list of processes.
#pragma once

#include "apps/inspect/command.h"
#include "base/result.h"

namespace nrid::inspect {

inline constexpr Field kKeyFile = {"key_file", FieldKind::text, false,
                                   "file with the signer's seed: 64 hex digits, mode 0600 or stricter (on a JSON line \"seed\" may stand instead)"};

// The seed of "seed" (no option has this name: only a JSON line can) or of "key_file".
bool seed_field(const Json& input, Seed& out, Json& refused);

StatusOr<Seed> load_seed(const std::string& path);                // refused when others may read it
Status store_seed(const std::string& path, const Seed& seed);     // mode 0600
StatusOr<PublicKey> load_public_key(const std::string& path);     // its name ends in .pub

}  // namespace nrid::inspect
