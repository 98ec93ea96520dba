// The plot of a run as SVG, written by hand: two panels over one axis.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "apps/load/report.h"

namespace nrid::load {
namespace {

constexpr double kWidth = 860, kLeft = 80, kRight = 840, kTop = 50, kPanel = 240, kGap = 70;

struct Curve {
  const char* name;
  const char* colour;
  double (*value)(const StepResult&);
};
constexpr Curve kRates[] = {
    {"offered", "#999999", [](const StepResult& s) { return s.rate; }},
    {"answered", "#0055aa", [](const StepResult& s) { return s.answered_per_s(); }},
};
constexpr Curve kLatencies[] = {
    {"p50", "#2a9d4a", [](const StepResult& s) { return static_cast<double>(s.heard.latency.percentile_us(0.5)) / 1000; }},
    {"p99", "#e08a00", [](const StepResult& s) { return static_cast<double>(s.heard.latency.percentile_us(0.99)) / 1000; }},
    {"p99.9", "#c02020", [](const StepResult& s) { return static_cast<double>(s.heard.latency.percentile_us(0.999)) / 1000; }},
};

std::string format(const char* form, double a, double b = 0, double c = 0) {
  char text[200];
  std::snprintf(text, sizeof text, form, a, b, c);
  return text;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '&') out += "&amp;";
    else out += c;
  }
  return out;
}

// A value on its axis as a share of the axis, 0 to 1.
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  double share(double value) const {
    if (!logarithmic) return (value - low) / (high - low);
    return (std::log10(std::max(value, low)) - std::log10(low)) / (std::log10(high) - std::log10(low));
  }
};

double round_up(double value) {  // to 1, 2 or 5 times a power of ten
  const double power = std::pow(10, std::floor(std::log10(std::max(value, 1.0))));
  for (const double step : {1.0, 2.0, 5.0}) {
    if (value <= step * power) return step * power;
  }
  return 10 * power;
}

std::string text_at(double x, double y, const std::string& text, const char* anchor = "start", const char* colour = "#222222") {
  return format("<text x=\"%.1f\" y=\"%.1f\"", x, y) + " text-anchor=\"" + anchor + "\" fill=\"" + colour + "\">" + escaped(text) + "</text>\n";
}

class Panel {
 public:
  Panel(double top, Axis x, Axis y) : top_(top), x_(x), y_(y) {}
  double px(double value) const { return kLeft + x_.share(value) * (kRight - kLeft); }
  double py(double value) const { return top_ + (1 - std::clamp(y_.share(value), 0.0, 1.0)) * kPanel; }

  std::string grid(const std::string& title, const char* unit) const {
    std::string out = text_at(kLeft, top_ - 10, title);
    for (int i = 0; i <= 4; ++i) {
      const double share = i / 4.0;
      const double value = y_.logarithmic ? std::pow(10, std::log10(y_.low) + share * (std::log10(y_.high) - std::log10(y_.low))) : y_.low + share * (y_.high - y_.low);
      const double y = top_ + (1 - share) * kPanel;
      out += format("<line x1=\"%.1f\" x2=\"840\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>\n", kLeft, y, y);
      out += text_at(kLeft - 6, y + 4, format(value < 10 ? "%.2g" : "%.0f", value) + unit, "end");
    }
    return out;
  }
  std::string curve(const Curve& curve, const std::vector<StepResult>& steps, double legend_x) const {
    std::string out = "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + std::string(curve.colour) + "\" points=\"";
    for (const StepResult& step : steps) out += format("%.1f,%.1f ", px(step.rate), py(curve.value(step)));
    out += "\"/>\n";
    for (const StepResult& step : steps) out += format("<circle r=\"3\" cx=\"%.1f\" cy=\"%.1f\"", px(step.rate), py(curve.value(step))) + " fill=\"" + curve.colour + "\"/>\n";
    return out + text_at(legend_x, top_ - 10, curve.name, "start", curve.colour);
  }

 private:
  double top_;
  Axis x_, y_;
};

}  // namespace

std::string to_svg(const std::vector<StepResult>& steps, const Bend& bend) {
  double rate = 1, slowest = 1;
  for (const StepResult& step : steps) {
    rate = std::max({rate, step.rate, step.answered_per_s()});
    slowest = std::max(slowest, kLatencies[2].value(step));
  }
  const Axis x{0, round_up(rate), false};
  const double low = kTop + kPanel + kGap, height = low + kPanel + kGap;
  const Panel above(kTop, x, x), below(low, x, {0.01, std::max(1.0, std::pow(10, std::ceil(std::log10(slowest)))), true});
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" " + format("width=\"%.0f\" height=\"%.0f\"", kWidth, height) + " font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  out += above.grid("messages a second", "") + below.grid("from scheduled to answered", " ms");
  double legend = 300;
  for (const Curve& curve : kRates) out += above.curve(curve, steps, legend += 80);
  legend = 300;
  for (const Curve& curve : kLatencies) out += below.curve(curve, steps, legend += 80);
  for (int i = 0; i <= 4; ++i) {
    const double value = x.high * i / 4;
    out += text_at(above.px(value), low + kPanel + 18, format("%.0f", value), "middle");
  }
  out += text_at((kLeft + kRight) / 2, low + kPanel + 36, "offered, messages a second", "middle");
  if (bend.limit != Limit::none && bend.step < steps.size()) {
    const double at = above.px(steps[bend.step].rate);
    out += format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"50\" ", at, at) + format("y2=\"%.1f\" stroke=\"#c02020\" stroke-dasharray=\"4 4\"/>\n", low + kPanel);
  }
  out += text_at(kLeft, height - 10, bend.text.empty() ? "the curve does not bend" : bend.text);
  return out + "</svg>\n";
}

}  // namespace nrid::load
