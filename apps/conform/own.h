// `--self`: our own programs as strangers would meet them, real processes on free ports of loopback, with a registry and DNS
// of our making and short timers. Everything ends with the object.
#pragma once

#include "apps/conform/identities.h"
#include "apps/conform/process.h"
#include "apps/conform/uas_player.h"
#include "nrid/dns_responder.h"

namespace nrid::conform {

// Short timers, and the strictest policy that the program has.
std::string_view own_profile();

// Its signed list of peers: one each at peers.place and peers.narrow_place of the profile, and one where we are. `crowded`: we
// have room for one aircraft.
StatusOr<std::string> own_peer_file(const Profile& profile, const MadeRegistry& registry, bool crowded);

class OwnProvider {
 public:
  struct Parts {
    std::string program;                               // nridd, or one that is to be found wrong
    const Profile& profile;
    const MadeRegistry& registry;
    std::string folder;                                // for its settings, keys and log
    std::string rules_file;
    bool small = false;                                // one thread of each kind: it starts in half the time
  };
  static StatusOr<std::unique_ptr<OwnProvider>> start(Parts parts);

  const Target& target() const { return target_; }
  std::string log() const { return process_ ? process_->text() : ""; }
  void stop();

 private:
  explicit OwnProvider(Parts parts) : parts_(std::move(parts)) {}
  Status prepare();
  Status write_settings(std::string_view hook);
  Status launch();
  Status reload(std::string_view hook);
  StatusOr<std::shared_ptr<const Target>> another();

  Parts parts_;
  std::unique_ptr<DnsServer> dns_;
  std::unique_ptr<Process> process_;
  Target target_;
  std::atomic<int> others_ = 0;
};

// A DNS zone of the registry with the special identities as they should fail.
DnsZone provider_zone(const MadeRegistry& registry);

}  // namespace nrid::conform
