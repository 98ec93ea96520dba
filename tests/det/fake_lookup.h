// A DNS of a table, and a small registry to put into it: raa 16376 (the anchor) over hda 10 over sp and ua; and hda 11,
// which may not register them.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>

#include "base/random.h"
#include "det/det.h"
#include "det/lookup.h"
#include "det/resolver.h"
#include "det/zone.h"
#include "tests/det/support.h"

namespace nrid::det {

inline constexpr Instant kNow = at_second(1'790'000'000);

class FakeLookup final : public Lookup {
 public:
  void ask(const std::string& name, RrType type, std::function<void(const DnsAnswer&)> done) override {
    ++asked;
    names.push_back(name);
    run([this, name, type, done = std::move(done)] { done(answer(name, type)); });
  }
  void run(std::function<void()> work) override {
    if (held) queue.push_back(std::move(work));
    else work();
  }
  // Runs what was held back, and what follows from it.
  void release() {
    while (!queue.empty()) {
      const auto work = std::move(queue.front());
      queue.pop_front();
      work();
    }
  }
  DnsAnswer answer(const std::string& name, RrType type) const {
    DnsAnswer out{.outcome = DnsAnswer::Outcome::answered, .rcode = kRcodeNxdomain, .authenticated = authenticated && !insecure.contains(name)};
    if (broken) {
      DnsAnswer failure = *broken;
      failure.authenticated = out.authenticated;
      return failure;
    }
    for (const auto& [key, records] : table) {
      if (key.first == name) out.rcode = kRcodeNoError;
    }
    if (const auto at = table.find({name, type}); at != table.end()) {
      out.records = at->second;
      out.ttl_s = ttls.contains(type) ? ttls.at(type) : ttl_s;
    }
    return out;
  }
  void publish(const ZoneEntry& entry, const std::string& name) {
    table[{name, RrType::hhit}] = {entry.hhit_rdata};
    if (!entry.brid_rdata.empty()) table[{name, RrType::brid}] = {entry.brid_rdata};
    for (const IpAddress& address : entry.addresses) {
      table[{name, address.is_v4() ? RrType::a : RrType::aaaa}].emplace_back(address.rdata().begin(), address.rdata().end());
    }
  }
  void publish(const ZoneEntry& entry) { publish(entry, owner_name(entry.det)); }

  std::map<std::pair<std::string, RrType>, std::vector<Buffer>> table;
  std::optional<DnsAnswer> broken;   // what every question gets while it is set
  bool authenticated = true;
  std::set<std::string> insecure;    // names whose answers, and denials, carry no AD
  bool held = false;
  uint32_t ttl_s = 60;
  std::map<RrType, uint32_t> ttls;   // where they differ
  size_t asked = 0;
  std::vector<std::string> names;
  std::deque<std::function<void()>> queue;
};

inline IpAddress address(std::string_view text) {
  IpAddress out;
  EXPECT_TRUE(address_from_text(text, out)) << text;
  return out;
}

struct SmallRegistry {
  std::map<std::string, RegistryEntry> entries;
  std::vector<TrustAnchor> anchors;

  explicit SmallRegistry(Instant not_before = kNow - seconds(3600), Instant not_after = kNow + seconds(86'400)) {
    SeededRandom random(7);
    const auto e = [](std::string name, std::string type, uint16_t hda, std::string parent) {
      return RegistryEntity{.name = std::move(name), .type = std::move(type), .raa = 16376, .hda = hda, .parent = std::move(parent)};
    };
    std::vector<RegistryEntity> list = {e("raa", "raa", 0, "raa"), e("hda", "hda", 10, "raa"), e("hda11", "hda", 11, "raa"),
                                        e("sp", "sp", 10, "hda"),  e("ua", "ua", 10, "hda"),   e("ua2", "ua", 10, "hda")};
    list[3].addresses = {address("192.0.2.7"), address("2001:db8::7")};
    list[3].uri = "coap://192.0.2.7:5683/nrid";
    const auto built = build_registry(list, not_before, not_after, random);
    EXPECT_TRUE(built.ok()) << built.text();
    for (const RegistryEntry& entry : *built) entries[entry.entity.name] = entry;
    anchors = {{entries["raa"].det, entries["raa"].key}};
  }
  const RegistryEntry& operator[](const std::string& name) const { return entries.at(name); }
  SeedSigner signer(const std::string& name) const { return SeedSigner(*entries.at(name).entity.seed); }
  void publish_all(FakeLookup& dns) const {
    for (const auto& [name, entry] : entries) dns.publish(entry.records);
  }
};

}  // namespace nrid::det
