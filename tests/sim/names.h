// DNS as the simulation has it (det/lookup.h): a table of what the registry published, and resolvers that are slow, dead, broken or
// lied to. One per party that asks; the real cache and chain walk of det/ stand behind it.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "det/lookup.h"
#include "det/zone.h"
#include "tests/sim/faults.h"

namespace nrid::sim {

class Zone {
 public:
  void publish(const det::ZoneEntry& entry, uint32_t ttl_s);
  det::DnsAnswer answer(const std::string& name, det::RrType type) const;
  // What somebody else has under the same type: well formed, and not what was asked for.
  std::vector<Buffer> of_another(const std::string& name, det::RrType type, Dice& dice) const;

 private:
  std::map<std::string, std::map<det::RrType, std::vector<Buffer>>> names_;
  uint32_t ttl_s_ = 60;
};

class Names final : public det::Lookup {
 public:
  // `after` runs when an answer was handed out: whoever waited for it may go on.
  Names(Timeline& timeline, const Zone& zone, const Faults& faults, Dice& dice, std::function<void()> after);
  ~Names() override;
  void ask(const std::string& name, det::RrType type, std::function<void(const det::DnsAnswer&)> done) override;
  void run(std::function<void()> work) override;
  bool healed = false;

 private:
  det::DnsAnswer draw(const std::string& name, det::RrType type, Duration& wait);

  Timeline& timeline_;
  const Zone& zone_;
  const Faults& faults_;
  Dice& dice_;
  std::function<void()> after_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // the process that asked may be gone when the answer comes
};

}  // namespace nrid::sim
