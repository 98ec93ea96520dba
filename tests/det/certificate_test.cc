#include "det/certificate.h"

#include "det/det.h"
#include "tests/det/support.h"

namespace nrid::det {
namespace {

// Every published or generated certificate, with the key of its issuer.
std::vector<std::pair<Buffer, PublicKey>> all_certificates() {
  std::vector<std::pair<Buffer, PublicKey>> out;
  const auto published = vectors("rfc9886_appendix_a.json", "hhit");
  for (const auto& row : published) {
    for (const auto& issuer : published) {
      if (issuer["det"] == row["issuer_det"]) out.emplace_back(octets(row["cert_der"]), key_of(issuer["hi"]));
    }
  }
  for (const auto& row : vectors("dns_generated.json", "records")) {
    const std::string name = row["entity"];
    out.emplace_back(octets(row["cert_der"]), key_of(entity_of(name == "raa" || name == "hda" ? "raa" : "hda")["hi"]));
  }
  return out;
}

TEST(Certificate, every_vector_reads_and_verifies) {
  const auto all = all_certificates();
  ASSERT_EQ(all.size(), 9u);
  for (const auto& [der, issuer_key] : all) {
    const auto certificate = read_certificate(der);
    ASSERT_TRUE(certificate.ok());
    EXPECT_TRUE(check(certificate->det, certificate->key).ok());
    EXPECT_TRUE(signed_by(*certificate, issuer_key));
    EXPECT_EQ(signed_by(*certificate, certificate->key), certificate->self_signed());
    EXPECT_FALSE(in_window(*certificate, certificate->not_before - Duration{1}));
    EXPECT_TRUE(in_window(*certificate, certificate->not_before));
    EXPECT_TRUE(in_window(*certificate, certificate->not_after + seconds(1) - Duration{1}));  // the whole last second
    EXPECT_FALSE(in_window(*certificate, certificate->not_after + seconds(1)));
  }
}

TEST(Certificate, fields_of_the_rfc_9886_chain) {
  for (const auto& row : vectors("rfc9886_appendix_a.json", "hhit")) {
    const auto certificate = read_certificate(octets(row["cert_der"]));
    ASSERT_TRUE(certificate.ok()) << row["name"];
    EXPECT_EQ(certificate->det, det_of(row["det"]));
    EXPECT_EQ(certificate->key, key_of(row["hi"]));
    EXPECT_EQ(certificate->issuer, det_of(row["issuer_det"]));
    EXPECT_EQ(certificate->authority, row["entity_type"] != 18 && row["entity_type"] != 16) << row["name"];
    EXPECT_EQ(certificate->subject.empty(), !certificate->authority);
    EXPECT_FALSE(certificate->uri.empty());
  }
}

// The generated ones were written by python-cryptography: what we write from the same fields is the same, octet for octet.
TEST(Certificate, is_made_octet_for_octet_like_another_library_makes_it) {
  for (const auto& row : vectors("dns_generated.json", "records")) {
    const std::string name = row["entity"];
    const Buffer der = octets(row["cert_der"]);
    const auto read = read_certificate(der);
    ASSERT_TRUE(read.ok());
    const SeedSigner issuer(fixed<32>(entity_of(name == "raa" || name == "hda" ? "raa" : "hda")["seed"]));
    CertificateRequest request{.det = read->det, .key = read->key, .issuer = read->issuer, .not_before = read->not_before,
                               .not_after = read->not_after, .authority = read->authority, .subject = read->subject,
                               .uri = read->uri};
    // The head of the TBS is 30 81 xx or 30 82 xx xx: find "02 len serial" behind the version.
    const auto version = std::string_view("\xa0\x03\x02\x01\x02", 5);
    const size_t at = as_text(der).find(version) + version.size();
    request.serial.assign(der.begin() + static_cast<long>(at) + 2, der.begin() + static_cast<long>(at) + 2 + der[at + 1]);
    const auto made = make_certificate(request, issuer);
    ASSERT_TRUE(made.ok()) << name;
    EXPECT_EQ(to_hex(*made), to_hex(der)) << name;
  }
}

TEST(Certificate, cut_anywhere_it_is_refused) {
  for (const auto& [der, issuer_key] : all_certificates()) {
    for (size_t size = 0; size < der.size(); ++size) {
      EXPECT_EQ(read_certificate(Bytes(der).first(size)).error(), Error::bad_certificate) << size;
    }
  }
}

TEST(Certificate, nothing_may_follow_it) {
  for (auto [der, issuer_key] : all_certificates()) {
    der.push_back(0);
    EXPECT_EQ(read_certificate(der).error(), Error::bad_certificate);
  }
}

TEST(Certificate, no_changed_bit_verifies) {
  const auto [der, issuer_key] = all_certificates().at(3);
  for (size_t bit = 0; bit < der.size() * 8; ++bit) {
    Buffer broken = der;
    broken[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const auto certificate = read_certificate(broken);
    if (certificate.ok()) {
      EXPECT_FALSE(signed_by(*certificate, issuer_key)) << "bit " << bit;
    }
  }
}

CertificateRequest some_request() {
  const auto ua = entity_of("ua");
  return {.det = det_of(ua["det"]), .key = key_of(ua["hi"]), .issuer = det_of(entity_of("hda")["det"]),
          .not_before = at_second(1'767'225'600), .not_after = at_second(1'798'761'600), .uri = "https://hda.example/ua",
          .serial = {0x80}};
}

TEST(Certificate, made_and_read_again) {
  const SeedSigner hda(fixed<32>(entity_of("hda")["seed"]));
  for (const int64_t end : {1'798'761'600LL, 2'524'607'999LL, 2'524'608'000LL, 4'000'000'000LL}) {  // around 2050: two forms of time
    CertificateRequest request = some_request();
    request.not_after = at_second(end);
    const auto der = make_certificate(request, hda);
    ASSERT_TRUE(der.ok());
    const auto read = read_certificate(*der);
    ASSERT_TRUE(read.ok()) << end;
    EXPECT_EQ(read->det, request.det);
    EXPECT_EQ(read->issuer, request.issuer);
    EXPECT_EQ(read->key, request.key);
    EXPECT_EQ(read->not_before, request.not_before);
    EXPECT_EQ(read->not_after, request.not_after);
    EXPECT_EQ(read->uri, request.uri);
    EXPECT_FALSE(read->authority);
    EXPECT_TRUE(signed_by(*read, hda.public_key()));
  }
}

TEST(Certificate, requests_that_cannot_be_written) {
  const SeedSigner hda(fixed<32>(entity_of("hda")["seed"]));
  const auto refused = [&](auto change) {
    CertificateRequest request = some_request();
    change(request);
    return make_certificate(request, hda).error();
  };
  EXPECT_EQ(refused([](auto& r) { r.serial.clear(); }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { r.serial = {0, 0}; }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { r.serial.assign(21, 1); }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { r.uri = std::string(256, 'a'); }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { r.uri = "a\nb"; }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { r.subject = std::string(65, 'a'); }), Error::value_range);
  EXPECT_EQ(refused([](auto& r) { std::swap(r.not_before, r.not_after); }), Error::value_range);
  EXPECT_EQ(refused([](auto&) {}), Error::none);
}

}  // namespace
}  // namespace nrid::det
