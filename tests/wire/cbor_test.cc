#include "wire/cbor.h"

#include <cbor.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

namespace nrid::cbor {
namespace {

using nlohmann::json;

json load(const std::string& name) {
  std::ifstream file(NRID_VECTORS "/cbor/" + name);
  return json::parse(file);
}

// The whole input as JSON where JSON has the value, else as diagnostic text; discarded when refused.
json value_of(Reader& in) {
  const Kind kind = in.peek();
  if (kind == Kind::unsigned_int) return in.u64();
  if (kind == Kind::negative_int) return in.i64();
  if (kind == Kind::bytes) return "h'" + to_hex(in.bytes()) + "'";
  if (kind == Kind::text) return std::string(in.text());
  if (kind == Kind::floating) return in.floating();
  if (kind == Kind::tag) {
    const uint64_t number = in.tag();
    return std::to_string(number) + "(" + value_of(in).dump() + ")";
  }
  if (kind == Kind::simple) {
    const uint8_t simple = in.simple();
    if (simple == 20 || simple == 21) return simple == 21;
    if (simple == 22) return nullptr;
    return simple == 23 ? "undefined" : "simple(" + std::to_string(simple) + ")";
  }
  json out = kind == Kind::array ? json::array() : json::object();
  if (kind == Kind::array) {
    for (size_t n = in.array(); n > 0 && in.ok(); --n) out.push_back(value_of(in));
  } else if (kind == Kind::map) {
    for (size_t n = in.map(); n > 0 && in.ok(); --n) {
      const json key = value_of(in);
      out[key.is_string() ? key.get<std::string>() : key.dump()] = value_of(in);
    }
  }
  return out;
}

bool indefinite(const std::string& hex) {
  for (const char* head : {"5f", "7f", "9f", "bf"}) {
    if (hex.rfind(head, 0) == 0) return true;
  }
  return hex.find("9f04") != hex.npos || hex.find("9f02") != hex.npos || hex.find("61bf") != hex.npos;
}

bool well_formed(Bytes octets) {
  Reader in(octets);
  in.skip();
  in.finish();
  return in.ok();
}

TEST(Cbor, AppendixADecodes) {
  int seen = 0;
  for (const auto& vector : load("rfc8949_appendix_a.json")) {
    const auto hex = vector["hex"].get<std::string>();
    SCOPED_TRACE(hex);
    const Buffer octets = *from_hex(hex);
    if (indefinite(hex) || hex == "f818") {  // R-046; simple(24) was allowed before RFC 8949 3.3
      EXPECT_FALSE(well_formed(octets));
      continue;
    }
    EXPECT_TRUE(well_formed(octets));
    Reader in(octets);
    if (hex == "3bffffffffffffffff") {  // -2^64: well-formed, beyond int64
      in.i64();
      EXPECT_FALSE(in.ok());
      continue;
    }
    const json value = value_of(in);
    in.finish();
    EXPECT_TRUE(in.ok());
    if (!vector.contains("decoded")) {
      EXPECT_FALSE(value.is_null());
    } else if (octets[0] < 0xc0) {
      EXPECT_EQ(value, vector["decoded"]);
    } else if (value.is_number()) {
      EXPECT_DOUBLE_EQ(value.get<double>(), vector["decoded"].get<double>());
    }
    ++seen;
  }
  EXPECT_EQ(seen, 69);
}

TEST(Cbor, TagsOfOneOctet) {
  for (uint8_t number = 0; number < 24; ++number) {
    const std::array<uint8_t, 2> octets = {static_cast<uint8_t>(0xc0 | number), 0x00};
    Reader in(octets);
    EXPECT_EQ(in.peek(), Kind::tag);
    EXPECT_EQ(in.tag(), number);
    EXPECT_EQ(in.u64(), 0u);
    in.finish();
    EXPECT_TRUE(in.ok());
  }
}

TEST(Cbor, NotWellFormedIsRefused) {
  int seen = 0;
  const json file = load("not_well_formed.json");
  for (const auto& item : file["items"]) {
    const Buffer octets = *from_hex(item["hex"].get<std::string>());
    EXPECT_FALSE(well_formed(octets)) << item["hex"] << " " << item["why"];
    ++seen;
  }
  EXPECT_EQ(seen, 122);
}

TEST(Cbor, EveryCutIsRefused) {
  for (const auto& vector : load("rfc8949_appendix_a.json")) {
    const Buffer octets = *from_hex(vector["hex"].get<std::string>());
    for (size_t size = 0; size < octets.size(); ++size) {
      const Buffer cut(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(well_formed(cut)) << vector["hex"] << " cut to " << size;
    }
  }
}

TEST(Cbor, OneSpellingOfEachHead) {
  for (const char* hex : {"1800", "1817", "190000", "1900ff", "1a0000ffff", "1b00000000ffffffff", "3800", "3900ff",
                          "580161", "7801" "61", "980100", "b8010000", "d81200", "d90012" "00", "5a0000000161"}) {
    EXPECT_FALSE(well_formed(*from_hex(hex))) << hex;
  }
  EXPECT_TRUE(well_formed(*from_hex("fb3ff8000000000000"))) << "floats keep their width";
}

// What libcbor's streaming decoder says of the first head: kind and value; of strings their length. Kind::bad: nothing, or an indefinite length.
struct Theirs {
  Kind kind = Kind::bad;
  uint64_t value = 0;
};
template <Kind kind>
void said(void* theirs, auto value) {
  *static_cast<Theirs*>(theirs) = {kind, static_cast<uint64_t>(value)};
}
Theirs libcbor_of(Bytes in) {
  cbor_callbacks on = cbor_empty_callbacks;
  on.uint8 = said<Kind::unsigned_int>, on.uint16 = said<Kind::unsigned_int>, on.uint32 = said<Kind::unsigned_int>, on.uint64 = said<Kind::unsigned_int>;
  on.negint8 = said<Kind::negative_int>, on.negint16 = said<Kind::negative_int>, on.negint32 = said<Kind::negative_int>, on.negint64 = said<Kind::negative_int>;
  on.byte_string = [](void* theirs, cbor_data, auto size) { *static_cast<Theirs*>(theirs) = {Kind::bytes, size}; };
  on.string = [](void* theirs, cbor_data, auto size) { *static_cast<Theirs*>(theirs) = {Kind::text, size}; };
  on.array_start = said<Kind::array>, on.map_start = said<Kind::map>, on.tag = said<Kind::tag>;
  Theirs out;
  return cbor_stream_decode(in.data(), in.size(), &on, &out).status == CBOR_DECODER_FINISHED ? out : Theirs{};
}

// Every initial octet with arguments at each border and content that is there, ends early or is missing: what both readers know, they
// read alike, and what we refuse beyond libcbor is what R-046 refuses.
TEST(Cbor, HeadsAreReadAsLibcborReadsThem) {
  const uint64_t arguments[] = {0, 1, 23, 24, 0xff, 0x100, 0xffff, 0x10000, 0xffffffff, 0x100000000, UINT64_MAX};
  size_t read = 0, refused = 0;
  for (unsigned initial = 0; initial < 0xe0; ++initial) {
    for (const uint64_t argument : arguments) {
      for (const size_t content : {0, 1, 23, 24, 300}) {
        Buffer in = {static_cast<uint8_t>(initial)};
        const unsigned low = initial & 31;
        const size_t width = low < 24 || low > 27 ? 0 : size_t{1} << (low - 24);
        for (size_t i = width; i-- > 0;) in.push_back(static_cast<uint8_t>(argument >> (8 * i)));
        in.resize(in.size() + content, 'a');
        Reader reader(in);
        const Kind kind = reader.peek();
        const Theirs theirs = libcbor_of(in);
        if (kind == Kind::bad) {
          const uint64_t value = theirs.value;
          const bool wide = width > 0 && (width == 1 ? value < 24 : value >> (4 * width) == 0);
          const bool promises = (theirs.kind == Kind::array && value > content) || (theirs.kind == Kind::map && value > content / 2);
          const bool neither = theirs.kind == Kind::bad;
          EXPECT_TRUE(wide || promises || neither) << to_hex(Bytes(in).first(std::min<size_t>(in.size(), 12)));
          ++refused;
          continue;
        }
        if (kind == Kind::tag && width == 0) continue;  // libcbor 0.8 knows few of these; TagsOfOneOctet
        ASSERT_EQ(kind, theirs.kind) << initial;
        if (kind == Kind::bytes) {
          EXPECT_EQ(reader.bytes().size(), theirs.value);
        }
        if (kind == Kind::text) {
          EXPECT_EQ(reader.text().size(), theirs.value);
        }
        if (kind == Kind::tag) {
          EXPECT_EQ(reader.tag(), theirs.value);
        }
        if (kind == Kind::array) {
          EXPECT_EQ(reader.array(), theirs.value);
        }
        if (kind == Kind::unsigned_int) {
          EXPECT_EQ(reader.u64(), theirs.value);
        }
        if (kind == Kind::negative_int && theirs.value <= INT64_MAX) {
          EXPECT_EQ(reader.i64(), -1 - static_cast<int64_t>(theirs.value));
        }
        ++read;
      }
    }
  }
  EXPECT_GT(read, 5000u);
  EXPECT_GT(refused, 500u);
}

TEST(Cbor, DepthEight) {
  EXPECT_TRUE(well_formed(*from_hex("818181818181818100")));
  EXPECT_FALSE(well_formed(*from_hex("81818181818181818100")));
  EXPECT_FALSE(well_formed(*from_hex("c1c1c1c1c1c1c1c1c100")));
}

TEST(Cbor, CountsBeyondTheInput) {
  for (const char* hex : {"9a10000000", "9b7fffffffffffffff00", "bb7fffffffffffffff0000", "a20000" "00", "5bffffffffffffffff00"}) {
    EXPECT_FALSE(well_formed(*from_hex(hex))) << hex;
  }
}

TEST(Cbor, TextIsUtf8) {
  for (const char* hex : {"61ff", "62c080", "61c3", "63eda080", "64f4908080", "64f08080af", "6180", "62c328"}) {
    EXPECT_FALSE(well_formed(*from_hex(hex))) << hex;
  }
  for (const char* hex : {"62c3bc", "63e6b0b4", "64f0908591", "64f48fbfbf", "63ed9fbf", "63ee8080"}) {
    EXPECT_TRUE(well_formed(*from_hex(hex))) << hex;
  }
}

TEST(Cbor, KeysAreUniqueInEveryMap) {
  for (const char* hex : {"a201000100", "a2616100616101", "8201a201000100", "a101a2200020f6", "a2a10102" "00a1010200"}) {
    EXPECT_FALSE(well_formed(*from_hex(hex))) << hex;
  }
  EXPECT_TRUE(well_formed(*from_hex("a301002000616101"))) << "1, -1 and \"a\" are three keys";
  const Buffer octets = *from_hex("a201000100");
  Reader in(octets);
  EXPECT_EQ(in.map(), 0u);
  EXPECT_FALSE(in.ok());
}

TEST(Cbor, PairsOfOneMapAreLimited) {
  std::string hex = "b820";
  for (size_t i = 0; i < kMapPairsMax; ++i) hex += to_hex(std::array<uint8_t, 3>{0x41, static_cast<uint8_t>(i), 0});
  EXPECT_TRUE(well_formed(*from_hex(hex)));
  EXPECT_FALSE(well_formed(*from_hex("b821" + hex.substr(4) + "41ff00")));
}

TEST(Cbor, ReaderRemembersItsFirstFailure) {
  const Buffer octets = *from_hex("8201" "6161");
  Reader in(octets);
  EXPECT_EQ(in.array(), 2u);
  EXPECT_EQ(in.bytes().size(), 0u);  // an integer is there
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u64(), 0u);
  EXPECT_EQ(in.peek(), Kind::bad);
}

TEST(Cbor, FinishWantsEveryItem) {
  const Buffer octets = *from_hex("820102");
  Reader in(octets);
  in.array();
  in.u64();
  in.finish();
  EXPECT_FALSE(in.ok());
  EXPECT_FALSE(well_formed(*from_hex("0000"))) << "trailing octets";
}

TEST(Cbor, SkipStopsAfterOneItem) {
  const Buffer octets = *from_hex("8381820102c0a101" "80" "05");
  Reader in(octets);
  EXPECT_EQ(in.array(), 3u);
  EXPECT_EQ(to_hex(in.item()), "81820102");
  EXPECT_EQ(to_hex(in.item()), "c0a10180");
  EXPECT_EQ(in.u64(), 5u);
  in.finish();
  EXPECT_TRUE(in.ok());
}

TEST(Cbor, WriterIsDeterministic) {
  std::array<uint8_t, 64> space;
  Writer out(space);
  out.map(2);
  out.i64(2);
  out.text("NRID-UAS");
  out.i64(-65537);
  out.array(3);
  out.tag(54);
  out.bytes(std::array<uint8_t, 2>{0xab, 0xcd});
  out.boolean(true);
  out.null();
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(to_hex(out.written()), "a202684e5249442d5541533a0001000083d83642abcdf5f6");
  for (size_t size = 0; size < out.size(); ++size) {
    Writer small{std::span<uint8_t>(space).first(size)};
    small.raw(*from_hex("a202684e5249442d5541533a0001000083d83642abcdf5f6"));
    EXPECT_FALSE(small.ok());
  }
}

TEST(Cbor, IntegersRoundTrip) {
  for (const int64_t value : {int64_t{0}, int64_t{23}, int64_t{24}, int64_t{255}, int64_t{256}, int64_t{65535}, int64_t{65536},
                              int64_t{4294967295}, int64_t{4294967296}, std::numeric_limits<int64_t>::max()}) {
    for (const int64_t signed_value : {value, -1 - value}) {
      std::array<uint8_t, 9> space;
      Writer out(space);
      out.i64(signed_value);
      Reader in(out.written());
      EXPECT_EQ(in.i64(), signed_value);
      in.finish();
      EXPECT_TRUE(in.ok());
    }
  }
}

}  // namespace
}  // namespace nrid::cbor
