// Small files whole: settings, rule sets, keys, flight files. Every failure names the file and the reason.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid {

// The whole regular file (or what a pipe holds), at most `octets_max`.
StatusOr<std::string> read_file(const std::string& path, size_t octets_max);

// Either the old content or all of the new one is on the disk, also after a power cut: written beside the target,
// synced, renamed. `mode` is for a file that did not exist; keys want 0600.
Status write_file_atomic(const std::string& path, std::string_view content, unsigned mode = 0644);

// What is installed with the programs below share/nridd: "page" (a folder), "rules/nrid.json". Looked for beside the
// running program; one that runs from the build folder finds the source tree's copy. Empty when there is neither.
std::string installed_file(std::string_view below_share);

// "Permission denied" for an errno value; the thread-safe strerror.
std::string errno_text(int code);

}  // namespace nrid
