// The text of a key file: 64 hex digits on its first line that is no comment (#), the seed of an Ed25519 key, or a public
// key where one is wanted. Nothing here sees the disk: who may read the file is judged by the program that opens it.
#pragma once

#include <string>
#include <string_view>

#include "base/ed25519.h"
#include "base/result.h"

namespace nrid {

// `path` and `what` ("seed", "public key") are for the sentence.
StatusOr<Seed> read_key_text(std::string_view text, const std::string& path, std::string_view what);

}  // namespace nrid
