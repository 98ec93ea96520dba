#include "apps/conform/report.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>

#include "base/file.h"
#include "base/text.h"

namespace nrid::conform {
namespace {

size_t count_of(std::span<const Outcome> outcomes, Verdict verdict) {
  size_t count = 0;
  for (const Outcome& each : outcomes) count += each.verdict == verdict;
  return count;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string seconds_text(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time.us) / 1e6);
  return text;
}

std::string packets_of(const Outcome& outcome) {
  std::string out;
  for (const Packet& packet : outcome.evidence.packets) out += to_text(packet, outcome.evidence.begin) + "\n";
  return out;
}

}  // namespace

std::string table_of(std::span<const Outcome> outcomes) {
  std::string out;
  for (const Outcome& each : outcomes) {
    out += padded(each.about.id, 9) + padded(to_word(each.role), 9) + padded(to_word(each.verdict), 9) + printable(each.text) + "\n";
  }
  out += std::to_string(count_of(outcomes, Verdict::passed)) + " passed, " + std::to_string(count_of(outcomes, Verdict::failed)) + " failed, " +
         std::to_string(count_of(outcomes, Verdict::not_run)) + " not run\n";
  return out;
}

std::string packets_of_failed(std::span<const Outcome> outcomes) {
  std::string out;
  for (const Outcome& each : outcomes) {
    if (each.verdict != Verdict::failed) continue;
    out += "\n" + std::string(each.about.id) + " (" + requirement_of(each.about.id) + "): " + std::string(each.about.says) + "\n  " + printable(each.text) + "\n" + packets_of(each);
  }
  return out;
}

std::string junit_of(std::span<const Outcome> outcomes, Duration took) {
  const auto number = [](size_t value) { return std::to_string(value); };
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"nrid-conform\" tests=\"" + number(outcomes.size()) + "\" failures=\"" +
                    number(count_of(outcomes, Verdict::failed)) + "\" skipped=\"" + number(count_of(outcomes, Verdict::not_run)) + "\" errors=\"0\" time=\"" +
                    seconds_text(took) + "\">\n";
  for (const Outcome& each : outcomes) {
    out += "  <testcase classname=\"" + std::string(to_word(each.role)) + "." + requirement_of(each.about.id) + "\" name=\"" + std::string(each.about.id) + "\" time=\"" +
           seconds_text(each.took) + "\">\n";
    if (each.verdict == Verdict::failed) out += "    <failure message=\"" + escaped(each.text) + "\">" + escaped(each.about.says) + "</failure>\n";
    if (each.verdict == Verdict::not_run) out += "    <skipped message=\"" + escaped(each.text) + "\"/>\n";
    if (each.verdict == Verdict::failed) {
      out += "    <system-out>\n";
      for (const Packet& packet : each.evidence.packets) out += escaped(to_text(packet, each.evidence.begin)) + "\n";
      out += "    </system-out>\n";
    }
    out += "  </testcase>\n";
  }
  return out + "</testsuite>\n";
}

Status write_evidence(const std::string& folder, std::span<const Outcome> outcomes) {
  if (mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return Status::failed(folder + ": " + errno_text(errno));
  for (const Outcome& each : outcomes) {
    if (each.verdict == Verdict::not_run) continue;
    const std::string head = std::string(each.about.id) + " " + std::string(to_word(each.verdict)) + ": " + each.text + "\n" + std::string(each.about.says) + "\n";
    TRY_VOID(write_file_atomic(folder + "/" + std::string(each.about.id) + "-" + std::string(to_word(each.role)) + ".txt", head + packets_of(each)));
  }
  return {};
}

std::string list_of(std::span<const std::pair<Role, Case>> cases, bool with_steps) {
  std::string out;
  for (const auto& [role, each] : cases) {
    out += padded(each.id, 9) + padded(to_word(role), 9) + std::string(each.says) + "\n";
    if (!with_steps) continue;
    std::string_view rest = each.steps;
    while (!rest.empty()) {
      const size_t end = std::min(rest.find('\n'), rest.size());
      if (const auto line = trimmed(rest.substr(0, end)); !line.empty()) out += "                    " + std::string(line) + "\n";
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  for (const Unobservable& each : unobservable()) out += padded(each.requirement, 9) + "not observable: " + std::string(each.reason) + "\n";
  return out;
}

std::string requirement_table() {
  std::string out;
  for (const std::string_view requirement : requirements()) {
    for (const Role role : {Role::sp, Role::gateway}) {
      for (const Case& each : cases_of(role)) {
        if (requirement_of(each.id) == requirement) out += std::string(requirement) + " " + std::string(each.id) + " " + std::string(to_word(role)) + "\n";
      }
    }
    for (const Unobservable& each : unobservable()) {
      if (each.requirement == requirement) out += std::string(requirement) + " not observable: " + std::string(each.reason) + "\n";
    }
  }
  return out;
}

}  // namespace nrid::conform
