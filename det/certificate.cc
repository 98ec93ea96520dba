#include "det/certificate.h"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>
#include <optional>

namespace nrid::det {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* object) const { Free(object); }
};
using X509Ptr = std::unique_ptr<X509, Freer<X509_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES_free>>;
using BasicPtr = std::unique_ptr<BASIC_CONSTRAINTS, Freer<BASIC_CONSTRAINTS_free>>;

// OpenSSL queues an error for every refusal; nobody reads that queue, so it is emptied where it was filled.
struct ErrorQueue {
  ~ErrorQueue() { ERR_clear_error(); }
};

Bytes octets_of(const ASN1_STRING* string) {
  return {ASN1_STRING_get0_data(string), static_cast<size_t>(ASN1_STRING_length(string))};
}

// The content of one DER element of this tag at the front of `in`, which is moved behind it; `whole` gets it with its head.
// Lengths must be definite and in their shortest form (X.690 section 10.1).
std::optional<Bytes> der_element(Bytes& in, uint8_t tag, Bytes* whole = nullptr) {
  if (in.size() < 2 || in[0] != tag) return std::nullopt;
  size_t head = 2;
  size_t length = in[1];
  if (length >= 0x80) {
    const size_t count = length & 0x7f;
    if (count == 0 || count > 2 || in.size() < 2 + count) return std::nullopt;
    length = 0;
    for (size_t i = 0; i < count; ++i) length = length << 8 | in[2 + i];
    if (length < (count == 1 ? 0x80U : 0x100U)) return std::nullopt;
    head += count;
  }
  if (length > in.size() - head) return std::nullopt;
  if (whole != nullptr) *whole = in.first(head + length);
  const Bytes content = in.subspan(head, length);
  in = in.subspan(head + length);
  return content;
}

// Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }, cut without interpretation.
bool cut(Bytes der, Certificate& out) {
  const auto certificate = der_element(der, 0x30);
  if (!certificate || !der.empty()) return false;
  Bytes in = *certificate;
  Bytes tbs;
  if (!der_element(in, 0x30, &tbs)) return false;
  Bytes algorithm;
  if (!der_element(in, 0x30, &algorithm) || !equal(algorithm, kEd25519Algorithm)) return false;
  const auto signature = der_element(in, 0x03);
  if (!signature || !in.empty() || signature->size() != 65 || (*signature)[0] != 0) return false;
  out.tbs.assign(tbs.begin(), tbs.end());
  std::copy(signature->begin() + 1, signature->end(), out.signature.begin());
  return true;
}

bool printable(Bytes text) {
  return std::all_of(text.begin(), text.end(), [](uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

// A name of exactly one attribute, commonName; nullopt when it is anything else.
std::optional<std::string> common_name(const X509_NAME* name) {
  if (X509_NAME_entry_count(name) != 1) return std::nullopt;
  const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, 0);
  if (OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry)) != NID_commonName) return std::nullopt;
  const Bytes text = octets_of(X509_NAME_ENTRY_get_data(entry));
  if (text.size() > 64 || !printable(text)) return std::nullopt;  // ub-common-name
  return std::string(as_text(text));
}

bool read_names(const X509* x509, Certificate& out) {
  const auto issuer = common_name(X509_get_issuer_name(x509));
  if (!issuer || issuer->size() != 32) return false;
  const auto issuer_octets = from_hex(*issuer);
  if (!issuer_octets) return false;
  out.issuer = Det::from(*issuer_octets);
  if (X509_NAME_entry_count(X509_get_subject_name(x509)) == 0) return true;
  const auto subject = common_name(X509_get_subject_name(x509));
  if (!subject) return false;
  out.subject = *subject;
  return true;
}

bool read_time(const ASN1_TIME* time, Instant& out) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return false;
  out = at_second(timegm(&parts));
  return true;
}

bool read_key(const X509* x509, Certificate& out) {
  ASN1_OBJECT* algorithm = nullptr;
  const unsigned char* key = nullptr;
  int size = 0;
  X509_ALGOR* parameters = nullptr;
  if (X509_PUBKEY_get0_param(&algorithm, &key, &size, &parameters, X509_get_X509_PUBKEY(x509)) != 1) return false;
  int parameter_type = V_ASN1_UNDEF;
  X509_ALGOR_get0(nullptr, &parameter_type, nullptr, parameters);
  if (OBJ_obj2nid(algorithm) != NID_ED25519 || parameter_type != V_ASN1_UNDEF || size != 32) return false;
  std::copy(key, key + 32, out.key.begin());
  return true;
}

// One iPAddress of 16 octets, which is the DET, and any number of URIs, of which the first is kept.
bool read_alternative_names(const X509* x509, Certificate& out) {
  int critical = 0;
  const NamesPtr names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, &critical, nullptr)));
  if (names == nullptr) return false;  // absent, twice, or unreadable
  bool found = false;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_IPADD) {
      const Bytes address = octets_of(name->d.iPAddress);
      if (found || address.size() != 16) return false;
      out.det = Det::from(address);
      found = true;
    } else if (name->type == GEN_URI) {
      const Bytes uri = octets_of(name->d.uniformResourceIdentifier);
      if (uri.size() > 255 || !printable(uri)) return false;
      if (out.uri.empty()) out.uri = as_text(uri);
    }
  }
  return found;
}

bool read_constraints(const X509* x509, Certificate& out) {
  int critical = 0;
  const BasicPtr basic(static_cast<BASIC_CONSTRAINTS*>(X509_get_ext_d2i(x509, NID_basic_constraints, &critical, nullptr)));
  if (basic == nullptr) return critical == -1;  // absent is an end entity; twice or unreadable is refused
  out.authority = basic->ca != 0;
  return true;
}

// RFC 5280 section 4.2: what is critical and not understood refuses the certificate.
bool extensions_known(const X509* x509) {
  for (int i = 0; i < X509_get_ext_count(x509); ++i) {
    X509_EXTENSION* extension = X509_get_ext(x509, i);
    if (X509_EXTENSION_get_critical(extension) == 0) continue;
    const int kind = OBJ_obj2nid(X509_EXTENSION_get_object(extension));
    if (kind != NID_subject_alt_name && kind != NID_basic_constraints && kind != NID_key_usage) return false;
  }
  return true;
}

}  // namespace

Result<Certificate> read_certificate(Bytes der) {
  const ErrorQueue queue;
  if (der.size() > kCertificateMax) return Error::bad_certificate;
  Certificate out;
  if (!cut(der, out)) return Error::bad_certificate;

  const unsigned char* at = der.data();
  const X509Ptr x509(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  if (x509 == nullptr || at != der.data() + der.size()) return Error::bad_certificate;
  if (X509_get_version(x509.get()) != X509_VERSION_3) return Error::bad_certificate;
  const X509_ALGOR* algorithm = X509_get0_tbs_sigalg(x509.get());
  const ASN1_OBJECT* algorithm_id = nullptr;
  int parameter_type = V_ASN1_UNDEF;
  X509_ALGOR_get0(&algorithm_id, &parameter_type, nullptr, algorithm);
  if (OBJ_obj2nid(algorithm_id) != NID_ED25519 || parameter_type != V_ASN1_UNDEF) return Error::bad_certificate;
  if (!read_names(x509.get(), out) || !read_key(x509.get(), out)) return Error::bad_certificate;
  if (!read_time(X509_get0_notBefore(x509.get()), out.not_before)) return Error::bad_certificate;
  if (!read_time(X509_get0_notAfter(x509.get()), out.not_after)) return Error::bad_certificate;
  if (out.not_before > out.not_after) return Error::bad_certificate;
  if (!extensions_known(x509.get())) return Error::bad_certificate;
  if (!read_alternative_names(x509.get(), out) || !read_constraints(x509.get(), out)) return Error::bad_certificate;
  return out;
}

// notAfter names the last valid second (RFC 5280 section 4.1.2.5).
Error window_fault(const Certificate& certificate, Instant now) {
  if (now < certificate.not_before) return Error::certificate_not_yet_valid;
  return now >= certificate.not_after + seconds(1) ? Error::certificate_expired : Error::none;
}

bool signed_by(const Certificate& certificate, const PublicKey& issuer_key) {
  return verify_one(issuer_key, certificate.tbs, certificate.signature);
}

}  // namespace nrid::det
