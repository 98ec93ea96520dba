// Where a provider serves: polygons with holes on WGS-84, as RFC 7946 writes a MultiPolygon. Exact: coordinates are integers
// of 1e-7 degree and no product is rounded, so of two regions that share a border each point has one owner. An edge is the
// straight line between longitude and latitude (RFC 7946 section 3.1.1), the shorter way round; so a ring may cross the
// antimeridian uncut, and none may enclose a pole. Pure values.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace nrid {

struct GeoPoint {
  int32_t latitude_e7 = 0;             // +-90 degree
  int32_t longitude_e7 = 0;            // +-180 degree
  bool operator==(const GeoPoint&) const = default;
};

inline constexpr size_t kPolygonsMax = 16;
inline constexpr size_t kRingsMax = 16;         // of a polygon: its outline and its holes
inline constexpr size_t kPointsMax = 2048;      // of a region

class Region {
 public:
  // Rings of one polygon, the outline first, each closed (its last point is its first) and of at least four. The Status
  // says which rule is broken: "ring 2: ...".
  Status add_polygon(std::span<const std::vector<GeoPoint>> rings);
  bool empty() const { return polygons_.empty(); }
  // A point on a border lies on that side of it which is north or east.
  bool contains(GeoPoint point) const;

 private:
  struct Vertex {
    int64_t x = 0;                     // longitude, unrolled along the ring
    int64_t y = 0;
  };
  using Ring = std::vector<Vertex>;
  static Status unroll(const std::vector<GeoPoint>& points, Ring& out);
  static bool inside(const Ring& ring, GeoPoint point);

  std::vector<std::vector<Ring>> polygons_;
  size_t points_ = 0;
};

}  // namespace nrid
