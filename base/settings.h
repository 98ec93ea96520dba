// The settings file: TOML, one table of known settings (name, unit, range, default, sentence) that parses, checks,
// prints `--settings` and is the reference page. A bad value names file, line, value and range; an unknown name is an
// error too, with the line.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace nrid {

enum class SettingKind : uint8_t { integer, boolean, text, text_list, duration_s, number };

struct SettingInfo {
  std::string_view section;       // "server"; "hda.*": one for each name that the file chooses, none of its values required
  std::string_view name;          // "port"
  SettingKind kind = SettingKind::text;
  std::string_view unit;          // "", "s", "octets"
  double min = 0;                 // for integer, number, duration_s
  double max = 0;
  std::string_view fallback;      // default as written in TOML; "" means required
  std::string_view text;          // one sentence
  bool live = false;              // a reload takes it; else the program must start anew
};

// One table of the file, already checked against its rows. Getters CHECK that the name is a known row of that kind.
class SettingsSection {
 public:
  int64_t integer(std::string_view name) const;
  double number(std::string_view name) const;          // number and duration_s, in its unit
  bool boolean(std::string_view name) const;
  Duration duration(std::string_view name) const;      // duration_s
  std::string text(std::string_view name) const;
  std::string path(std::string_view name) const;       // a text; relative to the settings file's folder, "" stays ""
  std::vector<std::string> list(std::string_view name) const;
  // "nridd.toml:12: server.port", or of the whole section without a name, for messages of checks that the table cannot express.
  std::string where(std::string_view name) const;
  bool given(std::string_view name) const;             // written in the file, not the default
  bool has(std::string_view name) const;               // always, but in an open-ended section only what is given

  struct Value;
  SettingsSection();
  SettingsSection(std::string section, std::shared_ptr<const std::vector<Value>> values, std::string directory);

 private:
  const Value* find(std::string_view name) const;
  const Value& value(std::string_view name) const;
  std::string section_;
  std::shared_ptr<const std::vector<Value>> values_;
  std::string directory_;
};

class Settings {
 public:
  // `known` lists every setting of every section; sections and names not in it are refused.
  static StatusOr<Settings> load(const std::string& file, std::span<const SettingInfo> known);
  static StatusOr<Settings> parse(std::string_view toml, std::string file, std::span<const SettingInfo> known);
  SettingsSection section(std::string_view name) const;
  std::vector<std::string> names_under(std::string_view prefix) const;  // "hda": what stands for the * of "hda.*", in the file's order
  const std::string& file() const { return file_; }
  std::string directory() const;                       // of the file; "." if none

 private:
  friend std::vector<struct SettingChange> setting_changes(const Settings&, const Settings&, std::span<const SettingInfo>);
  std::string file_;
  std::shared_ptr<const std::vector<SettingsSection::Value>> values_;
};

// What another reading of the file would change: names in the order of `to`, then what only `from` has.
struct SettingChange {
  std::string name;               // "timers.heartbeat"
  bool live = false;
};
std::vector<SettingChange> setting_changes(const Settings& from, const Settings& to, std::span<const SettingInfo> known);

// The commented reference file: every setting with its sentence, unit, range and default.
std::string settings_reference(std::span<const SettingInfo> known);

}  // namespace nrid
