#include "det/hhit.h"

#include <charconv>

#include "det/certificate.h"
#include "wire/cbor.h"

namespace nrid::det {
namespace {

struct EntityName {
  std::string_view name;
  uint64_t type;
};
// RFC 9886 section 6.2.1; raa_auth and hda_* from the DKI examples. The first name of a number is the one shown.
constexpr EntityName kEntityNames[] = {
    {"undefined", 0},          {"dime", entity::dime},         {"apex", entity::apex},
    {"raa", entity::raa},      {"raa_auth", entity::raa_auth}, {"hda", entity::hda},
    {"hda_auth", entity::hda_auth}, {"hda_issue", entity::hda_issue}, {"ua", entity::ua},
    {"gcs", entity::gcs},      {"gw", entity::gcs},            {"uas", entity::uas},
    {"rid", entity::rid},      {"pilot", entity::pilot},       {"operator", entity::operator_},
    {"dss", entity::dss},      {"uss", entity::uss},           {"sp", entity::sp},
    {"dp", entity::dp},        {"sdsp", entity::sdsp},         {"csrid", 27},
};

}  // namespace

bool entity_from_text(std::string_view text, uint64_t& type) {
  for (const EntityName& row : kEntityNames) {
    if (row.name != text) continue;
    type = row.type;
    return true;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), type);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::string entity_name(uint64_t type) {
  for (const EntityName& row : kEntityNames) {
    if (row.type == type) return std::string(row.name);
  }
  return std::to_string(type);
}

bool is_authority(uint64_t type) {
  return type == entity::dime || type == entity::apex || type == entity::raa || type == entity::raa_auth ||
         type == entity::hda || type == entity::hda_auth || type == entity::hda_issue;
}

std::string default_abbreviation(const Det& det) {
  const uint8_t octets[] = {static_cast<uint8_t>(det.raa() >> 8), static_cast<uint8_t>(det.raa()),
                            static_cast<uint8_t>(det.hda() >> 8), static_cast<uint8_t>(det.hda())};
  const std::string digits = to_hex(Bytes(octets));
  return digits.substr(0, 4) + ' ' + digits.substr(4);
}

// [ entity-type: uint, hid-abbreviation: tstr, canonical-registration-cert: bstr ]
Result<Hhit> decode_hhit(Bytes rdata) {
  cbor::Reader in(rdata);
  const size_t items = in.array();
  in.expect(items == 3);
  Hhit out;
  out.entity_type = in.u64();
  out.abbreviation = in.text();
  const Bytes certificate = in.bytes();
  in.finish();
  if (!in.ok()) return Error::malformed;
  if (out.abbreviation.size() > kAbbreviationMax || certificate.size() > kCertificateMax) return Error::malformed;
  out.certificate.assign(certificate.begin(), certificate.end());
  return out;
}

Result<Buffer> encode_hhit(const Hhit& hhit) {
  if (hhit.abbreviation.size() > kAbbreviationMax || hhit.certificate.size() > kCertificateMax) return Error::value_range;
  Buffer out(hhit.certificate.size() + 64);
  cbor::Writer writer(out);
  writer.array(3);
  writer.u64(hhit.entity_type);
  writer.text(hhit.abbreviation);
  writer.bytes(hhit.certificate);
  CHECK(writer.ok());
  out.resize(writer.size());
  return out;
}

}  // namespace nrid::det
