// A number of the command line within its bounds. CLI11's Range lets "nan" pass, which compares with nothing.
#pragma once

#include <CLI/CLI.hpp>

#include <sstream>
#include <string>

namespace nrid::load {

inline CLI::Validator within(double from, double to) {
  const auto bounds = [=] {
    std::ostringstream text;
    text << "[" << from << " - " << to << "]";
    return text.str();
  };
  return CLI::Validator(
      [=](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && value >= from && value <= to;
        return good ? std::string() : "Value " + text + " not in range " + bounds();
      },
      "FLOAT in " + bounds());
}

}  // namespace nrid::load
