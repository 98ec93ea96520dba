#include "web/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <utility>

namespace nrid::web {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily family_of(std::string name, std::string text, MetricType type) {
  MetricFamily family;
  family.name = std::move(name);
  family.help = std::move(text);
  family.type = type;
  return family;
}

void add_value(MetricFamily& family, double value, std::vector<ClientMetric::Label> labels = {}) {
  ClientMetric metric;
  metric.label = std::move(labels);
  if (family.type == MetricType::Counter) metric.counter.value = value;
  else metric.gauge.value = value;
  family.metric.push_back(std::move(metric));
}

}  // namespace

Metrics::Metrics(std::function<CounterTotals()> totals) : totals_(std::move(totals)) {}

void Metrics::add_gauge(std::string_view name, std::string_view text, std::function<double()> read) {
  extras_.push_back({"nrid_" + std::string(name), std::string(text), true, std::move(read), {}, {}});
}

void Metrics::add_counter(std::string_view name, std::string_view text, std::function<uint64_t()> read) {
  extras_.push_back({"nrid_" + std::string(name) + "_total", std::string(text), false,
                     [read = std::move(read)] { return static_cast<double>(read()); }, {}, {}});
}

void Metrics::add_gauges(std::string_view name, std::string_view text, std::string_view label, std::function<Rows()> read) {
  extras_.push_back({"nrid_" + std::string(name), std::string(text), true, {}, std::string(label), std::move(read)});
}

std::string Metrics::text() const {
  const CounterTotals totals = totals_();
  std::vector<MetricFamily> families;
  for (const CounterInfo& row : kCounters) {
    // Rows whose own name ends in _total (parked_total) do not get it twice.
    const bool ends = row.name.size() > 6 && row.name.substr(row.name.size() - 6) == "_total";
    families.push_back(family_of("nrid_" + std::string(row.name) + (ends ? "" : "_total"), std::string(row.text), MetricType::Counter));
    add_value(families.back(), static_cast<double>(totals.get(row.counter)));
  }
  families.push_back(family_of("nrid_refused_total", "datagrams refused, by reason", MetricType::Counter));
  for (const ErrorInfo& row : kErrors) {
    if (row.error == Error::none) continue;
    add_value(families.back(), static_cast<double>(totals.get(row.error)), {{"reason", std::string(row.counter)}});
  }
  for (const Extra& extra : extras_) {
    families.push_back(family_of(extra.name, extra.text, extra.gauge ? MetricType::Gauge : MetricType::Counter));
    if (extra.rows) {
      for (const auto& [which, value] : extra.rows()) add_value(families.back(), value, {{extra.label, which}});
    } else {
      add_value(families.back(), extra.read());
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace nrid::web
