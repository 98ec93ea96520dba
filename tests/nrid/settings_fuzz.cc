// The settings file of nridd, with its real table. Law: whatever the octets are, the answer is settings within their ranges, or one
// sentence that starts with the file.
#include "base/check.h"
#include "nrid/server_settings.h"

using namespace nrid;

static void in_range(const SettingsSection& section, const SettingInfo& row) {
  switch (row.kind) {
    case SettingKind::integer: CHECK(section.integer(row.name) >= row.min && section.integer(row.name) <= row.max); break;
    case SettingKind::number: CHECK(section.number(row.name) >= row.min && section.number(row.name) <= row.max); break;
    case SettingKind::duration_s: CHECK(section.duration(row.name).us >= row.min * 1e6 && section.duration(row.name).us <= row.max * 1e6); break;
    case SettingKind::boolean: static_cast<void>(section.boolean(row.name)); break;
    case SettingKind::text: static_cast<void>(section.path(row.name)); break;
    case SettingKind::text_list: static_cast<void>(section.list(row.name)); break;
  }
}

// A section that the file names itself ("hda.*") holds what was given and nothing else.
static void in_range(const Settings& settings, const SettingInfo& row) {
  if (!row.section.ends_with(".*")) return in_range(settings.section(row.section), row);
  const std::string_view prefix = row.section.substr(0, row.section.size() - 2);
  for (const std::string& name : settings.names_under(prefix)) {
    const SettingsSection section = settings.section(std::string(prefix) + "." + name);
    if (section.has(row.name)) in_range(section, row);
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto settings = Settings::parse(as_text({data, size}), "f.toml", server_setting_rows());
  if (!settings.ok()) return CHECK(settings.text().rfind("f.toml", 0) == 0), 0;
  for (const SettingInfo& row : server_setting_rows()) in_range(*settings, row);
  const auto read = read_server_settings(*settings);
  if (!read.ok()) return CHECK(read.text().rfind("f.toml", 0) == 0), 0;
  const Timers& timers = read->setup.timers;
  CHECK(read->setup.det.has_prefix() && read->plain.port != read->schc.port && !read->dns.anchors.empty());
  CHECK(timers.heartbeat < timers.heartbeat_timeout && timers.heartbeat * timers.silent_heartbeats >= timers.heartbeat_timeout);
  return 0;
}
