// The description of a registry that `nrid zone make` reads (its form is in zone_make.h).
#pragma once

#include "apps/inspect/command.h"
#include "det/zone.h"

namespace nrid::inspect {

struct ZoneSpec {
  det::ZoneSettings zone;
  Instant not_before, not_after;
  std::vector<det::RegistryEntity> entities;
  std::vector<bool> publish;
  std::vector<std::vector<std::string>> name_servers;   // of the zones of each authority; empty: those of the whole
  std::vector<std::string> key_files;   // where the description says that a secret is; empty: DIRECTORY/NAME.key
};

// Keys that the description does not name are looked for in `directory`, as NAME.key. The Status names the entity and the field.
Status read_zone_spec(const Json& spec, const std::string& directory, ZoneSpec& out);

}  // namespace nrid::inspect
