#include <cstring>

#include "tests/sim/laws.h"

namespace nrid::sim {
namespace {

constexpr uint64_t kFactor = 3;
constexpr size_t kPlainPack = 260;     // datagrams up to here may hold a pack without a Wrapper, whose answer is about twice as long

std::string text(const Token& token) { return std::string(reinterpret_cast<const char*>(token.octets.data()), token.size); }

// What an answer names of its request: the message id in an ACK or RST, else the token. The two never look alike.
uint32_t name_of(bool by_id, uint16_t id, const Token& token) {
  if (by_id) return id;
  uint32_t low = 0;
  std::memcpy(&low, token.octets.data(), 4);
  return low | 0x80000000u;
}

}  // namespace

void ByteLaw::restart() {
  accounts_.clear();
  notices_.clear();
}

bool ByteLaw::proven(const Address& address) const {
  const auto at = accounts_.find(address);
  return at != accounts_.end() && at->second.proven;
}

void ByteLaw::took(const Address& from, size_t octets, const std::optional<Opened>& opened) {
  Account& account = accounts_[from];
  account.in += octets;
  if (!opened) return;
  if (opened->type == coap::Type::ack && opened->code == coap::kChanged && opened->token.size == 8) {
    const auto at = notices_.find(text(opened->token));
    if (at != notices_.end() && at->second == from) account.proven = true;
  }
  if (!opened->echo.empty() && equal(opened->echo, account.echo)) account.proven = true;  // it was received there
  const auto remember = [&](uint32_t name) { account.requests[account.next++ % account.requests.size()] = {name, octets}; };
  remember(name_of(true, opened->id, opened->token));
  if (opened->token.size > 0) remember(name_of(false, opened->id, opened->token));
}

void ByteLaw::sent(const Address& to, size_t octets, const Opened& opened) {
  Account& account = accounts_[to];
  account.out += octets;
  if (!account.proven && account.out > kFactor * account.in) {
    broken_("R-029", std::to_string(account.out) + " octets to " + to_text(to) + ", which proved nothing and sent " + std::to_string(account.in));
  }
  if (!opened.echo.empty()) account.echo.assign(opened.echo.begin(), opened.echo.end());
  if (opened.code == coap::kPost) {
    if (opened.type == coap::Type::con) notices_[text(opened.token)] = to;
    return;
  }
  const bool by_id = opened.type == coap::Type::ack || opened.type == coap::Type::rst;
  const uint32_t name = name_of(by_id, opened.id, opened.token);
  for (size_t i = 1; i <= account.requests.size(); ++i) {
    const auto& [asked, size] = account.requests[(account.next - i) % account.requests.size()];
    if (size == 0 || asked != name) continue;
    const size_t limit = size <= kPlainPack && size > 100 ? size * 21 / 10 : size * 11 / 10 + 4;
    if (octets > limit) broken_("R-029", "an answer of " + std::to_string(octets) + " octets to a request of " + std::to_string(size));
    return;
  }
}

}  // namespace nrid::sim
