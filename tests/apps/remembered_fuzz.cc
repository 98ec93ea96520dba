// Any text as what nrid-gateway remembers of a DET. Law: what is taken is about that DET, its key hashes to it, its endorsement is of that
// key, and written down again it reads the same; what is not is one line that begins with the file.
#include "apps/gateway/remembered.h"
#include "base/check.h"
#include "det/det.h"
#include "det/endorsement.h"
#include "wire/json.h"

using namespace nrid;
using namespace nrid::gateway;

// The DET that the text says it is about, so that what stands behind that question is reached.
static Det asked_for(std::string_view text) {
  const auto json = read_json(text, "f.json", {8192, 64, 3});
  const JsonValue* const det = json.ok() && json->kind == JsonValue::Kind::object ? json->member("det") : nullptr;
  return (det != nullptr ? det_from_text(det->text) : std::nullopt).value_or(Det{});
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text({data, size});
  const Det det = asked_for(text);
  const auto read = read_remembered(text, "f.json", det);
  if (!read.ok()) {
    CHECK(read.text().rfind("f.json:", 0) == 0 && read.text().find('\n') == std::string::npos);
    return 0;
  }
  CHECK(read->found.det == det && det::check(det, read->found.key).ok());
  CHECK(read->found.endorsement.empty() || det::decode_endorsement(read->found.endorsement)->child_key == read->found.key);
  const std::string written = write_remembered(*read);
  const auto again = read_remembered(written, "f.json", det);
  CHECK(again.ok() && write_remembered(*again) == written);
  return 0;
}
