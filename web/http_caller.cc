#include "web/http_caller.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <string_view>

namespace nrid::web {
namespace {

Reach reach_of_v4(uint32_t ip) {  // host order; RFC 6890
  const auto in = [ip](uint32_t net, int bits) { return (ip ^ net) >> (32 - bits) == 0; };
  if (in(0x7f000000, 8)) return Reach::loopback;
  if (in(0x0a000000, 8) || in(0xac100000, 12) || in(0xc0a80000, 16)) return Reach::private_;
  const bool forbidden = in(0x00000000, 8) || in(0x64400000, 10) || in(0xa9fe0000, 16) || in(0xc0000000, 24) ||
                         in(0xc0000200, 24) || in(0xc0586300, 24) || in(0xc6120000, 15) || in(0xc6336400, 24) ||
                         in(0xcb007100, 24) || in(0xe0000000, 3);
  return forbidden ? Reach::forbidden : Reach::public_;
}

Reach reach_of_v6(const in6_addr& address) {
  if (IN6_IS_ADDR_LOOPBACK(&address)) return Reach::loopback;
  if (IN6_IS_ADDR_V4MAPPED(&address)) {
    uint32_t v4;
    std::memcpy(&v4, address.s6_addr + 12, 4);
    return reach_of_v4(ntohl(v4));
  }
  if ((address.s6_addr[0] & 0xfe) == 0xfc) return Reach::private_;
  // Global unicast is 2000::/3; of it 2001:db8::/32 is documentation, 2001::/23 and 2002::/16 wrap other addresses
  // (Teredo, 6to4), and 2001:30::/28 are DETs, which are no locators.
  const uint8_t* o = address.s6_addr;
  const bool global = o[0] >> 5 == 1;
  const bool wrapped = (o[0] == 0x20 && o[1] == 0x02) || (o[0] == 0x20 && o[1] == 0x01 && o[2] < 0x02);
  const bool documentation = o[0] == 0x20 && o[1] == 0x01 && o[2] == 0x0d && o[3] == 0xb8;
  return global && !wrapped && !documentation ? Reach::public_ : Reach::forbidden;
}

struct Exchange {
  CallLimits limits;
  bool plain = false;                 // http: loopback and nothing else
  bool address_refused = false;
  bool too_large = false;
  std::string body;
};

size_t take_body(char* data, size_t one, size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const size_t size = one * count;
  if (exchange.body.size() + size > exchange.limits.body_max) {
    exchange.too_large = true;
    return 0;
  }
  exchange.body.append(data, size);
  return size;
}

curl_socket_t open_socket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(user);
  const Reach reach = reach_of(address->addr, address->addrlen);
  const bool good = exchange.plain ? reach == Reach::loopback
                                   : reach == Reach::public_ || (reach == Reach::private_ && exchange.limits.allow_private);
  if (!good) {
    exchange.address_refused = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

bool is_token(std::string_view text) {  // field names and methods, RFC 9110 section 5.6.2, without the rare marks
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

bool has_line_end(std::string_view text) { return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos; }

HttpAnswer refused(std::string why) { return {0, "", std::move(why)}; }

}  // namespace

Reach reach_of(const sockaddr& address, size_t size) {
  if (address.sa_family == AF_INET && size >= sizeof(sockaddr_in)) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    return reach_of_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address.sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    return reach_of_v6(v6.sin6_addr);
  }
  return Reach::forbidden;
}

HttpCallerCurl::HttpCallerCurl(CallLimits limits) : limits_(limits) {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

HttpAnswer HttpCallerCurl::call(const HttpCall& call) {
  Exchange exchange;
  exchange.limits = limits_;
  exchange.plain = call.url.rfind("http://", 0) == 0;
  if (!exchange.plain && call.url.rfind("https://", 0) != 0) return refused("the URL is neither https:// nor http://");
  if (!is_token(call.method)) return refused("the method is not a token");
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  if (!curl) return refused("libcurl gives no handle");

  curl_slist* lines = nullptr;
  for (const auto& [name, value] : call.headers) {
    if (!is_token(name) || has_line_end(value)) {
      curl_slist_free_all(lines);
      return refused("header " + name + " is not well-formed");
    }
    lines = curl_slist_append(lines, (name + ": " + value).c_str());
  }
  lines = curl_slist_append(lines, "Expect:");  // no waiting for 100 Continue
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> keep(lines, curl_slist_free_all);

  const auto set = [&](CURLoption option, auto value) { curl_easy_setopt(curl.get(), option, value); };
  const long timeout = std::clamp(call.timeout_ms, 1, limits_.timeout_max_ms);
  set(CURLOPT_URL, call.url.c_str());
  set(CURLOPT_PROTOCOLS_STR, exchange.plain ? "http" : "https");
  set(CURLOPT_FOLLOWLOCATION, 0L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_NETRC, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_TIMEOUT_MS, timeout);
  set(CURLOPT_CONNECTTIMEOUT_MS, timeout);
  set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  set(CURLOPT_HTTPHEADER, lines);
  set(CURLOPT_USERAGENT, "nridd");
  set(CURLOPT_OPENSOCKETFUNCTION, open_socket);
  set(CURLOPT_OPENSOCKETDATA, static_cast<void*>(&exchange));
  set(CURLOPT_WRITEFUNCTION, take_body);
  set(CURLOPT_WRITEDATA, static_cast<void*>(&exchange));
  if (call.method == "HEAD") {
    set(CURLOPT_NOBODY, 1L);
  } else if (call.method != "GET" || !call.body.empty()) {
    set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(call.body.size()));
    set(CURLOPT_POSTFIELDS, call.body.c_str());
    set(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  }

  const CURLcode code = curl_easy_perform(curl.get());
  if (exchange.address_refused) return refused(exchange.plain ? "http:// is for loopback addresses only" : "the name leads to an address that may not be called");
  if (exchange.too_large) return refused("the answer is over " + std::to_string(limits_.body_max) + " octets");
  if (code != CURLE_OK) return refused(curl_easy_strerror(code));
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  return {static_cast<int>(status), std::move(exchange.body), ""};
}

}  // namespace nrid::web
