// The settings files of nridd and of nrid-gateway with their real tables, and a key file. Law: whatever the octets are, the answer is
// settings within their ranges, or one sentence that starts with the file.
#include "apps/gateway/settings.h"
#include "base/check.h"
#include "det/det.h"
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

template <class Read>
static bool begins_with_file(const Read& read) { return read.text().rfind("f.toml", 0) == 0; }

// Settings that keep to the table, or nothing.
static std::optional<Settings> by_table(std::string_view text, std::span<const SettingInfo> rows) {
  auto settings = Settings::parse(text, "f.toml", rows);
  if (!settings.ok()) return CHECK(begins_with_file(settings)), std::nullopt;
  for (const SettingInfo& row : rows) in_range(*settings, row);
  return std::move(*settings);
}

static void judge_server(const Settings& settings) {
  const auto read = read_server_settings(settings);
  if (!read.ok()) return CHECK(begins_with_file(read));
  const Timers& timers = read->setup.timers;
  CHECK(read->setup.det.has_prefix() && read->plain.port != read->schc.port && !read->dns.anchors.empty());
  CHECK(timers.heartbeat < timers.heartbeat_timeout && timers.heartbeat * timers.silent_heartbeats >= timers.heartbeat_timeout);
}

static void judge_gateway(const Settings& settings) {
  using namespace nrid::gateway;
  for (const auto choice : {TransportChoice::as_set, TransportChoice::plain, TransportChoice::schc}) {
    const auto read = read_gateway_settings(settings, choice);
    if (!read.ok()) return CHECK(begins_with_file(read));
    CHECK(read->gateway.has_prefix() && read->sp.has_prefix() && read->aircraft.det.has_prefix() && check_identity(read->aircraft).ok());
    CHECK((read->aircraft.det == read->gateway) == (read->origin == nrid::gateway::Origin::aircraft));
    CHECK(read->timers.resend_after <= read->timers.heartbeat_timeout && read->uplinks.size() <= Uplinks::kMax && !read->dns.anchors.empty());
    CHECK(!to_word(read->origin).empty() && !to_word(read->on_start_failure).empty());
  }
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = as_text({data, size});
  if (const auto settings = by_table(text, server_setting_rows())) judge_server(*settings);
  if (const auto settings = by_table(text, nrid::gateway::gateway_setting_rows())) judge_gateway(*settings);
  static const Det own = det::derive(16376, 10, SeedSigner(Seed{}).public_key());  // of 64 zeros
  const auto key = read_key(text.substr(0, 4096), "f.toml", own);
  CHECK(key.ok() || begins_with_file(key));
  return 0;
}
