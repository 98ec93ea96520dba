// A key source in front of the small registry, on one thread.
#pragma once

#include "det/key_source.h"
#include "tests/det/fake_lookup.h"

namespace nrid::det {

struct KeyWorld {
  SmallRegistry registry;
  FakeLookup dns;
  ManualClock clock{kNow};
  std::vector<KeySource::Answer> answers;
  std::unique_ptr<DnsKeySource> keys;

  explicit KeyWorld(KeySourceLimits limits = {}, bool require_ad = false, bool fallback_name = false) {
    registry.publish_all(dns);
    ResolverSettings settings;
    settings.anchors = registry.anchors;
    settings.fallback_name = fallback_name;
    settings.require_ad = require_ad;
    keys = std::make_unique<DnsKeySource>(settings, limits, dns, clock);
    keys->on_answer([this](const KeySource::Answer& answer) { answers.push_back(answer); });
  }
  const Det& det(const std::string& name) const { return registry[name].det; }
  Error find(const Det& what) { return keys->find(what, clock.now()).error(); }
  void fail_dns() { dns.broken = DnsAnswer{.outcome = DnsAnswer::Outcome::timeout}; }
};

}  // namespace nrid::det
