// Small files whole: settings, rule sets, keys, flight files. Every failure names the file and the reason.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace nrid {

// The whole regular file (or what a pipe holds), at most `octets_max`.
StatusOr<std::string> read_file(const std::string& path, size_t octets_max);

// Either the old content or all of the new one is on the disk, also after a power cut: written beside the target,
// synced, renamed. `mode` is for a file that did not exist; keys want 0600.
Status write_file_atomic(const std::string& path, std::string_view content, unsigned mode = 0644);

// "Permission denied" for an errno value; the thread-safe strerror.
std::string errno_text(int code);

}  // namespace nrid
