#include "nrid/key_file.h"

#include <algorithm>

#include "base/text.h"

namespace nrid {

StatusOr<Seed> read_key_text(std::string_view text, const std::string& path, std::string_view what) {
  std::string_view rest = text, line;
  while (line.empty() && !rest.empty()) {
    const size_t end = rest.find('\n');
    line = trimmed(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.starts_with('#')) line = {};
  }
  auto octets = from_hex(line);
  if (!octets || octets->size() != 32) return Status::failed(path + ": no Ed25519 " + std::string(what) + "; one line of 64 hex digits is wanted");
  Seed out;
  std::copy(octets->begin(), octets->end(), out.begin());
  wipe(*octets);
  return out;
}

}  // namespace nrid
