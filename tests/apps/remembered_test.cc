// What nrid-gateway remembers of DNS: when it may speak, and that nothing that stands in its file is believed unjudged.
#include "apps/gateway/remembered.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/file.h"
#include "det/det.h"
#include "det/endorsement.h"

namespace nrid::gateway {
namespace {

struct Entity {
  explicit Entity(uint8_t number, uint16_t hda = 10) : signer(seed(number)), det(det::derive(16376, hda, signer.public_key())) {}
  static Seed seed(uint8_t number) {
    Seed out{};
    out.fill(number);
    return out;
  }
  SeedSigner signer;
  Det det;
};

class RememberedTest : public testing::Test {
 protected:
  RememberedTest() {
    std::string name = testing::TempDir() + "nrid-remembered-XXXXXX";
    root = mkdtemp(name.data());
    folder = root + "/data";
    settings.anchors = {{raa.det, raa.signer.public_key()}};
  }
  ~RememberedTest() override { std::filesystem::remove_all(root); }

  det::Resolution resolution() const {
    det::Resolution out;
    out.det = sp.det;
    out.key = sp.signer.public_key();
    out.parent = hda.det;
    const auto made = det::make_endorsement(sp.det, out.key, hda.det, hda.signer, clock.now().wall - seconds(100), clock.now().wall + seconds(10 * 86'400));
    EXPECT_TRUE(made.ok());
    out.endorsement.assign(made->begin(), made->end());
    out.addresses.resize(2);
    EXPECT_TRUE(det::address_from_text("2001:db8::1", out.addresses[0]) && det::address_from_text("192.0.2.1", out.addresses[1]));
    out.name = det::owner_name(sp.det);
    out.anchor = raa.det;
    out.authenticated = true;
    out.trust_until = clock.now().wall + seconds(10 * 86'400);
    out.chain = to_text(sp.det) + " < " + to_text(raa.det) + " (anchor)";
    return out;
  }
  // One set-up's look-up of the provider.
  det::Resolved resolve(const det::Resolved& dns) {
    said.clear();
    asked = 0;
    Memory memory(folder, settings, clock, [&](const Det&, bool) { return ++asked, dns; }, [&](std::string_view step, const std::string& fact) {
      said.push_back(std::string(step) + ": " + fact);
    });
    const auto out = memory.resolve(sp.det, true);
    notice = memory.notice();
    return out;
  }
  static det::Resolved trouble(Error error = Error::dns_timeout) { return det::Resolved::failed(error, "silence"); }
  std::string file() const { return folder + "/" + to_hex(sp.det) + ".json"; }
  std::string text() const { return write_remembered({resolution(), clock.now().wall}); }
  std::string reason(std::string_view content) const {
    const auto read = read_remembered(content, "sp.json", sp.det);
    return read.ok() ? "good" : read.text();
  }
  std::string changed(std::string_view from, std::string_view to) const {
    std::string out = text();
    const size_t at = out.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return out.replace(at, from.size(), to);
  }

  ManualClock clock{at_second(1'780'315'200)};
  Entity raa{1, 0}, hda{2}, sp{3}, other{4};
  det::ResolverSettings settings;
  std::string root, folder, notice;
  std::vector<std::string> said;
  int asked = 0;
};

TEST_F(RememberedTest, R009_what_dns_said_stands_in_while_it_is_in_trouble) {
  EXPECT_TRUE(resolve(resolution()).ok());
  EXPECT_TRUE(said.empty() && notice.empty());
  struct stat about{};
  ASSERT_EQ(stat(file().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  clock.advance(seconds(3600));
  for (const Error error : {Error::dns_timeout, Error::dns_servfail, Error::dns_unreachable, Error::dns_insecure}) {
    const auto found = resolve(trouble(error));
    ASSERT_TRUE(found.ok()) << found.text();
    EXPECT_EQ(found->key, sp.signer.public_key());
    EXPECT_EQ(found->addresses, resolution().addresses);
    EXPECT_EQ(found->endorsement.size(), det::kEndorsementSize);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0], "remembered: DNS is in trouble (" + std::string(info(error).counter) +
                           "); this start stands on what it said at 2026-06-01T12:00:00Z, which holds until 2026-06-02T12:00:00Z");
    EXPECT_FALSE(notice.empty());
  }
}

TEST_F(RememberedTest, R009_at_most_24_hours_and_never_past_its_trust) {
  ASSERT_TRUE(resolve(resolution()).ok());
  clock.advance(seconds(24 * 3600));
  EXPECT_TRUE(resolve(trouble()).ok());
  clock.advance(seconds(1));
  EXPECT_EQ(resolve(trouble()).error(), Error::dns_timeout);
  EXPECT_NE(resolve(trouble()).text().find("more than 24 h ago"), std::string::npos);
  clock.advance(seconds(-86'401 - 60));
  EXPECT_NE(resolve(trouble()).text().find("still to come"), std::string::npos);
  clock.advance(seconds(60));
  auto soon = resolution();
  soon.trust_until = clock.now().wall + seconds(60);
  ASSERT_TRUE(resolve(soon).ok());
  clock.advance(seconds(60));
  EXPECT_TRUE(resolve(trouble()).ok());
  clock.advance(seconds(1));
  EXPECT_NE(resolve(trouble()).text().find("certificate or endorsement ended"), std::string::npos);
}

TEST_F(RememberedTest, R006_a_definite_no_is_a_no_and_forgets) {
  for (const Error error : {Error::dns_nxdomain, Error::untrusted_chain, Error::endorsement_expired, Error::bad_certificate}) {
    ASSERT_TRUE(resolve(resolution()).ok());
    EXPECT_EQ(resolve(det::Resolved::failed(error, "no")).error(), error);
    EXPECT_FALSE(std::filesystem::exists(file()));
    EXPECT_FALSE(resolve(trouble()).ok());
  }
  // what the fallback name gave is not denied by the proper name while the fallback name is in trouble.
  auto fallback = resolution();
  for (const bool by_fallback : {true, false}) {
    fallback.by_fallback = by_fallback;
    ASSERT_TRUE(resolve(fallback).ok());
    EXPECT_EQ(resolve(det::Resolved::failed(Error::dns_nxdomain, "no", true)).ok(), by_fallback);
  }
}

TEST_F(RememberedTest, R008_settings_that_changed_are_asked_again) {
  ASSERT_TRUE(resolve(resolution()).ok());
  settings.anchors = {{hda.det, hda.signer.public_key()}};
  EXPECT_NE(resolve(trouble()).text().find("no longer a trust anchor"), std::string::npos);
  settings.anchors = {{raa.det, raa.signer.public_key()}};
  auto unsigned_zone = resolution();
  unsigned_zone.authenticated = false;
  ASSERT_TRUE(resolve(unsigned_zone).ok());
  EXPECT_TRUE(resolve(trouble()).ok());
  settings.require_ad = true;
  EXPECT_NE(resolve(trouble()).text().find("not validated with DNSSEC"), std::string::npos);
}

TEST_F(RememberedTest, R009_nothing_is_kept_without_a_folder_and_a_folder_that_cannot_be_made_is_said_once) {
  EXPECT_EQ(resolve(trouble()).text().find("silence; and nothing is remembered that may stand in: " + file() + ": cannot open"), 0U);
  folder = "/dev/null/data";
  EXPECT_TRUE(resolve(resolution()).ok());
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].find("memory: a later start needs DNS (gateway.data_dir): "), 0U);
  folder.clear();
  EXPECT_TRUE(resolve(resolution()).ok());
  EXPECT_EQ(resolve(trouble()).text(), "silence");
  EXPECT_TRUE(said.empty());
}

TEST_F(RememberedTest, T28_dns_that_was_silent_once_is_not_waited_for_again) {
  int silent = 0;
  ASSERT_TRUE(resolve(resolution()).ok());
  Memory memory(folder, settings, clock, [&](const Det&, bool) { return ++silent, trouble(); }, [](std::string_view, const std::string&) {});
  EXPECT_TRUE(memory.resolve(sp.det, true).ok());
  EXPECT_TRUE(memory.resolve(sp.det, true).ok());
  EXPECT_EQ(silent, 1);
  EXPECT_FALSE(memory.resolve(other.det, true).ok());
  EXPECT_EQ(silent, 2);
}

TEST_F(RememberedTest, R003_every_fault_has_its_sentence) {
  EXPECT_EQ(reason(text()), "good");
  const auto read = read_remembered(text(), "sp.json", sp.det);
  EXPECT_EQ(write_remembered(*read), text());
  EXPECT_EQ(read_remembered(text(), "sp.json", other.det).text(), "sp.json: is about " + to_text(sp.det) + ", not " + to_text(other.det));
  const auto key = to_hex(Bytes(sp.signer.public_key()));
  EXPECT_EQ(reason(changed("\"key\": \"" + key, "\"key\": \"" + to_hex(Bytes(other.signer.public_key())))),
            "sp.json: " + std::string(info(Error::det_hi_mismatch).text));
  EXPECT_EQ(reason(changed("\"key\": \"" + key, "\"key\": \"00")), "sp.json: \"key\" is not 64 hex digits");
  auto of_other = resolution();
  const auto made = det::make_endorsement(other.det, other.signer.public_key(), hda.det, hda.signer, clock.now().wall, clock.now().wall + seconds(86'400));
  of_other.endorsement.assign(made->begin(), made->end());
  EXPECT_EQ(reason(write_remembered({of_other, clock.now().wall})), "sp.json: \"endorsement\" is about another DET");
  auto longer = resolution();
  longer.trust_until = longer.trust_until + seconds(1);
  EXPECT_EQ(reason(write_remembered({longer, clock.now().wall})), "sp.json: \"trust_until\" is past the endorsement's end");
  EXPECT_EQ(reason(changed("192.0.2.1", "192.0.2.x")), "sp.json: \"addresses\": \"192.0.2.x\" is no IP address");
  EXPECT_EQ(reason(changed("\"dnssec\": true", "\"dnssec\": 1")), "sp.json: \"dnssec\" is missing or of another kind");
  EXPECT_EQ(reason(changed("\"fetched\": ", "\"fetched\": -")), "sp.json: \"fetched\" is no time in Unix seconds");
  EXPECT_EQ(reason("[]"), "sp.json: is no remembered set-up");
}

TEST_F(RememberedTest, R009_cut_at_every_octet_it_is_ignored_with_a_sentence) {
  ASSERT_TRUE(resolve(resolution()).ok());
  const std::string whole = text();
  for (size_t size = 0; size + 2 < whole.size(); ++size) {  // the last two are the bracket and a line end
    const auto read = read_remembered(whole.substr(0, size), "sp.json", sp.det);
    ASSERT_FALSE(read.ok()) << size;
    EXPECT_EQ(read.text().find("sp.json:"), 0U) << size;
    EXPECT_EQ(read.text().find('\n'), std::string::npos) << size;
  }
  ASSERT_TRUE(write_file_atomic(file(), whole.substr(0, 100)).ok());
  const auto found = resolve(trouble());
  EXPECT_EQ(found.error(), Error::dns_timeout);
  EXPECT_EQ(found.text().find("silence; and nothing is remembered that may stand in: " + file() + ":"), 0U);
}

}  // namespace
}  // namespace nrid::gateway
