// Flights as CSV; the columns are described in nrid/flight_file.h. One flight per file. Cells are numbers and words, so
// there is no quoting; a cell may be empty where its column is optional.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "nrid/flight_file.h"
#include "rid/words.h"

namespace nrid {
namespace {

enum class Column : uint8_t { t_s, lat, lon, alt_m, height_m, speed_mps, track_deg, vspeed_mps, status, count_ };

struct ColumnInfo {
  Column column;
  std::string_view name;
  int places;            // decimals that count
  int64_t min;           // in units of the last place
  int64_t max;
  bool required;
  std::string_view allowed;
};

// The ranges are those of the F3411 fields, which carry the values.
constexpr ColumnInfo kColumns[] = {
    {Column::t_s, "t_s", 3, -kFlightDurationMaxMs, kFlightDurationMaxMs, true, "seconds, up to 86400"},
    {Column::lat, "lat", 7, -900'000'000, 900'000'000, true, "degrees, -90 to 90"},
    {Column::lon, "lon", 7, -1'800'000'000, 1'800'000'000, true, "degrees, -180 to 180"},
    {Column::alt_m, "alt_m", 1, -9995, 317'670, false, "metres, -999.5 to 31767"},
    {Column::height_m, "height_m", 1, -9995, 317'670, false, "metres, -999.5 to 31767"},
    {Column::speed_mps, "speed_mps", 2, 0, 25'425, false, "metres a second, 0 to 254.25"},
    {Column::track_deg, "track_deg", 0, 0, 360, false, "degrees, 0 to 360"},
    {Column::vspeed_mps, "vspeed_mps", 2, -6200, 6200, false, "metres a second, -62 to 62"},
    {Column::status, "status", 0, 0, 4, false, "undeclared, ground, airborne, emergency or rid_failure"},
};
static_assert(std::size(kColumns) == static_cast<size_t>(Column::count_));

constexpr size_t kColumnsMax = 64;

class CsvReader {
 public:
  CsvReader(std::string_view text, const std::string& file) : text_(text), file_(file) {}

  StatusOr<std::vector<Flight>> read() {
    flight_.name = stem();
    if (text_.substr(0, 3) == "\xef\xbb\xbf") text_.remove_prefix(3);  // spreadsheets write a byte order mark
    while (!text_.empty()) {
      ++line_number_;
      const size_t end = text_.find('\n');
      const std::string_view line = trimmed(text_.substr(0, end));
      text_.remove_prefix(end == std::string_view::npos ? text_.size() : end + 1);
      if (line.empty()) continue;
      if (line.front() == '#') TRY_VOID(read_comment(line.substr(1)));
      else if (columns_.empty()) TRY_VOID(read_header(line));
      else TRY_VOID(read_row(line));
    }
    if (columns_.empty()) return Status::failed(file_ + ": no header row; it names the columns t_s, lat, lon, ...");
    if (flight_.samples.empty()) return Status::failed(file_ + ": no samples after the header row");
    const int64_t first = flight_.samples.front().t_ms;
    for (FlightSample& sample : flight_.samples) sample.t_ms -= first;
    derive_motion(flight_);
    return std::vector<Flight>{std::move(flight_)};
  }

 private:
  Status bad(std::string_view what) const { return Status::failed(file_ + ":" + std::to_string(line_number_) + ": " + std::string(what)); }

  std::string stem() const {
    const size_t slash = file_.rfind('/');
    const std::string name = slash == std::string::npos ? file_ : file_.substr(slash + 1);
    return name.substr(0, name.rfind('.'));
  }

  Status read_comment(std::string_view line) {
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return {};
    if (set_flight_property(flight_, line.substr(0, colon), line.substr(colon + 1))) return {};
    return bad("operator_location " + in_quotes(trimmed(line.substr(colon + 1))) + ": latitude,longitude or latitude,longitude,altitude");
  }

  Status read_header(std::string_view line) {
    std::array<bool, std::size(kColumns)> seen{};
    for (;;) {
      const size_t comma = line.find(',');
      const std::string_view name = trimmed(line.substr(0, comma));
      const auto* info = std::find_if(std::begin(kColumns), std::end(kColumns), [&](const ColumnInfo& c) { return c.name == name; });
      if (info != std::end(kColumns) && seen[static_cast<size_t>(info->column)]) return bad("column " + std::string(name) + " twice");
      if (info != std::end(kColumns)) seen[static_cast<size_t>(info->column)] = true;
      columns_.push_back(info == std::end(kColumns) ? nullptr : info);  // other columns are other programs' affair
      if (columns_.size() > kColumnsMax) return bad("more than " + std::to_string(kColumnsMax) + " columns");
      if (comma == std::string_view::npos) break;
      line.remove_prefix(comma + 1);
    }
    for (const ColumnInfo& info : kColumns) {
      if (info.required && !seen[static_cast<size_t>(info.column)]) {
        return bad("header row without column " + std::string(info.name) + "; required are t_s, lat, lon");
      }
    }
    return {};
  }

  Status read_row(std::string_view line) {
    FlightSample sample;
    for (size_t i = 0; i < columns_.size(); ++i) {
      const size_t comma = line.find(',');
      const bool last = i + 1 == columns_.size();
      if ((comma == std::string_view::npos) != last) {
        return bad(std::string(last ? "more" : "fewer") + " cells than the " + std::to_string(columns_.size()) + " of the header row");
      }
      if (columns_[i] != nullptr) TRY_VOID(read_cell(*columns_[i], trimmed(line.substr(0, comma)), sample));
      if (!last) line.remove_prefix(comma + 1);
    }
    if (!flight_.samples.empty() && sample.t_ms <= flight_.samples.back().t_ms) return bad("t_s is not later than in the row before");
    if (!flight_.samples.empty() && sample.t_ms - flight_.samples.front().t_ms > kFlightDurationMaxMs) return bad("flight longer than 24 hours");
    if (flight_.samples.size() == kFlightSamplesMax) return bad("more than " + std::to_string(kFlightSamplesMax) + " samples");
    flight_.samples.push_back(sample);
    return {};
  }

  Status read_cell(const ColumnInfo& info, std::string_view cell, FlightSample& sample) const {
    if (cell.empty() && !info.required) return {};
    std::optional<int64_t> value;
    if (info.column == Column::status) {
      if (const auto status = rid::status_from_word(cell)) value = static_cast<int64_t>(*status);
    } else {
      value = parse_decimal(cell, info.places);
    }
    if (!value || *value < info.min || *value > info.max) {
      return bad(std::string(info.name) + " " + in_quotes(cell) + ": " + std::string(info.allowed));
    }
    switch (info.column) {
      case Column::t_s: sample.t_ms = *value; break;
      case Column::lat: sample.latitude_e7 = static_cast<int32_t>(*value); break;
      case Column::lon: sample.longitude_e7 = static_cast<int32_t>(*value); break;
      case Column::alt_m: sample.altitude_dm = static_cast<int32_t>(*value); break;
      case Column::height_m: sample.height_dm = static_cast<int32_t>(*value); break;
      case Column::speed_mps: sample.speed_cmps = static_cast<uint32_t>(*value); break;
      case Column::track_deg: sample.track_deg = static_cast<uint16_t>(*value % 360); break;
      case Column::vspeed_mps: sample.vertical_speed_cmps = static_cast<int32_t>(*value); break;
      case Column::status: sample.status = static_cast<uint8_t>(*value); break;
      case Column::count_: break;
    }
    return {};
  }

  std::string_view text_;
  const std::string& file_;
  int line_number_ = 0;
  std::vector<const ColumnInfo*> columns_;
  Flight flight_;
};

}  // namespace

StatusOr<std::vector<Flight>> parse_flight_csv(std::string_view text, const std::string& file) {
  if (text.size() > kFlightFileMax) return Status::failed(file + ": longer than " + std::to_string(kFlightFileMax) + " octets");
  return CsvReader(text, file).read();
}

}  // namespace nrid
