// What is done to the provider from outside the protocol, where it is ours or its operator gave us commands for it, and what its
// DNS was asked.
#include "apps/conform/uas_player.h"
#include "det/det.h"
#include "nrid/dns_responder.h"

namespace nrid::conform {

Status UasPlayer::restart(const Step&) { return target_.restart ? target_.restart() : Status::failed("the provider is not ours to restart"); }

// How often our DNS was asked for the HHIT record of an identity.
Status UasPlayer::asked(const Step& step) {
  TRY(identity, who(step.value("of")));
  const std::string name = det::owner_name(identity.det);
  size_t count = 0;
  for (const DnsQuestion& question : target_.dns->questions()) count += question.name == name && question.type == static_cast<uint16_t>(det::RrType::hhit);
  const size_t most = std::stoul(step.value("most", "1"));
  if (count >= 1 && count <= most) return {};
  return Status::failed("DNS was asked " + std::to_string(count) + " times for the key of one DET; 1 to " + std::to_string(most) + " are right");
}

// finish() restores.
Status UasPlayer::hook(const Step& step) {
  const std::string& name = step.words.front();
  const auto found = target_.hooks.find(name);
  if (found == target_.hooks.end()) return Status::failed("nobody told us how to " + name + " the provider");
  hooked_ = name != "restore";
  return found->second();
}

}  // namespace nrid::conform
