#include "det/resolver.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/random.h"
#include "det/chain.h"
#include "det/det.h"
#include "det/dns_client.h"
#include "det/hid_map.h"

namespace nrid::det {
namespace {

constexpr size_t kIssuersMax = 256;                // issuers whose records are remembered
constexpr Duration kIssuerMax = seconds(300);
// Of its TTL. All that is found below an issuer runs out with it: the longer it is remembered, the shorter they live, and the more
// of them are asked for in the same moment.
constexpr int64_t kIssuerShare = 8;
constexpr Duration kIssuerDoubted = seconds(30);   // as long as a "no" is remembered
constexpr size_t kAddressesMax = 16;

struct Failure {
  Error error = Error::none;
  std::string reason;
};

// What an answer means, apart from its records.
Failure judge_answer(const DnsAnswer& answer, const std::string& name, std::string_view what, bool require_ad) {
  using Outcome = DnsAnswer::Outcome;
  const std::string asked = std::string(what) + " of " + name;
  switch (answer.outcome) {
    case Outcome::answered: break;
    case Outcome::timeout: return {Error::dns_timeout, "DNS resolver did not answer in time (" + asked + ")"};
    case Outcome::unreachable: return {Error::dns_unreachable, "no DNS resolver reached (" + asked + ")"};
    case Outcome::malformed: return {Error::dns_servfail, "DNS resolver failed: " + answer.detail + " (" + asked + ")"};
    case Outcome::cancelled: return {Error::dns_timeout, "DNS look-up was cancelled (" + asked + ")"};
  }
  // a denial counts no more than a record when DNSSEC did not validate it, or anybody who can write one would take away the key of
  // an aircraft that flies. Other codes say nothing of the name, and no resolver validates them.
  if (require_ad && !answer.authenticated && (answer.rcode == kRcodeNoError || answer.rcode == kRcodeNxdomain)) {
    return {Error::dns_insecure, "answer is not DNSSEC-validated (no AD), dns.require_ad is on (" + asked + ")"};
  }
  switch (answer.rcode) {
    case kRcodeNoError: return {};
    case kRcodeNxdomain: return {Error::dns_nxdomain, "no such DET in DNS (NXDOMAIN for " + asked + ")"};
    case kRcodeServfail: return {Error::dns_servfail, "DNS resolver failed (SERVFAIL for " + asked + ")"};
    case kRcodeRefused: return {Error::dns_servfail, "DNS resolver failed (REFUSED for " + asked + ")"};
    default: return {Error::dns_servfail, "DNS resolver failed (rcode " + std::to_string(answer.rcode) + " for " + asked + ")"};
  }
}

}  // namespace

bool is_resolver_trouble(Error error) {
  return error == Error::dns_servfail || error == Error::dns_timeout || error == Error::dns_unreachable || error == Error::dns_insecure;
}

Resolved Resolved::failed(Error error, std::string reason, bool fallback_in_trouble) {
  CHECK(error != Error::none);
  Resolved out;
  out.error_ = error;
  out.reason_ = std::move(reason);
  out.fallback_in_trouble_ = fallback_in_trouble;
  return out;
}

std::string place_of(const Det& asked, const Step& step) {
  return to_text(asked) + ": level " + std::to_string(step.level) + ", " + std::string(step.record) + " record of " + to_text(step.det) + ": ";
}

StatusOr<TrustAnchor> anchor_from_text(std::string_view text) {
  const std::string quoted = "trust anchor \"" + std::string(text) + "\"";
  const size_t equals = text.find('=');
  const auto det = det_from_text(text.substr(0, equals));
  const auto key = equals == std::string_view::npos ? std::nullopt : from_hex(text.substr(equals + 1));
  if (!det || !key || key->size() != 32) return Status::failed(quoted + " is not DET=HI, with 64 hex digits of the HI");
  TrustAnchor out{.det = *det};
  std::copy(key->begin(), key->end(), out.key.begin());
  if (const auto hashed = check(out.det, out.key); !hashed.ok()) {
    return Status::failed(quoted + ": " + std::string(info(hashed.error()).text));
  }
  return out;
}

// Walks run on the look-up's thread only, so nothing here is locked.
struct Resolver::Shared {
  Shared(ResolverSettings all, Lookup& dns, const Clock& time) : settings(std::move(all)), lookup(dns), clock(time) {}

  struct Remembered {
    EntityRecords records;
    Tick came, until;
  };
  // With what is left of their TTL.
  std::optional<EntityRecords> remembered(const Det& det, Tick now) const {
    const Remembered* held = issuers.find(det);
    if (held == nullptr || held->until <= now) return std::nullopt;
    EntityRecords out = held->records;
    const int64_t age_s = ((now - held->came).us + 999'999) / 1'000'000;
    out.ttl_s -= static_cast<uint32_t>(std::min<int64_t>(age_s, out.ttl_s));
    return out;
  }
  void remember(const EntityRecords& records, Tick came) {
    issuers.put(records.det, {records, came, came + std::min(Duration{seconds(records.ttl_s).us / kIssuerShare}, kIssuerMax)});
  }
  // A walk failed over it, and the fault may be that it has been replaced meanwhile: the next try asks anew. No sooner, or whoever publishes
  // what must fail could make us forget his issuers all the time.
  void doubt(const Det& det) {
    Remembered* held = issuers.find(det);
    if (held != nullptr) held->until = std::min(held->until, held->came + kIssuerDoubted);
  }

  ResolverSettings settings;
  Lookup& lookup;
  const Clock& clock;
  HidMap<Remembered> issuers{kIssuersMax};  // many DETs hang below few issuers: one look-up serves them all
};

namespace {

class Walk : public std::enable_shared_from_this<Walk> {
 public:
  using Done = std::function<void(const Resolved&)>;
  Walk(std::shared_ptr<Resolver::Shared> shared, const Det& det, bool want_addresses, Done done)
      : shared_(std::move(shared)), det_(det), want_addresses_(want_addresses), done_(std::move(done)) {}

  void start() {
    deadline_ = shared_->clock.now().tick + shared_->settings.walk_max;
    if (!det_.has_prefix()) return fail({Error::bad_kid, to_text(det_) + " is not a DET (2001:30::/28)"});
    if (det_.suite() != kSuiteEddsaCshake128) {
      return fail({Error::unsupported_suite, to_text(det_) + " has suite " + std::to_string(det_.suite()) + ", only 5 is supported"});
    }
    ask_level(det_, false);
  }

 private:
  bool first_level() const { return path_.empty(); }
  void ask_level(const Det& det, bool fallback);
  void ask(RrType type, std::string_view what);
  void take(RrType type, std::string_view what, const DnsAnswer& answer);
  void level_done();
  void advance();
  void add_addresses(std::vector<IpAddress>& out) const;
  void fail(Failure failure);

  std::shared_ptr<Resolver::Shared> shared_;
  Det det_;
  bool want_addresses_;
  Done done_;
  Tick deadline_;
  std::vector<EntityRecords> path_;
  std::vector<std::optional<Tick>> came_;  // beside path_; none for what was remembered
  std::vector<Step> steps_;           // of path_, as they were judged last
  // the level being asked
  EntityRecords level_;
  bool fallback_ = false;
  bool fallback_in_trouble_ = false;
  int open_ = 0;
  Failure hhit_failure_, brid_failure_, address_failure_;
  Failure missing_;                   // what the ip6.arpa name said, while the fallback name is asked
  std::vector<Buffer> aaaa_, a_;
};

void Walk::ask_level(const Det& det, bool fallback) {
  fallback_ = fallback;
  level_ = EntityRecords{.det = det, .name = fallback ? fallback_name(det) : owner_name(det), .ttl_s = UINT32_MAX, .authenticated = true};
  hhit_failure_ = brid_failure_ = address_failure_ = {};
  open_ = first_level() ? (want_addresses_ ? 4 : 2) : 1;
  ask(RrType::hhit, "HHIT record");
  if (!first_level()) return;
  ask(RrType::brid, "BRID record");
  if (!want_addresses_) return;
  ask(RrType::aaaa, "AAAA record");
  ask(RrType::a, "A record");
}

void Walk::ask(RrType type, std::string_view what) {
  shared_->lookup.ask(level_.name, type, [self = shared_from_this(), type, what](const DnsAnswer& answer) { self->take(type, what, answer); });
}

void Walk::take(RrType type, std::string_view what, const DnsAnswer& answer) {
  Failure failure = judge_answer(answer, level_.name, what, shared_->settings.require_ad);
  if (failure.error == Error::none && !answer.records.empty()) level_.ttl_s = std::min(level_.ttl_s, answer.ttl_s);
  if (answer.outcome == DnsAnswer::Outcome::answered) level_.authenticated = level_.authenticated && answer.authenticated;
  if (type == RrType::hhit || type == RrType::brid) {
    (type == RrType::hhit ? level_.hhit : level_.brid) = answer.records;
    (type == RrType::hhit ? hhit_failure_ : brid_failure_) = std::move(failure);
  } else {
    (type == RrType::aaaa ? aaaa_ : a_) = answer.records;
    if (address_failure_.error == Error::none) address_failure_ = std::move(failure);
  }
  if (--open_ == 0) level_done();
}

void Walk::level_done() {
  if (shared_->clock.now().tick > deadline_) {
    return fail({Error::dns_timeout, to_text(det_) + ": the walk took longer than " + std::to_string(shared_->settings.walk_max.ms()) + " ms"});
  }
  if (hhit_failure_.error == Error::none && level_.hhit.empty()) {
    hhit_failure_ = {Error::dns_nxdomain, "the name " + level_.name + " has no HHIT record"};
  }
  const bool missing = level_.hhit.empty() && (hhit_failure_.error == Error::dns_nxdomain || hhit_failure_.error == Error::dns_insecure);
  if (missing && !fallback_ && shared_->settings.fallback_name) {
    missing_ = hhit_failure_;
    return ask_level(Det(level_.det), true);
  }
  // A resolver without a way to hhit.arpa fails there, or denies without DNSSEC; that must not hide that the DET's proper name does not exist.
  if (fallback_ && hhit_failure_.error != Error::none && level_.hhit.empty()) {
    fallback_in_trouble_ = is_resolver_trouble(hhit_failure_.error);
    hhit_failure_ = missing_;
  }
  Failure failure = hhit_failure_.error != Error::none ? hhit_failure_ : Failure{};
  Step failed{.level = path_.size() + 1, .det = level_.det, .record = "HHIT", .judged = true};
  if (failure.error == Error::none && is_resolver_trouble(brid_failure_.error)) {
    failure = brid_failure_;
    failed.record = "BRID";
  }
  if (failure.error == Error::none && is_resolver_trouble(address_failure_.error) && aaaa_.empty() && a_.empty()) {
    failure = address_failure_;
    failed.record = "address";
  }
  if (failure.error == Error::none) {
    path_.push_back(std::move(level_));
    came_.emplace_back(shared_->clock.now().tick);
    return advance();
  }
  failure.reason = place_of(det_, failed) + failure.reason;
  if (failure.error == Error::dns_nxdomain && !first_level()) failure.error = Error::untrusted_chain;  // an issuer is missing
  failed.error = failure.error;
  steps_.push_back(failed);
  fail(std::move(failure));
}

void Walk::advance() {
  const ResolverSettings& settings = shared_->settings;
  const ChainPolicy policy{.anchors = settings.anchors, .skew = settings.skew, .require_ad = settings.require_ad,
                           .require_endorsement = settings.require_endorsement || want_addresses_};
  while (true) {
    const Now now = shared_->clock.now();
    Verdict verdict = judge(path_, policy, now.wall);
    steps_ = verdict.result.steps();
    if (!verdict.issuer) {
      if (!verdict.result.ok()) return fail({verdict.result.error(), verdict.result.text()});
      Resolution resolution = *verdict.result;
      for (size_t i = 0; i < path_.size(); ++i) {  // only now they are known to be what they say
        if (i > 0 && came_[i]) shared_->remember(path_[i], *came_[i]);
        resolution.by_fallback = resolution.by_fallback || path_[i].name != owner_name(path_[i].det);
      }
      add_addresses(resolution.addresses);
      Resolved out(std::move(resolution));
      out.set_steps(std::move(steps_));
      return done_(out);
    }
    auto known = shared_->remembered(*verdict.issuer, now.tick);
    if (!known) return ask_level(*verdict.issuer, false);
    path_.push_back(std::move(*known));
    came_.emplace_back();
  }
}

void Walk::fail(Failure failure) {
  if (!is_resolver_trouble(failure.error)) {
    for (size_t i = 1; i < path_.size(); ++i) shared_->doubt(path_[i].det);
  }
  Resolved out = Resolved::failed(failure.error, std::move(failure.reason), fallback_in_trouble_);
  out.set_steps(std::move(steps_));
  done_(out);
}

// AAAA before A.
void Walk::add_addresses(std::vector<IpAddress>& out) const {
  for (const auto* list : {&aaaa_, &a_}) {
    const size_t size = list == &aaaa_ ? 16 : 4;
    for (const Buffer& rdata : *list) {
      IpAddress address;
      if (rdata.size() == size && out.size() < kAddressesMax && address_from_rdata(rdata, address)) out.push_back(address);
    }
  }
}

}  // namespace

Resolver::Resolver(ResolverSettings settings, Lookup& lookup, const Clock& clock)
    : shared_(std::make_shared<Shared>(std::move(settings), lookup, clock)) {}
Resolver::~Resolver() = default;

const ResolverSettings& Resolver::settings() const { return shared_->settings; }

void Resolver::resolve(const Det& det, bool want_addresses, std::function<void(const Resolved&)> done) {
  const auto walk = std::make_shared<Walk>(shared_, det, want_addresses, std::move(done));
  shared_->lookup.run([walk] { walk->start(); });
}

Resolved resolve_now(const ResolverSettings& settings, Lookup& lookup, const Clock& clock, const Det& det, bool want_addresses,
                     Duration deadline) {
  struct Waiting {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<Resolved> result;
  };
  const auto waiting = std::make_shared<Waiting>();
  Resolver resolver(settings, lookup, clock);
  resolver.resolve(det, want_addresses, [waiting](const Resolved& resolved) {
    const std::lock_guard lock(waiting->mutex);
    waiting->result = resolved;
    waiting->ready.notify_one();
  });
  std::unique_lock lock(waiting->mutex);
  waiting->ready.wait_for(lock, std::chrono::microseconds(deadline.us), [&] { return waiting->result.has_value(); });
  if (waiting->result) return *waiting->result;
  return Resolved::failed(Error::dns_timeout, to_text(det) + ": no answer within " + std::to_string(deadline.ms()) + " ms");
}

Resolved resolve_now(const ResolverSettings& settings, const Det& det, bool want_addresses, Duration deadline, const Clock& clock) {
  SystemRandom random;
  const DnsClientSettings dns{.servers = settings.servers, .timeout_ms = settings.timeout_ms, .tries = settings.tries};
  const auto client = DnsClient::open(dns, random);
  if (!client.ok()) return Resolved::failed(Error::dns_unreachable, client.text());
  return resolve_now(settings, **client, clock, det, want_addresses, deadline);
}

}  // namespace nrid::det
