// What /metrics shows, in Prometheus' text form: every row of base/counters.h as nrid_<name>_total, refusals as
// nrid_refused_total{reason="<word>"}, gauges, and the counters that modules declared. Register at start-up; text() is
// then safe from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/counters.h"

namespace nrid::web {

class Metrics {
 public:
  // total() is read once per scrape, so that the conservation law holds within one answer as far as threads allow.
  explicit Metrics(std::function<CounterTotals()> totals);

  // `name` without prefix: "parked" becomes nrid_parked.
  void add_gauge(std::string_view name, std::string_view text, std::function<double()> read);
  // "fleet_late" becomes nrid_fleet_late_total.
  void add_counter(std::string_view name, std::string_view text, std::function<uint64_t()> read);

  // A row for each thing there is: nrid_<name>{<label>="..."}. What stands there comes from us, never from a peer (T49).
  using Rows = std::vector<std::pair<std::string, double>>;
  void add_gauges(std::string_view name, std::string_view text, std::string_view label, std::function<Rows()> read);

  std::string text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Extra {
    std::string name;
    std::string text;
    bool gauge = false;
    std::function<double()> read;
    std::string label;
    std::function<Rows()> rows;          // in place of `read`
  };
  std::function<CounterTotals()> totals_;
  std::vector<Extra> extras_;
};

}  // namespace nrid::web
