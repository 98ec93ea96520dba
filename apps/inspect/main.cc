// nrid: inspector and toolbox. What it can do is the table below; each row takes one case as arguments, or with `-` one
// JSON object per line on standard input and answers one per line, in order. Exit status: 0 when every line got an
// answer; for a single case 1 when the answer is a refusal or a verdict "no", unless the command tells more apart; 2 for a wrong
// command line.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <deque>
#include <iostream>
#include <map>
#include <span>

#include "apps/inspect/command.h"

namespace nrid::inspect {
namespace {

std::vector<Command> all_commands() {
  std::vector<Command> out;
  for (const auto& part : {
           det_commands(),
           rid_commands(),
           wire_commands(),
           schc_commands(),
           show_commands(),
           peer_commands(),
       }) {
    out.insert(out.end(), part.begin(), part.end());
  }
  return out;
}

bool of_kind(const Json& value, FieldKind kind) {
  switch (kind) {
    case FieldKind::text: return value.is_string();
    case FieldKind::integer: return value.is_number_integer();
    case FieldKind::flag: return value.is_boolean();
    case FieldKind::json: return true;
  }
  return false;
}

std::string_view kind_name(FieldKind kind) {
  switch (kind) {
    case FieldKind::text: return "text";
    case FieldKind::integer: return "an integer";
    case FieldKind::flag: return "true or false";
    case FieldKind::json: return "JSON";
  }
  return "";
}

Json answer(const Command& command, const Json& input) {
  if (!input.is_object()) return refusal("bad_request", "a line must be one JSON object");
  for (const Field& field : command.fields) {
    const auto at = input.find(field.name);
    if (at == input.end()) {
      if (field.required) return refusal("bad_request", "field " + std::string(field.name) + " is missing");
    } else if (!of_kind(*at, field.kind)) {
      return refusal("bad_request", "field " + std::string(field.name) + " must be " + std::string(kind_name(field.kind)));
    }
  }
  return command.run(input);
}

// Octets that are not UTF-8 can stand in text that came from a datagram: they are replaced, never thrown at the user.
std::string dump(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

int run_lines(const Command& command, const Json& options) {
  if (command.ready) {
    const Json reply = command.ready(options);
    if (reply.contains("error")) {
      std::fprintf(stderr, "nrid: %s\n", reply.value("detail", reply["error"].get<std::string>()).c_str());
      return 1;
    }
  }
  std::string line;
  while (std::getline(std::cin, line)) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    Json input = parse_json(line);
    if (input.is_object()) {
      for (const auto& [name, value] : options.items()) input.emplace(name, value);
    }
    std::cout << dump(input.is_discarded() ? refusal("bad_request", "line is not JSON") : answer(command, input)) << std::endl;
  }
  std::cout.flush();
  return std::cout.good() ? 0 : 1;
}

bool is_no(const Json& reply) {
  return reply.contains("error") || (reply.contains("ok") && reply["ok"].is_boolean() && !reply["ok"].get<bool>());
}

int run_one(const Command& command, const Json& input) {
  const Json reply = answer(command, input);
  if (command.render && (!reply.contains("error") || reply.contains("fields") || reply.contains("state"))) {
    std::cout << command.render(input, reply);
  } else {
    std::cout << dump(reply, 2) << "\n";
  }
  std::cout.flush();
  if (!std::cout.good()) {
    std::fprintf(stderr, "nrid: cannot write the answer\n");
    return 1;
  }
  if (command.status) return command.status(reply);
  return is_no(reply) ? 1 : 0;
}

// Where CLI11 leaves what it read, for one command.
struct Given {
  const Command* command = nullptr;
  CLI::App* app = nullptr;
  std::vector<std::string> positional;
  std::map<std::string_view, std::string> texts;
  std::map<std::string_view, int64_t> integers;
  std::map<std::string_view, bool> flags;
};

void add_options(Given& given) {
  for (const Field& field : given.command->fields) {
    const std::string option = "--" + std::string(field.name);
    const std::string text(field.text);
    switch (field.kind) {
      case FieldKind::integer: given.app->add_option(option, given.integers[field.name], text); break;
      case FieldKind::flag: given.app->add_flag(option, given.flags[field.name], text); break;
      default: given.app->add_option(option, given.texts[field.name], text);
    }
  }
  given.app->add_option("values", given.positional, "fields in the order above without their names, or - for JSON lines");
}

// The command line as the same object that a line would hold; false when there are more values than fields.
bool to_input(const Given& given, Json& input) {
  input = Json::object();
  size_t next = 0;
  for (const Field& field : given.command->fields) {
    const std::string option = "--" + std::string(field.name);
    const std::string name(field.name);
    if (given.app->count(option) != 0) {
      if (field.kind == FieldKind::integer) input[name] = given.integers.at(field.name);
      else if (field.kind == FieldKind::flag) input[name] = given.flags.at(field.name);
      else input[name] = given.texts.at(field.name);
    } else if (field.kind != FieldKind::flag && next < given.positional.size()) {
      const std::string& value = given.positional[next++];
      if (field.kind == FieldKind::integer) {
        const Json number = parse_json(value);
        input[name] = number.is_number_integer() ? number : Json(value);
      } else {
        input[name] = value;
      }
    }
  }
  return next == given.positional.size();
}

std::string names_of(const std::vector<const CLI::App*>& commands) {
  std::string out;
  for (const CLI::App* const one : commands) out += (out.empty() ? "" : ", ") + one->get_name();
  return out;
}

// The first word that names no command, and what may stand there: CLI11 says only that a subcommand is required. Options it judges itself.
std::string wrong_word(const CLI::App& app, std::span<char* const> words) {
  const CLI::App* at = &app;
  std::string path = "nrid";
  for (const std::string_view word : words) {
    if (word.starts_with('-')) return "";
    const auto below = at->get_subcommands([](const CLI::App*) { return true; });
    if (below.empty()) return "";
    const auto named = std::find_if(below.begin(), below.end(), [&](const CLI::App* one) { return one->get_name() == word; });
    if (named == below.end()) return path + ": no subcommand \"" + std::string(word) + "\"; there are " + names_of(below);
    at = *named;
    path += " " + std::string(word);
  }
  const auto below = at->get_subcommands([](const CLI::App*) { return true; });
  return below.empty() ? "" : path + ": a subcommand is wanted: " + names_of(below);
}

int run(int argc, char** argv) {
  CLI::App app{"nrid: look into Net-RID datagrams, keys and names, and make them", "nrid"};
  app.require_subcommand(1);
  app.set_version_flag("--version", NRID_VERSION);
  const std::vector<Command> commands = all_commands();
  std::deque<Given> all_given;
  std::map<std::string_view, CLI::App*> groups;
  for (const Command& command : commands) {
    CLI::App* parent = &app;
    std::string_view name = command.group;
    if (!command.name.empty()) {
      CLI::App*& group = groups[command.group];
      if (group == nullptr) {
        group = app.add_subcommand(std::string(command.group), std::string(command.group) + " commands");
        group->require_subcommand(1);
      }
      parent = group;
      name = command.name;
    }
    Given& given = all_given.emplace_back();
    given.command = &command;
    given.app = parent->add_subcommand(std::string(name), std::string(command.summary));
    add_options(given);
  }
  if (const std::string wrong = wrong_word(app, std::span(argv, static_cast<size_t>(argc)).subspan(1)); !wrong.empty()) {
    std::fprintf(stderr, "%s (--help says more)\n", wrong.c_str());
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  for (const Given& given : all_given) {
    if (!given.app->parsed()) continue;
    const bool by_line = given.positional.size() == 1 && given.positional[0] == "-";
    Json input;
    if (by_line) {
      Given options = given;
      options.positional.clear();
      to_input(options, input);
      return run_lines(*given.command, input);
    }
    if (!to_input(given, input)) {
      std::fprintf(stderr, "nrid: more values than this command has fields; see --help\n");
      return 2;
    }
    return run_one(*given.command, input);
  }
  return 2;
}

}  // namespace
}  // namespace nrid::inspect

int main(int argc, char** argv) { return nrid::inspect::run(argc, argv); }
