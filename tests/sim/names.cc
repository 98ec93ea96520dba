#include "tests/sim/names.h"

#include "det/det.h"

namespace nrid::sim {
namespace {

constexpr Duration kDeadAfter = seconds(3);    // two tries of a client, 1 s and 2 s
constexpr Duration kSlow = milliseconds(2500);
constexpr Duration kUsual = milliseconds(20);

}  // namespace

void Zone::publish(const det::ZoneEntry& entry, uint32_t ttl_s) {
  ttl_s_ = ttl_s;
  auto& types = names_[det::owner_name(entry.det)];
  types[det::RrType::hhit] = {entry.hhit_rdata};
  if (!entry.brid_rdata.empty()) types[det::RrType::brid] = {entry.brid_rdata};
  for (const det::IpAddress& address : entry.addresses) {
    types[address.is_v4() ? det::RrType::a : det::RrType::aaaa].emplace_back(address.rdata().begin(), address.rdata().end());
  }
}

det::DnsAnswer Zone::answer(const std::string& name, det::RrType type) const {
  det::DnsAnswer out;
  out.outcome = det::DnsAnswer::Outcome::answered;
  out.authenticated = true;
  const auto at = names_.find(name);
  out.rcode = at == names_.end() ? det::kRcodeNxdomain : det::kRcodeNoError;
  if (at == names_.end()) return out;
  if (const auto records = at->second.find(type); records != at->second.end()) {
    out.records = records->second;
    out.ttl_s = ttl_s_;
  }
  return out;
}

std::vector<Buffer> Zone::of_another(const std::string& name, det::RrType type, Dice& dice) const {
  std::vector<const std::vector<Buffer>*> others;
  for (const auto& [other, types] : names_) {
    const auto at = types.find(type);
    if (other != name && at != types.end()) others.push_back(&at->second);
  }
  return others.empty() ? std::vector<Buffer>() : *others[dice.below(others.size())];
}

Names::Names(Timeline& timeline, const Zone& zone, const Faults& faults, Dice& dice, std::function<void()> after)
    : timeline_(timeline), zone_(zone), faults_(faults), dice_(dice), after_(std::move(after)) {}

Names::~Names() { *alive_ = false; }

det::DnsAnswer Names::draw(const std::string& name, det::RrType type, Duration& wait) {
  wait = dice_.between(milliseconds(1), kUsual);
  det::DnsAnswer out = zone_.answer(name, type);
  if (healed) return out;
  if (dice_.chance(faults_.dns_slow)) wait = dice_.between(kUsual, kSlow);
  if (dice_.chance(faults_.dns_dead)) {
    wait = kDeadAfter;
    out = {};
    out.outcome = det::DnsAnswer::Outcome::timeout;
  } else if (dice_.chance(faults_.dns_servfail)) {
    out.records.clear();
    out.rcode = det::kRcodeServfail;
  } else if (dice_.chance(faults_.dns_poison)) {
    out.records = zone_.of_another(name, type, dice_);
    out.rcode = det::kRcodeNoError;
    out.ttl_s = 60;
    if (!out.records.empty() && !out.records[0].empty() && dice_.chance(0.5)) {
      Buffer& record = out.records[0];
      record[dice_.below(record.size())] ^= static_cast<uint8_t>(1u << dice_.below(8));
    }
  }
  return out;
}

void Names::ask(const std::string& name, det::RrType type, std::function<void(const det::DnsAnswer&)> done) {
  Duration wait;
  det::DnsAnswer answer = draw(name, type, wait);
  timeline_.after(wait, [this, alive = alive_, done = std::move(done), answer = std::move(answer)] {
    if (!*alive) return;
    done(answer);
    after_();
  });
}

void Names::run(std::function<void()> work) {
  timeline_.after({0}, [this, alive = alive_, work = std::move(work)] {
    if (!*alive) return;
    work();
    after_();
  });
}

}  // namespace nrid::sim
