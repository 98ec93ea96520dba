#include "apps/gateway/hosts.h"

namespace nrid::gateway {
namespace {

constexpr size_t kQuestionsMax = 8;

}  // namespace

StatusOr<std::unique_ptr<Hosts>> Hosts::open(const det::ResolverSettings& settings, Random& random) {
  auto out = std::make_unique<Hosts>();
  out->require_ad_ = settings.require_ad;
  TRY(dns, det::DnsClient::open({settings.servers, settings.timeout_ms, settings.tries}, random));
  out->dns_ = std::move(dns);
  return out;
}

void Hosts::ask(const std::string& host) {
  {
    const std::lock_guard lock(mutex_);
    // What came after nobody waited for it any more is old, and would keep its place for good.
    std::erase_if(questions_, [](const auto& one) { return one.second.open == 0; });
    if (questions_.contains(host) || questions_.size() >= kQuestionsMax) return;
    questions_[host] = {};
  }
  for (const auto type : {det::RrType::aaaa, det::RrType::a}) {
    dns_->ask(host + ".", type, [this, host](const det::DnsAnswer& answer) { on_answer(host, answer); });
  }
}

void Hosts::on_answer(const std::string& host, const det::DnsAnswer& answer) {
  const std::lock_guard lock(mutex_);
  Question& question = questions_[host];
  --question.open;
  if (answer.outcome != det::DnsAnswer::Outcome::answered || (require_ad_ && !answer.authenticated)) return;
  for (const Buffer& record : answer.records) {
    det::IpAddress address;
    if (!det::address_from_rdata(record, address)) continue;
    (address.is_v4() ? question.four : question.six).push_back(address.octets);
  }
}

std::optional<std::vector<std::array<uint8_t, 16>>> Hosts::answer(const std::string& host) {
  const std::lock_guard lock(mutex_);
  const auto found = questions_.find(host);
  if (found == questions_.end() || found->second.open > 0) return std::nullopt;
  std::vector<std::array<uint8_t, 16>> out = std::move(found->second.six);
  out.insert(out.end(), found->second.four.begin(), found->second.four.end());
  questions_.erase(found);
  return out;
}

}  // namespace nrid::gateway
