// Law: whatever the octets are, the answer is settings of which every row can be read, or one sentence that starts with
// the file.
#include "base/settings.h"

using namespace nrid;

static constexpr SettingInfo kKnown[] = {
    {"server", "port", SettingKind::integer, "", 1, 65535, "5683", "UDP port."},
    {"server", "det", SettingKind::text, "", 0, 0, "", "DET of this provider."},
    {"server.limits", "skew", SettingKind::duration_s, "s", 0, 30, "5", "Clock difference."},
    {"policy", "allow_c2_origin", SettingKind::boolean, "", 0, 0, "false", "Packs without a Wrapper."},
    {"policy", "accept_hids", SettingKind::text_list, "", 0, 0, "[]", "RAA/HDA pairs."},
};

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto settings = Settings::parse({reinterpret_cast<const char*>(data), size}, "f.toml", kKnown);
  if (!settings.ok()) {
    CHECK(settings.text().rfind("f.toml:", 0) == 0);
    return 0;
  }
  const int64_t port = settings->section("server").integer("port");
  const double skew = settings->section("server.limits").number("skew");
  CHECK(port >= 1 && port <= 65535 && skew >= 0 && skew <= 30);
  static_cast<void>(settings->section("server").text("det"));
  static_cast<void>(settings->section("policy").boolean("allow_c2_origin"));
  static_cast<void>(settings->section("policy").list("accept_hids"));
  return 0;
}
