// Every item has one spelling: what the reader accepts, the writer writes again octet for octet. skip() agrees with it.
#include <vector>

#include "base/check.h"
#include "wire/cbor.h"

namespace {

using namespace nrid;

void copy_item(cbor::Reader& in, cbor::Writer& out) {
  using cbor::Kind;
  switch (in.peek()) {
    case Kind::unsigned_int: return out.u64(in.u64());
    case Kind::bytes: return out.bytes(in.bytes());
    case Kind::text: return out.text(in.text());
    case Kind::tag: out.tag(in.tag()); return copy_item(in, out);
    case Kind::array: {
      const size_t count = in.array();
      out.array(count);
      for (size_t i = 0; i < count && in.ok(); ++i) copy_item(in, out);
      return;
    }
    case Kind::map: {
      const size_t pairs = in.map();
      out.map(pairs);
      for (size_t i = 0; i < 2 * pairs && in.ok(); ++i) copy_item(in, out);
      return;
    }
    case Kind::negative_int: {
      cbor::Reader number = in;
      const int64_t value = number.i64();
      if (!number.ok()) return out.raw(in.item());  // below -2^63
      in = number;
      return out.i64(value);
    }
    case Kind::simple: {
      cbor::Reader truth = in, nothing = in;
      const bool value = truth.boolean();
      nothing.null();
      if (!truth.ok() && !nothing.ok()) return out.raw(in.item());
      if (truth.ok()) out.boolean(value);
      else out.null();
      in = truth.ok() ? truth : nothing;
      return;
    }
    default: return out.raw(in.item());  // floats
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes input(data, size);
  cbor::Reader skipping(input);
  skipping.skip();
  skipping.finish();

  std::vector<uint8_t> space(size);
  cbor::Writer out(space);
  cbor::Reader in(input);
  copy_item(in, out);
  in.finish();
  CHECK(in.ok() == skipping.ok());
  CHECK(!in.ok() || (out.ok() && equal(out.written(), input)));
  return 0;
}
