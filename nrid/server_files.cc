// The files that the settings name: keys and peers.
#include "nrid/server_settings.h"

#include "base/file.h"
#include "det/det.h"
#include "nrid/key_file.h"

namespace nrid {

StatusOr<std::vector<Identity>> read_identities(const ServerSettings& settings) {
  std::vector<Identity> out;
  TRY(signer, read_key_file(settings.key_file, settings.setup.det));
  out.push_back({settings.setup.det, std::shared_ptr<const Signer>(std::move(signer))});
  if (settings.former) {
    TRY(former, read_key_file(settings.former_key_file, *settings.former));
    out.push_back({*settings.former, std::shared_ptr<const Signer>(std::move(former))});
  }
  return out;
}

StatusOr<PeerTable> read_peers(const ServerSettings& settings, std::span<const Identity> identities) {
  if (settings.peers_file.empty()) return PeerTable();
  PeerTrust trust{identities[0].det, identities[0].signer->public_key(), settings.dns.anchors};
  if (identities.size() > 1) trust.former = {identities[1].det, identities[1].signer->public_key()};
  return load_peer_file(settings.peers_file, trust);
}

StatusOr<std::unique_ptr<SeedSigner>> read_key_file(const std::string& path, const Det& det) {
  TRY(content, read_file(path, 4096));
  return read_key(content, path, det);
}

StatusOr<std::unique_ptr<SeedSigner>> read_key(std::string_view text, const std::string& path, const Det& det) {
  TRY(seed, read_key_text(text, path, "seed"));
  auto signer = std::make_unique<SeedSigner>(seed);
  wipe(seed);
  if (!det::check(det, signer->public_key()).ok()) {
    return Status::failed(path + ": its key " + to_hex(signer->public_key()) + " does not hash to " + to_text(det));
  }
  return signer;
}

}  // namespace nrid
