// The words for F3411's codes wherever a machine reads them: GeoJSON, the inspector's JSON, flight files. They stay what
// they are; people get F3411's own phrases, where they are shown.
#pragma once

#include <optional>
#include <string_view>

#include "rid/auth.h"
#include "rid/messages.h"

namespace nrid::rid {

// "reserved" for a value that F3411-22a does not define.
std::string_view to_word(Status status);
std::string_view to_word(IdType type);
std::string_view to_word(MessageType type);
std::string_view to_word(Sam sam);

std::optional<Status> status_from_word(std::string_view word);
std::optional<MessageType> message_type_from_word(std::string_view word);

}  // namespace nrid::rid
