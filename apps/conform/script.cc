#include "apps/conform/script.h"

#include <algorithm>

#include "base/text.h"

namespace nrid::conform {
namespace {

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> out;
  while (!(text = trimmed(text)).empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    out.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  return out;
}

bool listed(std::string_view list, std::string_view word) {
  const auto all = split(list);
  return list == "*" || std::find(all.begin(), all.end(), word) != all.end();
}

StatusOr<Step> read_step(std::string_view line, int number, std::span<const VerbRule> verbs) {
  Step step;
  step.line = number;
  step.text = std::string(line);
  const auto parts = split(line);
  step.verb = std::string(parts.front());
  const auto bad = [&](const std::string& what) { return Status::failed("line " + std::to_string(number) + ": " + step.verb + ": " + what); };
  const auto rule = std::find_if(verbs.begin(), verbs.end(), [&](const VerbRule& each) { return each.verb == step.verb; });
  if (rule == verbs.end()) return bad("unknown verb");
  for (size_t i = 1; i < parts.size(); ++i) {
    const size_t equals = parts[i].find('=');
    const std::string name(parts[i].substr(0, equals));
    if (equals == std::string_view::npos) {
      if (!listed(rule->words, name)) return bad("unknown word " + name);
      step.words.push_back(name);
    } else {
      if (!listed(rule->names, name)) return bad("unknown name " + name);
      if (!step.values.emplace(name, parts[i].substr(equals + 1)).second) return bad(name + " stands twice");
    }
  }
  return step;
}

}  // namespace

bool Step::has(std::string_view word) const { return std::find(words.begin(), words.end(), word) != words.end(); }

std::string Step::value(std::string_view name, std::string_view otherwise) const {
  const auto found = values.find(name);
  return found == values.end() ? std::string(otherwise) : found->second;
}

StatusOr<std::vector<Step>> read_script(std::string_view script, std::span<const VerbRule> verbs) {
  std::vector<Step> out;
  int number = 0;
  while (!script.empty()) {
    const size_t end = std::min(script.find('\n'), script.size());
    std::string_view line = script.substr(0, end);
    script.remove_prefix(std::min(end + 1, script.size()));
    ++number;
    line = trimmed(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    TRY(step, read_step(line, number, verbs));
    out.push_back(std::move(step));
  }
  return out;
}

}  // namespace nrid::conform
