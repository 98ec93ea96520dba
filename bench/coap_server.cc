#include "bench/coap_server.h"

#include <coap3/coap.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <thread>

#include "base/check.h"
#include "base/profile.h"

namespace nrid::bench {
namespace {

constexpr uint32_t kLookUpMs = 100;      // how long it takes to see that it is to end

// libcoap does not say which port it took, so the system is asked for a free one first.
uint16_t free_port() {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  CHECK(fd >= 0);
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof local;
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&local), size) == 0 && getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) == 0;
  close(fd);
  CHECK(bound);
  return ntohs(local.sin_port);
}

}  // namespace

struct CoapServer::Parts {
  coap_context_t* context = nullptr;
  Address address;
  std::atomic<uint64_t> answered{0};
  std::atomic<bool> end = false;
  clockid_t clock{};
  std::thread thread;
};

CoapServer::CoapServer() : parts_(std::make_unique<Parts>()) {
  coap_startup();
  const uint16_t port = free_port();
  const std::array<uint8_t, 4> ip = {127, 0, 0, 1};
  parts_->address = v4_address(ip, port);
  coap_address_t local;
  coap_address_init(&local);
  local.size = sizeof local.addr.sin;
  local.addr.sin.sin_family = AF_INET;
  local.addr.sin.sin_port = htons(port);
  local.addr.sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  parts_->context = coap_new_context(nullptr);
  CHECK(parts_->context != nullptr && coap_new_endpoint(parts_->context, &local, COAP_PROTO_UDP) != nullptr);
  const coap_str_const_t path = {profile::kPath.size(), reinterpret_cast<const uint8_t*>(profile::kPath.data())};
  coap_resource_t* const resource = coap_resource_init(const_cast<coap_str_const_t*>(&path), 0);
  coap_register_request_handler(resource, COAP_REQUEST_POST, [](coap_resource_t* of, coap_session_t*, const coap_pdu_t* request, const coap_string_t*, coap_pdu_t* response) {
    // Without a code libcoap acknowledges a CON with an empty ACK and says nothing to a NON.
    if (coap_pdu_get_type(request) == COAP_MESSAGE_CON) coap_pdu_set_code(response, COAP_RESPONSE_CODE_CHANGED);
    static_cast<Parts*>(coap_resource_get_userdata(of))->answered.fetch_add(1, std::memory_order_release);
  });
  coap_resource_set_userdata(resource, parts_.get());
  coap_add_resource(parts_->context, resource);
  parts_->thread = std::thread([parts = parts_.get()] {
    while (!parts->end) coap_io_process(parts->context, kLookUpMs);
  });
  CHECK(pthread_getcpuclockid(parts_->thread.native_handle(), &parts_->clock) == 0);
}

CoapServer::~CoapServer() {
  parts_->end = true;
  parts_->thread.join();
  coap_free_context(parts_->context);
}

const Address& CoapServer::address() const { return parts_->address; }
uint64_t CoapServer::answered() const { return parts_->answered.load(std::memory_order_acquire); }
double CoapServer::cpu_s() const {
  timespec used{};
  CHECK(clock_gettime(parts_->clock, &used) == 0);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

}  // namespace nrid::bench
