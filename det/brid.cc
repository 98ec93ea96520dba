#include "det/brid.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "wire/cbor.h"

namespace nrid::det {
namespace {

constexpr uint64_t kUasType = 0, kUasIds = 1, kAuth = 2, kSelfId = 3, kArea = 4, kClassification = 5, kOperatorId = 6;
constexpr uint8_t kSamLink = 0x01;
constexpr size_t kEndorsementOctets = 136;
constexpr uint64_t kNibbleMax = 15, kOctetMax = 255;

uint64_t number(cbor::Reader& in, uint64_t max) {
  const uint64_t value = in.u64();
  in.expect(value <= max);
  return value;
}

float real(cbor::Reader& in) {
  const double value = in.floating();
  in.expect(std::isfinite(value) && std::abs(value) <= std::numeric_limits<float>::max());
  return in.ok() ? static_cast<float>(value) : 0;
}

std::array<uint8_t, 20> padded(cbor::Reader& in) {
  std::array<uint8_t, 20> out{};
  const Bytes value = in.bytes();
  in.expect(value.size() <= out.size());
  if (in.ok()) std::copy(value.begin(), value.end(), out.begin());
  return out;
}

// [+ [a, b]] or the flat [a, b, a, b ...] of the RFC's example: told apart by the first element.
template <class ReadPair>
void pairs(cbor::Reader& in, ReadPair read_pair) {
  const size_t items = in.array();
  in.expect(items >= 1);
  if (!in.ok()) return;
  const bool nested = in.peek() == cbor::Kind::array;
  in.expect(nested || items % 2 == 0);
  const size_t count = nested ? items : items / 2;
  in.expect(count <= kBridListMax);
  for (size_t i = 0; i < count && in.ok(); ++i) {
    if (nested) in.expect(in.array() == 2);
    read_pair();
  }
}

void read_auth(cbor::Reader& in, Brid& out) {
  pairs(in, [&] {
    Brid::Auth auth;
    auth.type = number(in, kNibbleMax);
    const Bytes data = in.bytes();
    in.expect(!data.empty() && data.size() <= kAuthDataMax);
    auth.data.assign(data.begin(), data.end());
    out.auth.push_back(std::move(auth));
  });
}

void read_uas_ids(cbor::Reader& in, Brid& out) {
  pairs(in, [&] {
    Brid::UasId id;
    id.type = number(in, kNibbleMax);
    id.id = padded(in);
    out.uas_ids.push_back(id);
  });
}

void read_self_id(cbor::Reader& in, Brid& out) {
  in.expect(in.array() == 2);
  Brid::SelfId self;
  self.type = number(in, kOctetMax);
  self.text = in.text();
  in.expect(self.text.size() <= 23);
  out.self_id = std::move(self);
}

void read_area(cbor::Reader& in, Brid& out) {
  in.expect(in.array() == 4);
  Brid::Area area;
  area.count = number(in, UINT32_MAX);
  area.radius_dam = real(in);
  area.floor_m = real(in);
  area.ceiling_m = real(in);
  out.area = area;
}

void read_classification(cbor::Reader& in, Brid& out) {
  in.expect(in.array() == 3);
  Brid::Classification classification;
  classification.type = number(in, kNibbleMax);
  classification.category_class = number(in, kNibbleMax);
  classification.category = number(in, kNibbleMax);
  out.classification = classification;
}

void read_operator_id(cbor::Reader& in, Brid& out) {
  in.expect(in.array() == 2);
  Brid::OperatorId id;
  id.type = number(in, kOctetMax);
  id.id = padded(in);
  out.operator_id = id;
}

size_t fields(const Brid& brid) {
  return size_t{brid.uas_type.has_value()} + !brid.uas_ids.empty() + !brid.auth.empty() + brid.self_id.has_value() +
         brid.area.has_value() + brid.classification.has_value() + brid.operator_id.has_value();
}

bool writable(const Brid& brid) {
  const auto auth_ok = [](const Brid::Auth& auth) {
    return auth.type <= kNibbleMax && !auth.data.empty() && auth.data.size() <= kAuthDataMax;
  };
  const auto id_ok = [](const Brid::UasId& id) { return id.type <= kNibbleMax; };
  const bool lists = brid.uas_ids.size() <= kBridListMax && brid.auth.size() <= kBridListMax &&
                     std::all_of(brid.auth.begin(), brid.auth.end(), auth_ok) &&
                     std::all_of(brid.uas_ids.begin(), brid.uas_ids.end(), id_ok);
  const auto& kind = brid.classification;
  return lists && brid.uas_type.value_or(0) <= kNibbleMax && (!brid.self_id || brid.self_id->text.size() <= 23) &&
         (!kind || (kind->type <= kNibbleMax && kind->category_class <= kNibbleMax && kind->category <= kNibbleMax));
}

void write_lists(cbor::Writer& writer, const Brid& brid) {
  if (!brid.uas_ids.empty()) {
    writer.u64(kUasIds);
    writer.array(brid.uas_ids.size());
    for (const Brid::UasId& id : brid.uas_ids) {
      writer.array(2);
      writer.u64(id.type);
      writer.bytes(id.id);
    }
  }
  if (!brid.auth.empty()) {
    writer.u64(kAuth);
    writer.array(brid.auth.size());
    for (const Brid::Auth& auth : brid.auth) {
      writer.array(2);
      writer.u64(auth.type);
      writer.bytes(auth.data);
    }
  }
}

void write_optional(cbor::Writer& writer, const Brid& brid) {
  if (brid.self_id) {
    writer.u64(kSelfId);
    writer.array(2);
    writer.u64(brid.self_id->type);
    writer.text(brid.self_id->text);
  }
  if (brid.area) {
    writer.u64(kArea);
    writer.array(4);
    writer.u64(brid.area->count);
    for (const float value : {brid.area->radius_dam, brid.area->floor_m, brid.area->ceiling_m}) writer.f32(value);
  }
  if (brid.classification) {
    writer.u64(kClassification);
    writer.array(3);
    writer.u64(brid.classification->type);
    writer.u64(brid.classification->category_class);
    writer.u64(brid.classification->category);
  }
  if (brid.operator_id) {
    writer.u64(kOperatorId);
    writer.array(2);
    writer.u64(brid.operator_id->type);
    writer.bytes(brid.operator_id->id);
  }
}

}  // namespace

Result<Brid> decode_brid(Bytes rdata) {
  cbor::Reader in(rdata);
  const size_t count = in.map();
  in.expect(count <= kBridListMax);
  Brid out;
  uint64_t seen = 0;
  for (size_t i = 0; i < count && in.ok(); ++i) {
    const uint64_t key = number(in, 63);
    in.expect(in.ok() && (seen >> key & 1) == 0);  // RFC 8949 section 5.6: a key given twice
    seen |= uint64_t{1} << (key & 63);
    switch (key) {
      case kUasType: out.uas_type = number(in, kNibbleMax); break;
      case kUasIds: read_uas_ids(in, out); break;
      case kAuth: read_auth(in, out); break;
      case kSelfId: read_self_id(in, out); break;
      case kArea: read_area(in, out); break;
      case kClassification: read_classification(in, out); break;
      case kOperatorId: read_operator_id(in, out); break;
      default: in.skip();
    }
  }
  in.finish();
  if (!in.ok()) return Error::malformed;
  return out;
}

Result<Buffer> encode_brid(const Brid& brid) {
  if (!writable(brid)) return Error::value_range;
  size_t size = 256 + brid.uas_ids.size() * 24;
  for (const Brid::Auth& auth : brid.auth) size += auth.data.size() + 8;
  Buffer out(size);
  cbor::Writer writer(out);
  writer.map(fields(brid));
  if (brid.uas_type) {
    writer.u64(kUasType);
    writer.u64(*brid.uas_type);
  }
  write_lists(writer, brid);
  write_optional(writer, brid);
  CHECK(writer.ok());
  out.resize(writer.size());
  return out;
}

std::vector<Bytes> Brid::endorsements() const {
  std::vector<Bytes> out;
  for (const Auth& entry : auth) {
    if (entry.type != kAuthTypeSpecific || entry.data.size() != 1 + kEndorsementOctets || entry.data[0] != kSamLink) continue;
    out.push_back(Bytes(entry.data).subspan(1));
  }
  return out;
}

void Brid::add_endorsement(Bytes endorsement136) {
  CHECK(endorsement136.size() == kEndorsementOctets);
  Buffer data{kSamLink};
  data.insert(data.end(), endorsement136.begin(), endorsement136.end());
  auth.push_back({kAuthTypeSpecific, std::move(data)});
}

void Brid::add_det(const Det& det) {
  UasId id{.type = 4, .id = {1}};
  std::copy(det.octets.begin(), det.octets.end(), id.id.begin() + 1);
  uas_ids.push_back(id);
}

}  // namespace nrid::det
