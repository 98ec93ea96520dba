// Regions: RFC 7946 MultiPolygons with exact borders.
#include "nrid/region.h"

#include <gtest/gtest.h>

#include "base/random.h"

namespace nrid {
namespace {

using Outline = std::vector<GeoPoint>;

GeoPoint at(double latitude, double longitude) { return {static_cast<int32_t>(latitude * 1e7), static_cast<int32_t>(longitude * 1e7)}; }
Outline box(double south, double west, double north, double east) {
  return {at(south, west), at(south, east), at(north, east), at(north, west), at(south, west)};
}
Region region(const std::vector<std::vector<Outline>>& polygons) {
  Region out;
  for (const auto& rings : polygons) {
    const Status status = out.add_polygon(rings);
    EXPECT_TRUE(status.ok()) << status.text();
  }
  return out;
}
std::string fault(const std::vector<Outline>& rings) {
  Region out;
  const Status status = out.add_polygon(rings);
  EXPECT_FALSE(status.ok());
  return status.text();
}

TEST(Region, InsideOutsideAndHoles) {
  const Region one = region({{box(47, 8, 48, 9), box(47.4, 8.4, 47.6, 8.6)}});
  EXPECT_TRUE(one.contains(at(47.1, 8.1)));
  EXPECT_FALSE(one.contains(at(47.5, 8.5))) << "in the hole";
  EXPECT_TRUE(one.contains(at(47.5, 8.7)));
  EXPECT_FALSE(one.contains(at(48.1, 8.5)));
  EXPECT_FALSE(one.contains(at(47.5, 7.9)));
  EXPECT_FALSE(one.contains(at(-47.5, 8.5)));
  EXPECT_FALSE(Region().contains(at(47.5, 8.5)));
}

TEST(Region, SeveralPolygons) {
  const Region two = region({{box(0, 0, 1, 1)}, {box(10, 10, 11, 11)}});
  EXPECT_TRUE(two.contains(at(0.5, 0.5)));
  EXPECT_TRUE(two.contains(at(10.5, 10.5)));
  EXPECT_FALSE(two.contains(at(5, 5)));
}

TEST(Region, ARingOverTheAntimeridianNeedsNoCut) {
  const Region fiji = region({{{at(-20, 177), at(-20, -178), at(-15, -178), at(-15, 177), at(-20, 177)}}});
  EXPECT_TRUE(fiji.contains(at(-17, 179)));
  EXPECT_TRUE(fiji.contains(at(-17, -179)));
  EXPECT_TRUE(fiji.contains(at(-17, 180)));
  EXPECT_TRUE(fiji.contains(at(-17, -180)));
  EXPECT_FALSE(fiji.contains(at(-17, 0)));
  EXPECT_FALSE(fiji.contains(at(-17, 176)));
  EXPECT_FALSE(fiji.contains(at(-17, -177)));
  const Region cut = region({{{at(-20, 177), at(-20, 180), at(-15, 180), at(-15, 177), at(-20, 177)}},
                             {{at(-20, -180), at(-20, -178), at(-15, -178), at(-15, -180), at(-20, -180)}}});
  for (double longitude = 176.05; longitude < 183; longitude += 0.1) {  // cut, as RFC 7946 section 3.1.9 advises, it is the same
    const GeoPoint point = at(-17, longitude > 180 ? longitude - 360 : longitude);
    EXPECT_EQ(fiji.contains(point), cut.contains(point)) << longitude;
  }
}

TEST(Region, TwoNeighboursShareNoPointAndLeaveNone) {
  const Outline west = {at(47, 8), at(47, 8.5), at(47.3, 8.4123457), at(47.71, 8.6), at(48, 8.5), at(48, 8), at(47, 8)};
  const Outline east = {at(47, 9), at(48, 9), at(48, 8.5), at(47.71, 8.6), at(47.3, 8.4123457), at(47, 8.5), at(47, 9)};
  const Region a = region({{west}}), b = region({{east}});
  SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    // Around the border, and on it at its corners.
    GeoPoint point = west[1 + static_cast<size_t>(random.below(4))];
    if (i % 5 != 0) point = {static_cast<int32_t>(470'000'001 + random.below(9'999'998)), static_cast<int32_t>(84'100'000 + random.below(1'900'001))};
    if (point.latitude_e7 >= 480'000'000 || point.latitude_e7 < 470'000'000) continue;  // the common north end belongs to neither
    EXPECT_NE(a.contains(point), b.contains(point)) << point.latitude_e7 << " " << point.longitude_e7;
  }
}

TEST(Region, WhatIsNoRegion) {
  EXPECT_EQ(fault({{at(0, 0), at(0, 1), at(0, 0)}}), "ring 1: 3 points, at least 4 are wanted");
  EXPECT_EQ(fault({{at(0, 0), at(0, 1), at(1, 1), at(1, 0)}}), "ring 1: not closed: its last point is not its first");
  EXPECT_EQ(fault({box(0, 0, 1, 1), {at(0, 0), at(0, 1), at(0, 2), at(0, 0)}}), "ring 2: encloses nothing");
  EXPECT_EQ(fault({{at(80, 0), at(80, 120), at(80, -120), at(80, 0)}}), "ring 1: goes round a pole");
  EXPECT_EQ(fault({{at(0, -90), at(0, 90), at(1, 90), at(0, -90)}}), "ring 1: an edge goes 180 degree round: east or west?");
  EXPECT_EQ(fault({}), "0 rings, 1..16 are allowed");
  EXPECT_EQ(fault(std::vector<Outline>(17, box(0, 0, 1, 1))), "17 rings, 1..16 are allowed");
  Outline many(kPointsMax, at(0, 0));
  many.push_back(at(0, 0));
  EXPECT_EQ(fault({many}), "more than 2048 points");
  Region full;
  for (size_t i = 0; i < kPolygonsMax; ++i) EXPECT_TRUE(full.add_polygon(std::vector<Outline>{box(0, 0, 1, 1)}).ok());
  EXPECT_FALSE(full.add_polygon(std::vector<Outline>{box(0, 0, 1, 1)}).ok());
}

}  // namespace
}  // namespace nrid
