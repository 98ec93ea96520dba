// Mistakes that other programs made with DNS messages and with keys, each once (docs/fuzzing.md has the table).
#include <ctime>

#include "det/brid.h"
#include "det/certificate.h"
#include "det/dns_message.h"
#include "det/endorsement.h"
#include "det/hhit.h"
#include "det/key_source.h"
#include "tests/det/fake_lookup.h"

namespace nrid::det {
namespace {

constexpr std::string_view kName = "5.e.f.d.ip6.arpa.";

double cpu_ms() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

void put16(Buffer& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

void put_record(Buffer& out, size_t owner, RrType type, const Buffer& rdata) {
  put16(out, 0xc000 | owner);
  put16(out, static_cast<size_t>(type));
  put16(out, 1);
  put16(out, 0);
  put16(out, 60);
  put16(out, rdata.size());
  out.insert(out.end(), rdata.begin(), rdata.end());
}

Buffer question(size_t answers) {
  Buffer out{0, 1, 0x80, 0, 0, 1, 0, static_cast<uint8_t>(answers), 0, 0, 0, 0};
  Buffer name;
  EXPECT_TRUE(dns_name_to_wire(kName, name));
  out.insert(out.end(), name.begin(), name.end());
  put16(out, static_cast<size_t>(RrType::hhit));
  put16(out, 1);
  return out;
}

// The dearest answer that 64 kB can hold: pointers that each point to the one before, as far back as 14 bits reach, and records that all
// begin at the last of them.
Buffer pointer_chain(size_t links) {
  Buffer out = question(kAnswersMax);
  Buffer chain;
  const size_t start = out.size() + 12;  // behind the head of the first record
  put16(chain, 0xc00c);
  for (size_t i = 1; i < links && start + 2 * i < 0x4000; ++i) put16(chain, 0xc000 | (start + 2 * (i - 1)));
  const size_t end = start + chain.size() - 2;
  put_record(out, 12, RrType::a, chain);
  for (size_t i = 1; i < kAnswersMax; ++i) {
    Buffer target;
    put16(target, 0xc000 | end);
    put_record(out, end, RrType::cname, target);
  }
  return out;
}

double dearest(const Buffer& message) {
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double before = cpu_ms();
    static_cast<void>(decode_dns_response(message, kName, RrType::hhit).ok());
    best = std::min(best, cpu_ms() - before);
  }
  return best;
}

TEST(BugClass, name_compression_costs_less_than_a_millisecond) {
#if defined(__clang__)  // ./check builds with clang for its sanitizers
  constexpr double kFactor = 10;
#else
  constexpr double kFactor = 1;
#endif
  for (const size_t links : {size_t{2}, size_t{100}, size_t{126}, size_t{200}, size_t{8192}}) EXPECT_LT(dearest(pointer_chain(links)), kFactor) << links;
  Buffer labels = question(kAnswersMax);  // 127 labels of one octet, again and again
  Buffer name;
  EXPECT_TRUE(dns_name_to_wire(kName, name));
  Buffer longest;
  for (int i = 0; i < 126; ++i) longest.insert(longest.end(), {1, 'x'});
  longest.push_back(0);
  const size_t at = labels.size() + 12;
  put_record(labels, 12, RrType::cname, longest);
  for (size_t i = 1; i < kAnswersMax; ++i) put_record(labels, at, RrType::cname, longest);
  EXPECT_LT(dearest(labels), kFactor);
}

// RFC 1035 section 3.1: a name has at most 127 labels, so no name needs more pointers.
TEST(BugClass, names_with_more_pointers_than_labels_are_refused) {
  const auto accepted = [](size_t links) { return decode_dns_response(pointer_chain(links), kName, RrType::hhit).ok(); };
  EXPECT_TRUE(accepted(2));
  EXPECT_TRUE(accepted(126));
  EXPECT_FALSE(accepted(128));
  EXPECT_FALSE(accepted(8192));
}

struct Tried {
  bool learned = false, resolved = false;
};

// The registry endorses this key and publishes it: does a Link, does DNS bring it in?
Tried register_key(const PublicKey& key) {
  const SmallRegistry registry;
  FakeLookup dns;
  registry.publish_all(dns);
  const RegistryEntry& hda = registry["hda"];
  const SeedSigner signer = SeedSigner(*hda.entity.seed);
  const Det det = derive(hda.det.raa(), hda.det.hda(), key);
  const auto endorsement = make_endorsement(det, key, hda.det, signer, kNow - seconds(60), kNow + seconds(600));
  const auto certificate = make_certificate({det, key, hda.det, kNow - seconds(60), kNow + seconds(600), false, "", "", {1}}, signer);
  EXPECT_TRUE(endorsement.ok() && certificate.ok());
  Brid brid;
  brid.add_det(det);
  brid.add_endorsement(*endorsement);
  dns.table[{owner_name(det), RrType::hhit}] = {*encode_hhit({entity::ua, default_abbreviation(det), *certificate})};
  dns.table[{owner_name(det), RrType::brid}] = {*encode_brid(brid)};

  ManualClock clock{kNow};
  ResolverSettings settings;
  settings.anchors = registry.anchors;
  settings.fallback_name = false;
  Tried tried;
  for (bool* const outcome : {&tried.learned, &tried.resolved}) {
    DnsKeySource keys(settings, {}, dns, clock);
    keys.on_answer([](const KeySource::Answer&) {});
    if (outcome == &tried.learned) {
      keys.request(hda.det);  // a Link is judged with the keys that are there
      static_cast<void>(keys.learn(*endorsement, clock.now()).ok());
    } else {
      keys.request(det);
    }
    *outcome = keys.find(det, clock.now()).ok();
  }
  return tried;
}

// libsodium CVE-2025-69277 and its kind: what is no point of the prime-order group must not become anybody's key (T7). The eight points of
// small order, in every spelling.
TEST(BugClass, keys_of_small_order_are_refused_wherever_keys_come_in) {
  const Tried good = register_key(SeedSigner(Seed{1, 2, 3}).public_key());
  EXPECT_TRUE(good.learned && good.resolved) << good.learned << good.resolved;
  const char* const torsion[] = {
      "0100000000000000000000000000000000000000000000000000000000000000", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
      "0000000000000000000000000000000000000000000000000000000000000080", "0000000000000000000000000000000000000000000000000000000000000000",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      // the same in octets that no encoder writes (y >= p, or the sign of zero)
      "0100000000000000000000000000000000000000000000000000000000000080", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
  for (const char* hex : torsion) {
    SCOPED_TRACE(hex);
    PublicKey key;
    const Buffer octets_of = *from_hex(hex);
    std::copy(octets_of.begin(), octets_of.end(), key.begin());
    EXPECT_FALSE(PreparedKey::from(key).ok());
    EXPECT_FALSE(verify_one(key, {}, VerifyJob::kZeros));
    const Tried tried = register_key(key);
    EXPECT_FALSE(tried.learned);
    EXPECT_FALSE(tried.resolved);
  }
}

}  // namespace
}  // namespace nrid::det
