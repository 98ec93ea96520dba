#include "apps/load/server_view.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>

namespace nrid::load {
namespace {

constexpr size_t kAnswerOctetsMax = 1 << 20;

double value_of(const Metrics& metrics, std::string_view name) {
  const auto found = metrics.find(name);
  return found == metrics.end() ? 0 : found->second;
}

// Rows "PREFIX{label}" whose value rose.
std::map<std::string, double> rises(const Metrics& before, const Metrics& after, std::string_view prefix) {
  std::map<std::string, double> out;
  for (auto row = after.lower_bound(prefix); row != after.end() && row->first.starts_with(prefix); ++row) {
    const double more = row->second - value_of(before, row->first);
    if (more > 0) out[row->first.substr(prefix.size(), row->first.size() - prefix.size() - 1)] = more;
  }
  return out;
}

}  // namespace

Metrics parse_metrics(std::string_view text) {
  Metrics out;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    const size_t space = line.rfind(' ');
    if (line.starts_with('#') || space == std::string_view::npos || !line.starts_with("nrid_")) continue;
    const std::string_view number = line.substr(space + 1);
    std::string name(line.substr(5, space - 5));
    const size_t quote = name.find('"'), brace = name.find('{');
    if (brace != std::string::npos && quote != std::string::npos) {
      const size_t close = name.find('"', quote + 1);
      if (close == std::string::npos) continue;
      name = name.substr(0, brace + 1) + name.substr(quote + 1, close - quote - 1) + "}";
    }
    double value = 0;
    if (std::from_chars(number.data(), number.data() + number.size(), value).ec == std::errc()) out[name] = value;
  }
  return out;
}

std::optional<Metrics> ask_metrics(const Address& http) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::nullopt;
  const timeval limit{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_port = htons(http.port);
  std::memcpy(&name.sin_addr, http.ip.data() + 12, 4);
  std::string answer;
  constexpr std::string_view kAsk = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
  if (connect(fd, reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0 && send(fd, kAsk.data(), kAsk.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(kAsk.size())) {
    std::array<char, 16'384> part;
    for (ssize_t got; answer.size() < kAnswerOctetsMax && (got = recv(fd, part.data(), part.size(), 0)) > 0;) answer.append(part.data(), static_cast<size_t>(got));
  }
  close(fd);
  if (!answer.starts_with("HTTP/1.1 200")) return std::nullopt;
  return parse_metrics(answer);
}

ServerShare share_between(const std::optional<Metrics>& before, const std::optional<Metrics>& after) {
  ServerShare out;
  if (!before || !after) return out;
  const auto rise = [&](std::string_view name) { return value_of(*after, name) - value_of(*before, name); };
  out.known = true;
  out.received = rise("received_total");
  out.accepted = rise("accepted_total");
  out.kernel_dropped = rise("kernel_dropped_total");
  out.refused = rises(*before, *after, "refused_total{");
  out.cpu_s = rises(*before, *after, "thread_cpu_seconds{");
  return out;
}

}  // namespace nrid::load
