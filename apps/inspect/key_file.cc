#include "apps/inspect/key_file.h"

#include <sys/stat.h>

#include <cerrno>

#include "base/file.h"
#include "nrid/key_file.h"

namespace nrid::inspect {
namespace {

constexpr size_t kKeyFileMax = 4096;

Status only_ours(const std::string& path) {
  struct stat about{};
  if (stat(path.c_str(), &about) != 0) return Status::failed(path + ": " + errno_text(errno));
  if ((about.st_mode & 0077) == 0) return {};
  char mode[8];
  std::snprintf(mode, sizeof mode, "0%o", static_cast<unsigned>(about.st_mode & 0777));
  return Status::failed(path + ": holds a secret and has mode " + mode + "; 0600 or stricter is wanted (chmod 600)");
}

}  // namespace

StatusOr<Seed> load_seed(const std::string& path) {
  TRY_VOID(only_ours(path));
  TRY(text, read_file(path, kKeyFileMax));
  auto seed = read_key_text(text, path, "seed");
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return seed;
}

Status store_seed(const std::string& path, const Seed& seed) {
  std::string text = to_hex(seed) + "\n";
  const Status written = write_file_atomic(path, text, 0600);
  wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  return written;
}

StatusOr<PublicKey> load_public_key(const std::string& path) {
  // A seed looks the same and would be published: a slip of the name must not be enough.
  if (!path.ends_with(".pub")) return Status::failed(path + ": the name of a file with a public key ends in .pub");
  TRY(text, read_file(path, kKeyFileMax));
  return read_key_text(text, path, "public key");
}

bool seed_field(const Json& input, Seed& out, Json& refused) {
  if (input.contains("seed")) return key_field(input, "seed", out, refused);
  const auto at = input.find("key_file");
  if (at == input.end()) {
    refused = refusal("bad_request", "field key_file is missing");
    return false;
  }
  auto seed = load_seed(at->get_ref<const std::string&>());
  if (!seed.ok()) {
    refused = refusal("bad_request", seed.text());
    return false;
  }
  out = *seed;
  wipe(*seed);
  return true;
}

}  // namespace nrid::inspect
