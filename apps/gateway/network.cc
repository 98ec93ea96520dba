#include "apps/gateway/network.h"

#include <poll.h>

#include <algorithm>

namespace nrid::gateway {
namespace {

StatusOr<std::unique_ptr<UdpPort>> open_uplink(const std::string& name, bool v4) {
  const Address any = v4 ? v4_address(std::array<uint8_t, 4>{}, 0) : Address{};
  if (name.empty()) return UdpPort::open(any);
  if (const auto local = local_address(name)) return UdpPort::open(*local);
  return UdpPort::open(any, name);
}

}  // namespace

StatusOr<std::unique_ptr<Network>> Network::open(const GatewaySettings& settings, const Address& provider, const Clock& clock) {
  auto out = std::make_unique<Network>();
  std::vector<Uplink> links;
  const std::vector<std::string> names = settings.uplinks.empty() ? std::vector<std::string>{""} : settings.uplinks;
  for (const std::string& name : names) {
    auto port = open_uplink(name, provider.is_v4());
    if (!port.ok()) return Status::failed("uplink \"" + name + "\" (gateway.uplinks): " + port.text());
    out->fds_.push_back((*port)->fd());
    links.push_back({name.empty() ? "any" : name, std::move(*port)});
  }
  out->uplinks_ = std::make_unique<Uplinks>(std::move(links), settings.uplink_mode, clock);
  return out;
}

void Network::wait(const UdpPort* input, Duration wait) {
  std::vector<int> fds = fds_;
  if (input != nullptr) fds.push_back(input->fd());
  wait_for(fds, wait);
}

void wait_for(const std::vector<int>& fds, Duration wait) {
  std::vector<pollfd> polls;
  for (const int fd : fds) polls.push_back({fd, POLLIN, 0});
  poll(polls.data(), polls.size(), static_cast<int>(std::max<int64_t>(0, wait.ms())));
}

}  // namespace nrid::gateway
