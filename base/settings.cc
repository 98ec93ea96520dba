// The only file that knows toml++. It is compiled here header-only, so that the fuzzers see the parser too; its exceptions
// do not leave this file.
#include "base/settings.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <variant>

#include "base/check.h"
#include "base/file.h"

// toml++ 3.3 asserts that a table header's key starts with a key character (`[[[` stops the process) a few lines above
// the branch that reports just that with its line; and where NDEBUG is defined the assertion becomes an assumption, which
// removes that branch. So assertions are empty here and NDEBUG is not seen.
#undef NDEBUG
#define TOML_ASSERT(expr) static_cast<void>(0)
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 1
#include <toml++/toml.h>

namespace nrid {

struct SettingsSection::Value {
  std::string section;
  std::string name;
  SettingKind kind = SettingKind::text;
  std::string place;  // "nridd.toml:12", or "nridd.toml" for a default
  bool given = false;
  std::variant<int64_t, double, bool, std::string, std::vector<std::string>> value;
};

namespace {

using Value = SettingsSection::Value;
constexpr size_t kFileMax = 1 << 20;
constexpr size_t kShownMax = 60;

std::string full_name(std::string_view section, std::string_view name) {
  return section.empty() ? std::string(name) : std::string(section) + "." + std::string(name);
}

std::string place(const std::string& file, const toml::source_region& source) {
  return file + ":" + std::to_string(source.begin.line);
}

std::string number_text(double value) {
  char text[40];
  const bool whole = value == std::floor(value) && std::abs(value) < 1e15;
  std::snprintf(text, sizeof text, whole ? "%.0f" : "%g", value);
  return text;
}

const char* kind_text(SettingKind kind) {
  switch (kind) {
    case SettingKind::integer: return "an integer";
    case SettingKind::boolean: return "true or false";
    case SettingKind::text: return "a text in quotes";
    case SettingKind::text_list: return "a list of texts";
    case SettingKind::duration_s: return "a number of seconds";
    case SettingKind::number: return "a number";
  }
  return "";
}

std::string shown(const toml::node& node) {
  if (node.is_integer()) return "integer " + std::to_string(**node.as_integer());
  if (node.is_floating_point()) return "number " + number_text(**node.as_floating_point());
  if (node.is_boolean()) return **node.as_boolean() ? "true" : "false";
  if (node.is_string()) {
    const std::string& text = **node.as_string();
    return "text \"" + text.substr(0, kShownMax) + (text.size() > kShownMax ? "...\"" : "\"");
  }
  if (node.is_array()) return "a list";
  return node.is_table() ? "a table" : "a date or time";
}

bool ranged(const SettingInfo& info) { return info.min != 0 || info.max != 0; }

std::string range_text(const SettingInfo& info) {
  std::string text = number_text(info.min) + ".." + number_text(info.max);
  if (!info.unit.empty()) text += " " + std::string(info.unit);
  return text;
}

// The known word that takes the fewest edits, if they are few.
size_t edits(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row[b.size()];
}

std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
  std::string_view best;
  size_t best_edits = std::max<size_t>(2, word.size() / 3) + 1;
  if (word.size() > kShownMax) return "";
  for (const std::string_view candidate : known) {
    const size_t n = edits(word, candidate);
    if (n < best_edits) {
      best_edits = n;
      best = candidate;
    }
  }
  return best.empty() ? "" : "; did you mean " + std::string(best) + "?";
}

StatusOr<toml::table> parse_toml(std::string_view text, const std::string& file) {
  try {
    return toml::parse(text, file);
  } catch (const toml::parse_error& error) {
    return Status::failed(place(file, error.source()) + ": not TOML: " + std::string(error.description()));
  }
}

class Loader {
 public:
  Loader(const std::string& file, std::span<const SettingInfo> known) : file_(file), known_(known) {}

  // Everything that the file says, in its order; the first fault ends it.
  Status take(const toml::table& table, const std::string& section) {
    std::vector<std::pair<const toml::key*, const toml::node*>> in_order;  // toml++ keeps a table by name
    for (const auto& [key, node] : table) in_order.emplace_back(&key, &node);
    std::sort(in_order.begin(), in_order.end(), [](const auto& a, const auto& b) {
      return std::pair(a.first->source().begin.line, a.first->source().begin.column) <
             std::pair(b.first->source().begin.line, b.first->source().begin.column);
    });
    for (const auto& entry : in_order) {
      const std::string name(entry.first->str());
      const SettingInfo* info = find(section, name);
      if (info != nullptr) {
        TRY_VOID(take_value(*info, *entry.second, place(file_, entry.first->source()), true));
        continue;
      }
      const std::string inner = full_name(section, name);
      if (!is_section(inner)) return unknown(section, name, *entry.first, entry.second->is_table());
      if (!entry.second->is_table()) {
        return Status::failed(place(file_, entry.first->source()) + ": " + inner + " is " + shown(*entry.second) +
                              ", expected the section [" + inner + "]");
      }
      TRY_VOID(take(*entry.second->as_table(), inner));
    }
    return {};
  }

  // What the file does not say.
  Status complete() {
    for (const SettingInfo& info : known_) {
      const auto same = [&](const Value& v) { return v.section == info.section && v.name == info.name; };
      if (std::any_of(values_->begin(), values_->end(), same)) continue;
      const std::string name = full_name(info.section, info.name);
      if (info.fallback.empty()) {
        return Status::failed(file_ + ": " + name + " is missing: " + std::string(info.text) + " (" + kind_text(info.kind) +
                              (ranged(info) ? ", " + range_text(info) : "") + ")");
      }
      const auto parsed = parse_toml("x = " + std::string(info.fallback), file_);
      CHECK(parsed.ok() && parsed->contains("x"));  // a default in our own table
      CHECK(take_value(info, *parsed->get("x"), file_, false).ok());
    }
    return {};
  }

  std::shared_ptr<std::vector<Value>> values() const { return values_; }

 private:
  const SettingInfo* find(std::string_view section, std::string_view name) const {
    for (const SettingInfo& info : known_) {
      if (info.section == section && info.name == name) return &info;
    }
    return nullptr;
  }
  bool is_section(const std::string& path) const {
    return std::any_of(known_.begin(), known_.end(), [&](const SettingInfo& info) {
      return info.section == path || info.section.substr(0, path.size() + 1) == path + ".";
    });
  }
  Status unknown(const std::string& section, const std::string& name, const toml::key& key, bool table) const {
    std::vector<std::string_view> words;
    for (const SettingInfo& info : known_) {
      if (table) words.push_back(info.section);
      if (!table && info.section == section) words.push_back(info.name);
    }
    const std::string inner = full_name(section, name).substr(0, 2 * kShownMax);
    const std::string what = table ? "unknown section [" + inner + "]" : "unknown setting " + inner;
    return Status::failed(place(file_, key.source()) + ": " + what + hint(table ? inner : name, words));
  }

  Status take_value(const SettingInfo& info, const toml::node& node, const std::string& where, bool given) {
    Value value{std::string(info.section), std::string(info.name), info.kind, where, given, {}};
    const auto refuse = [&](const std::string& seen, const std::string& expected) {
      return Status::failed(where + ": " + full_name(info.section, info.name) + " is " + seen + ", expected " + expected);
    };
    const bool is_number = node.is_integer() || node.is_floating_point();
    if (info.kind == SettingKind::integer && node.is_integer()) {
      value.value = **node.as_integer();
    } else if ((info.kind == SettingKind::number || info.kind == SettingKind::duration_s) && is_number) {
      value.value = node.is_integer() ? static_cast<double>(**node.as_integer()) : **node.as_floating_point();
    } else if (info.kind == SettingKind::boolean && node.is_boolean()) {
      value.value = **node.as_boolean();
    } else if (info.kind == SettingKind::text && node.is_string()) {
      value.value = **node.as_string();
    } else if (info.kind == SettingKind::text_list && node.is_array()) {
      std::vector<std::string> list;
      for (const toml::node& item : *node.as_array()) {
        if (!item.is_string()) return refuse("a list with " + shown(item), kind_text(info.kind));
        list.push_back(**item.as_string());
      }
      value.value = std::move(list);
    } else {
      return refuse(shown(node), kind_text(info.kind) + (ranged(info) ? ", " + range_text(info) : std::string()));
    }
    if (is_number) {
      const double seen = node.is_integer() ? static_cast<double>(**node.as_integer()) : **node.as_floating_point();
      if (!std::isfinite(seen)) return refuse(shown(node), "a finite number");
      if (ranged(info) && !(seen >= info.min && seen <= info.max)) return refuse(shown(node), range_text(info));
    }
    values_->push_back(std::move(value));
    return {};
  }

  const std::string& file_;
  std::span<const SettingInfo> known_;
  std::shared_ptr<std::vector<Value>> values_ = std::make_shared<std::vector<Value>>();
};

}  // namespace

SettingsSection::SettingsSection() : values_(std::make_shared<std::vector<Value>>()) {}
SettingsSection::SettingsSection(std::string section, std::shared_ptr<const std::vector<Value>> values)
    : section_(std::move(section)), values_(std::move(values)) {}

const Value& SettingsSection::value(std::string_view name) const {
  const auto same = [&](const Value& v) { return v.section == section_ && v.name == name; };
  const auto found = std::find_if(values_->begin(), values_->end(), same);
  CHECK(found != values_->end());
  return *found;
}

int64_t SettingsSection::integer(std::string_view name) const {
  const Value& v = value(name);
  CHECK(v.kind == SettingKind::integer);
  return std::get<int64_t>(v.value);
}

double SettingsSection::number(std::string_view name) const {
  const Value& v = value(name);
  CHECK(v.kind == SettingKind::number || v.kind == SettingKind::duration_s);
  return std::get<double>(v.value);
}

bool SettingsSection::boolean(std::string_view name) const {
  const Value& v = value(name);
  CHECK(v.kind == SettingKind::boolean);
  return std::get<bool>(v.value);
}

std::string SettingsSection::text(std::string_view name) const {
  const Value& v = value(name);
  CHECK(v.kind == SettingKind::text);
  return std::get<std::string>(v.value);
}

std::vector<std::string> SettingsSection::list(std::string_view name) const {
  const Value& v = value(name);
  CHECK(v.kind == SettingKind::text_list);
  return std::get<std::vector<std::string>>(v.value);
}

std::string SettingsSection::where(std::string_view name) const {
  return value(name).place + ": " + full_name(section_, name);
}

bool SettingsSection::given(std::string_view name) const { return value(name).given; }

StatusOr<Settings> Settings::load(const std::string& file, std::span<const SettingInfo> known) {
  TRY(content, read_file(file, kFileMax));
  return parse(content, file, known);
}

StatusOr<Settings> Settings::parse(std::string_view toml, std::string file, std::span<const SettingInfo> known) {
  TRY(table, parse_toml(toml, file));
  Settings settings;
  settings.file_ = std::move(file);
  Loader loader(settings.file_, known);
  TRY_VOID(loader.take(table, ""));
  TRY_VOID(loader.complete());
  settings.values_ = loader.values();
  return settings;
}

SettingsSection Settings::section(std::string_view name) const {
  CHECK(values_ != nullptr);
  return SettingsSection(std::string(name), values_);
}

std::string Settings::directory() const {
  const size_t slash = file_.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file_.substr(0, slash);
}

std::string settings_reference(std::span<const SettingInfo> known) {
  std::string out;
  std::vector<std::string_view> sections;
  for (const SettingInfo& info : known) {
    if (std::find(sections.begin(), sections.end(), info.section) == sections.end()) sections.push_back(info.section);
  }
  for (const std::string_view section : sections) {
    if (!section.empty()) out += (out.empty() ? "[" : "\n[") + std::string(section) + "]\n";
    for (const SettingInfo& info : known) {
      if (info.section != section) continue;
      out += "# " + std::string(info.text);
      if (ranged(info)) out += " (" + range_text(info) + ")";
      if (!ranged(info) && !info.unit.empty()) out += " (" + std::string(info.unit) + ")";
      out += info.fallback.empty() ? "\n# required: " + std::string(kind_text(info.kind)) + "\n#" : "\n#";
      out += std::string(info.name) + " = " + std::string(info.fallback) + "\n";
    }
  }
  return out;
}

}  // namespace nrid
