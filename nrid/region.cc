#include "nrid/region.h"

namespace nrid {
namespace {

__extension__ typedef __int128 Wide;
constexpr int64_t kRound = 3'600'000'000;  // 360 degree

// Is the crossing of the edge with the point's parallel east of the point? Exact: a coordinate has 34 bits, a product 68.
bool crosses_east(int64_t ax, int64_t ay, int64_t bx, int64_t by, int64_t x, int64_t y) {
  const Wide along = static_cast<Wide>(bx - ax) * (y - ay);
  const Wide beside = static_cast<Wide>(x - ax) * (by - ay);
  return by > ay ? along > beside : along < beside;
}

}  // namespace

Status Region::unroll(const std::vector<GeoPoint>& points, Ring& out) {
  if (points.size() < 4) return Status::failed(std::to_string(points.size()) + " points, at least 4 are wanted");
  if (points.front() != points.back()) return Status::failed("not closed: its last point is not its first");
  int64_t x = points.front().longitude_e7;
  Wide area = 0;
  for (const GeoPoint& point : points) {
    int64_t step = (point.longitude_e7 - x) % kRound;
    if (step > kRound / 2) step -= kRound;
    if (step < -kRound / 2) step += kRound;
    if (step == kRound / 2 || step == -kRound / 2) return Status::failed("an edge goes 180 degree round: east or west?");
    if (!out.empty()) area += static_cast<Wide>(out.back().x) * point.latitude_e7 - static_cast<Wide>(x + step) * out.back().y;
    x += step;
    out.push_back({x, point.latitude_e7});
  }
  if (out.back().x != out.front().x) return Status::failed("goes round a pole");
  if (area == 0) return Status::failed("encloses nothing");
  return {};
}

Status Region::add_polygon(std::span<const std::vector<GeoPoint>> rings) {
  if (polygons_.size() >= kPolygonsMax) return Status::failed("more than " + std::to_string(kPolygonsMax) + " polygons");
  if (rings.empty() || rings.size() > kRingsMax) return Status::failed(std::to_string(rings.size()) + " rings, 1.." + std::to_string(kRingsMax) + " are allowed");
  std::vector<Ring> polygon(rings.size());
  for (size_t i = 0; i < rings.size(); ++i) {
    points_ += rings[i].size();
    if (points_ > kPointsMax) return Status::failed("more than " + std::to_string(kPointsMax) + " points");
    if (const Status status = unroll(rings[i], polygon[i]); !status.ok()) return Status::failed("ring " + std::to_string(i + 1) + ": " + status.text());
  }
  polygons_.push_back(std::move(polygon));
  return {};
}

// Even and odd, with edges half open, so that a vertex counts once.
bool Region::inside(const Ring& ring, GeoPoint point) {
  const int64_t y = point.latitude_e7;
  bool in = false;
  for (const int64_t x : {int64_t{point.longitude_e7}, point.longitude_e7 + kRound, point.longitude_e7 - kRound}) {
    for (size_t i = 1; i < ring.size(); ++i) {
      const Vertex& a = ring[i - 1];
      const Vertex& b = ring[i];
      if ((a.y > y) != (b.y > y) && crosses_east(a.x, a.y, b.x, b.y, x, y)) in = !in;
    }
    if (in) return true;
  }
  return false;
}

bool Region::contains(GeoPoint point) const {
  for (const std::vector<Ring>& polygon : polygons_) {
    bool in = inside(polygon.front(), point);
    for (size_t i = 1; in && i < polygon.size(); ++i) in = !inside(polygon[i], point);
    if (in) return true;
  }
  return false;
}

}  // namespace nrid
