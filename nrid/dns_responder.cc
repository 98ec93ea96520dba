#include "nrid/dns_responder.h"

#include <cctype>

#include "det/det.h"

namespace nrid {
namespace {

constexpr size_t kHeader = 12;
constexpr size_t kQuestionsMax = 100'000;               // remembered; a run asks some thousand
constexpr uint16_t kResponse = 0x8000, kAuthoritative = 0x0400, kRecursion = 0x0180, kAuthentic = 0x0020;

void put_u16(Buffer& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

}  // namespace

std::optional<DnsQuestion> read_dns_question(Bytes query) {
  if (query.size() < kHeader || (query[2] & 0x80) != 0) return std::nullopt;
  DnsQuestion out;
  size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const size_t length = query[at];
    if (length > 63 || at + 1 + length >= query.size()) return std::nullopt;
    for (size_t i = 0; i < length; ++i) out.name += static_cast<char>(std::tolower(query[at + 1 + i]));
    out.name += '.';
    at += 1 + length;
  }
  if (at + 5 > query.size()) return std::nullopt;
  out.type = static_cast<uint16_t>(query[at + 1] << 8 | query[at + 2]);
  out.size = at + 5 - kHeader;
  return out;
}

Buffer make_dns_answer(const DnsZone& zone, Bytes query, const DnsQuestion& question, uint32_t ttl_s, bool authenticated) {
  const auto found = zone.find(question.name);
  const DnsMood mood = found == zone.end() ? DnsMood::nxdomain : found->second.mood;
  if (mood == DnsMood::silent) return {};
  const std::vector<Buffer> none;
  const std::vector<Buffer>* records = &none;
  if (mood == DnsMood::answer) {
    if (const auto row = found->second.records.find(question.type); row != found->second.records.end()) records = &row->second;
  }
  const unsigned rcode = mood == DnsMood::nxdomain ? det::kRcodeNxdomain : mood == DnsMood::servfail ? det::kRcodeServfail : det::kRcodeNoError;
  Buffer out(query.begin(), query.begin() + 2);
  put_u16(out, kResponse | kAuthoritative | kRecursion | (authenticated ? kAuthentic : 0u) | rcode);
  put_u16(out, 1);
  put_u16(out, records->size());
  put_u16(out, 0);
  put_u16(out, 0);
  const Bytes asked = query.subspan(kHeader, question.size);
  out.insert(out.end(), asked.begin(), asked.end());
  for (const Buffer& rdata : *records) {
    put_u16(out, 0xc000 | kHeader);
    put_u16(out, question.type);
    put_u16(out, 1);
    put_u16(out, ttl_s >> 16);
    put_u16(out, ttl_s & 0xffff);
    put_u16(out, rdata.size());
    out.insert(out.end(), rdata.begin(), rdata.end());
  }
  return out;
}

DnsZone zone_of(const std::vector<det::RegistryEntry>& entries) {
  DnsZone zone;
  for (const auto& entry : entries) {
    DnsName& name = zone[det::owner_name(entry.det)];
    name.records[static_cast<uint16_t>(det::RrType::hhit)] = {entry.records.hhit_rdata};
    name.records[static_cast<uint16_t>(det::RrType::brid)] = {entry.records.brid_rdata};
  }
  return zone;
}

void set_addresses(DnsZone& zone, const Det& det, const std::vector<det::IpAddress>& addresses) {
  DnsName& name = zone[det::owner_name(det)];
  for (const auto type : {det::RrType::a, det::RrType::aaaa}) name.records.erase(static_cast<uint16_t>(type));
  for (const det::IpAddress& address : addresses) {
    const Bytes rdata = address.rdata();
    name.records[static_cast<uint16_t>(address.is_v4() ? det::RrType::a : det::RrType::aaaa)].emplace_back(rdata.begin(), rdata.end());
  }
}

StatusOr<std::unique_ptr<DnsServer>> DnsServer::start(DnsZone zone, uint16_t port, uint32_t ttl_s) {
  TRY(socket, UdpPort::open(v4_address(std::array<uint8_t, 4>{127, 0, 0, 1}, port)));
  return std::unique_ptr<DnsServer>(new DnsServer(std::move(socket), std::move(zone), ttl_s));
}

DnsServer::DnsServer(std::unique_ptr<UdpPort> port, DnsZone zone, uint32_t ttl_s) : port_(std::move(port)), ttl_s_(ttl_s), zone_(std::move(zone)) {
  thread_ = std::thread([this] { run(); });
}

DnsServer::~DnsServer() {
  stop_ = true;
  thread_.join();
}

void DnsServer::change(const std::function<void(DnsZone&)>& edit) {
  const std::lock_guard lock(mutex_);
  edit(zone_);
}

std::vector<DnsQuestion> DnsServer::questions() const {
  const std::lock_guard lock(mutex_);
  return asked_;
}

void DnsServer::run() {
  std::array<Received, 32> batch{};
  while (!stop_) {
    port_->wait(milliseconds(50));
    const size_t count = port_->receive(batch);
    for (size_t i = 0; i < count; ++i) {
      const Buffer octets = answer(batch[i].octets);
      if (octets.empty()) continue;
      const Outgoing out{batch[i].peer, octets, batch[i].to};
      port_->send({&out, 1});
    }
  }
}

Buffer DnsServer::answer(Bytes query) {
  auto question = read_dns_question(query);
  if (!question) return {};
  question->at = SystemClock().now().tick;
  const std::lock_guard lock(mutex_);
  if (asked_.size() < kQuestionsMax) asked_.push_back(*question);
  return make_dns_answer(zone_, query, *question, ttl_s_, authenticated_);
}

}  // namespace nrid
