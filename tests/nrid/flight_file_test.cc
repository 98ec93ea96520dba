// Flight files: exact positions, clear refusals, cut files, and the sample flights of examples/ and of InterUSS.
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/nrid/flight_laws.h"

namespace nrid {
namespace {

std::string root() { return std::string(NRID_VECTORS) + "/../.."; }
std::string interuss(const char* name) { return root() + "/tests/data/flights/" + name; }

std::string csv_failure(std::string_view text) {
  const auto flights = parse_flight_csv(text, "f.csv");
  return flights.ok() ? "accepted" : flights.text();
}
std::string kml_failure(const std::string& inside) {
  const auto flights = parse_flight_kml("<kml xmlns=\"http://www.opengis.net/kml/2.2\" xmlns:gx=\"http://www.google.com/kml/ext/2.2\">" + inside + "</kml>", "f.kml");
  return flights.ok() ? "accepted" : flights.text();
}

TEST(Decimal, IsExact) {
  EXPECT_EQ(parse_decimal("-77.55585786189934", 7), -775'558'579);
  EXPECT_EQ(parse_decimal("47.3900001", 7), 473'900'001);
  EXPECT_EQ(parse_decimal("0.00000005", 7), 1);
  EXPECT_EQ(parse_decimal("0.00000004999", 7), 0);
  EXPECT_EQ(parse_decimal("-0.00000005", 7), -1);
  EXPECT_EQ(parse_decimal(" +8 ", 7), 80'000'000);
  EXPECT_EQ(parse_decimal("179.9999999", 7), 1'799'999'999);
  for (const std::string_view bad : {"", "-", "+", ".", "1.", ".5", "1e5", "nan", "0x10", "1,5", "1 2", "--1", "123456789012", "1.2.3"}) {
    EXPECT_FALSE(parse_decimal(bad, 7)) << bad;
  }
}

TEST(FlightCsv, ColumnsInAnyOrderAndDerivedValues) {
  const auto flights = parse_flight_csv("# name: test\n# operator_id: OP1\n# operator_location: 47.1,8.2,400.5\nlat,extra,t_s,lon,alt_m\n"
                                        "47.3900001,x,10,8.5400001,500\n47.3901001,y,11.5,8.5400001,503\n", "f.csv");
  ASSERT_TRUE(flights.ok()) << flights.text();
  const Flight& flight = flights->front();
  EXPECT_EQ(flight.name, "test");
  EXPECT_EQ(flight.operator_id, "OP1");
  EXPECT_EQ(flight.operator_position, (OperatorPosition{471'000'000, 82'000'000, 4005}));
  ASSERT_EQ(flight.samples.size(), 2U);
  EXPECT_EQ(flight.samples[0].latitude_e7, 473'900'001);
  EXPECT_EQ(flight.samples[1].t_ms, 1500);
  EXPECT_EQ(flight.samples[0].track_deg, 0);
  EXPECT_NEAR(*flight.samples[0].speed_cmps, 741, 1);  // 11.12 m in 1.5 s
  EXPECT_EQ(flight.samples[0].vertical_speed_cmps, 200);
  EXPECT_EQ(flight.samples[1].height_dm, 30);
}

TEST(FlightCsv, RefusalsNameFileLineValueAndWhatIsAllowed) {
  const std::string head = "t_s,lat,lon,speed_mps,status\n0,1,2,3,airborne\n";
  EXPECT_EQ(csv_failure(""), "f.csv: no header row; it names the columns t_s, lat, lon, ...");
  EXPECT_EQ(csv_failure("t_s,lat\n"), "f.csv:1: header row without column lon; required are t_s, lat, lon");
  EXPECT_EQ(csv_failure("t_s,lat,lon,lat\n"), "f.csv:1: column lat twice");
  EXPECT_EQ(csv_failure("t_s,lat,lon\n"), "f.csv: no samples after the header row");
  EXPECT_EQ(csv_failure(head + "1,91,2,3,airborne\n"), "f.csv:3: lat \"91\": degrees, -90 to 90");
  EXPECT_EQ(csv_failure(head + "1,1,180.0000001,3,airborne\n"), "f.csv:3: lon \"180.0000001\": degrees, -180 to 180");
  EXPECT_EQ(csv_failure(head + "1,x,2,3,airborne\n"), "f.csv:3: lat \"x\": degrees, -90 to 90");
  EXPECT_EQ(csv_failure(head + "1,1,2,-1,airborne\n"), "f.csv:3: speed_mps \"-1\": metres a second, 0 to 254.25");
  EXPECT_EQ(csv_failure(head + "1,1,2,3,flying\n"), "f.csv:3: status \"flying\": undeclared, ground, airborne, emergency or rid_failure");
  EXPECT_EQ(csv_failure(head + "0,1,2,3,airborne\n"), "f.csv:3: t_s is not later than in the row before");
  EXPECT_EQ(csv_failure(head + "1,1,2,3\n"), "f.csv:3: fewer cells than the 5 of the header row");
  EXPECT_EQ(csv_failure(head + "1,1,2,3,airborne,6\n"), "f.csv:3: more cells than the 5 of the header row");
  EXPECT_EQ(csv_failure(head + "86401,1,2,3,airborne\n").substr(0, 22), "f.csv:3: t_s \"86401\": ");
  EXPECT_EQ(csv_failure("# operator_location: 47.1\n").substr(0, 33), "f.csv:1: operator_location \"47.1\"");
}

TEST(FlightFile, FillingKeepsTheSamplesOfTheFile) {
  const auto flights = parse_flight_csv("t_s,lat,lon\n0,10.0000000,-179.9999990\n3,10.0000030,179.9999990\n3.4,10,10\n", "f.csv");
  ASSERT_TRUE(flights.ok());
  const auto filled = fill_to_1hz(flights->front());
  ASSERT_TRUE(filled.ok());
  ASSERT_EQ(filled->samples.size(), 5U);
  EXPECT_EQ(filled->samples[1].latitude_e7, 100'000'010);
  EXPECT_EQ(filled->samples[1].longitude_e7, -1'799'999'997);  // the short way, over the 180th meridian
  EXPECT_FALSE(filled->samples[1].from_file);
  EXPECT_EQ(filled->samples[3].longitude_e7, 1'799'999'990);
  EXPECT_TRUE(filled->samples[3].from_file);
  check_flights(*flights);
}

// Found by fuzzing: a flight from a summit down by more than a kilometre had a height that no Location can say.
TEST(FlightFile, AHeightThatF3411CannotHoldIsUnknown) {
  const auto flights = parse_flight_csv("t_s,lat,lon,alt_m\n0,47,8,4500\n60,47,8.001,3500.5\n120,47,8.002,3500\n180,47,8.003,555\n", "f.csv");
  ASSERT_TRUE(flights.ok()) << flights.text();
  const auto said = [&](size_t i) { return to_location(flights->front().samples[i], at_second(1'780'315'200)).height_dm; };
  EXPECT_EQ(said(1), -9995);
  EXPECT_EQ(said(2), std::nullopt);  // -1000 m is F3411's word for unknown
  EXPECT_EQ(said(3), std::nullopt);
  check_flights(*flights);
}

TEST(FlightFile, APositionThatF3411CannotSayIsUnknown) {
  const auto flights = parse_flight_csv("t_s,lat,lon,alt_m\n0,0,-0.001,45\n10,0,0,45\n20,0,0.001,45\n", "f.csv");
  ASSERT_TRUE(flights.ok()) << flights.text();
  const auto& samples = flights->front().samples;
  EXPECT_EQ(to_location(samples[1], at_second(1'780'315'200)).latitude_e7, std::nullopt);
  EXPECT_EQ(to_location(samples[2], at_second(1'780'315'200)).longitude_e7, 10'000);
  check_flights(*flights);
}

TEST(FlightFile, ExamplesAreWhatTheyLookLike) {
  for (const char* name : {"delivery.csv", "crossing.csv", "survey.kml"}) {
    const auto flights = read_flight_file(root() + "/examples/flights/" + name);
    ASSERT_TRUE(flights.ok()) << flights.text();
    ASSERT_EQ(flights->size(), 1U);
    check_flights(*flights);
    const Flight& flight = flights->front();
    EXPECT_GE(flight.samples.back().t_ms, 180'000) << name;
    EXPECT_LE(flight.samples.back().t_ms, 320'000) << name;
    EXPECT_FALSE(flight.serial_number.empty());
    EXPECT_TRUE(flight.operator_position.has_value());
    EXPECT_EQ(fill_to_1hz(flight)->samples.size(), flight.samples.size()) << "already at 1 Hz";
    for (const FlightSample& sample : flight.samples) EXPECT_LE(*sample.speed_cmps, 1600U);
    EXPECT_EQ(flight.samples.front().status, static_cast<uint8_t>(rid::Status::ground));
    EXPECT_EQ(flight.samples[60].status, static_cast<uint8_t>(rid::Status::airborne));
  }
}

TEST(FlightKml, InterUssFlights) {
  const auto dc = read_flight_file(interuss("dcdemo__interuss-monitoring@0361389.kml"));
  ASSERT_TRUE(dc.ok()) << dc.text();
  ASSERT_EQ(dc->size(), 3U);
  check_flights(*dc);
  const Flight& north = dc->front();
  EXPECT_EQ(north.name, "test_flight_north");
  EXPECT_EQ(north.serial_number, "21206Y824YZ");
  EXPECT_EQ(north.operator_id, "OP-d7p4o3l2");
  EXPECT_EQ(north.aircraft_type, "Helicopter");
  EXPECT_EQ(north.operator_position, (OperatorPosition{390'789'153, -775'554'288, 1155}));
  EXPECT_EQ(north.samples.front().latitude_e7, 390'794'626);
  EXPECT_EQ(north.samples.front().longitude_e7, -775'558'579);
  for (const FlightSample& sample : north.samples) {
    EXPECT_GE(*sample.altitude_dm, 1160 - 1);
    EXPECT_LE(*sample.altitude_dm, 1400 + 1);
    EXPECT_LE(*sample.speed_cmps, 1000U);
  }
  const auto kentland = read_flight_file(interuss("kentland_rid__interuss-monitoring@0361389.kml"));
  ASSERT_TRUE(kentland.ok()) << kentland.text();
  check_flights(*kentland);
  EXPECT_EQ(choose_flight(*kentland, "dairy circle")->serial_number, "MNFR5FAKE2");
  EXPECT_EQ(choose_flight(*kentland, "2")->name, "dairy circle");
  EXPECT_EQ(choose_flight(*kentland, "")->name, "south u");
  EXPECT_EQ(choose_flight(*kentland, "x").text(), "no flight \"x\"; there are 1 \"south u\", 2 \"dairy circle\"");
}

TEST(FlightKml, Refusals) {
  EXPECT_EQ(kml_failure("<Document/>"), "f.kml: no flight: neither a gx:Track nor a LineString in it");
  const auto placemark = [](const std::string& geometry) { return "<Placemark>" + geometry + "</Placemark>"; };
  EXPECT_EQ(kml_failure(placemark("<LineString/>")), "f.kml:1: <LineString> without coordinates");
  EXPECT_EQ(kml_failure(placemark("<LineString><coordinates>8,91</coordinates></LineString>")),
            "f.kml:1: coordinate \"8,91\": longitude -180 to 180, latitude -90 to 90, altitude in metres");
  EXPECT_EQ(kml_failure(placemark("<gx:Track><when>2026-05-01T09:00:00Z</when></gx:Track>")), "f.kml:1: gx:Track with 1 <when> and 0 <gx:coord>");
  EXPECT_EQ(kml_failure(placemark("<gx:Track><when>yesterday</when><gx:coord>8 47 1</gx:coord></gx:Track>")),
            "f.kml:1: <when> \"yesterday\": as in 2026-05-01T12:00:00Z");
  EXPECT_EQ(kml_failure("<Folder><name>flight: a</name></Folder>"), "f.kml:1: flight \"a\" has neither LineString nor gx:Track");
  EXPECT_EQ(kml_failure("<Folder><name>flight: a</name><Placemark><name>speed: fast</name><Polygon><outerBoundaryIs><LinearRing><coordinates>1,1 2,2 1,2"
                        "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark></Folder>"),
            "f.kml:1: \"speed: fast\": the speed in brackets, 0.1 to 254.25 m/s");
  EXPECT_NE(kml_failure("<Document>"), "accepted");
}

TEST(FlightFile, WhatIsNotThereOrNoFlightFile) {
  EXPECT_EQ(read_flight_file("x.gpx").text(), "x.gpx: flight files end in .csv or .kml");
  EXPECT_FALSE(read_flight_file("/nonexistent/x.csv").ok());
}

TEST(FlightFile, CutAtEveryOctetIsRefusedOrWhole) {
  const std::string csv = "# name: a\nt_s,lat,lon,alt_m\n0,47.39,8.54,455\n1,47.3900100,8.5400100,456.5\n2,47.3900200,8.54,457\n";
  for (size_t size = 0; size < csv.size(); ++size) {
    const auto flights = parse_flight_csv(std::string_view(csv).substr(0, size), "f.csv");
    if (flights.ok()) {
      check_flights(*flights);
    } else {
      EXPECT_FALSE(flights.text().empty());
    }
  }
  const std::string kml = "<kml xmlns:gx=\"http://www.google.com/kml/ext/2.2\"><Placemark><name>a</name><gx:Track><when>2026-05-01T09:00:00Z</when>"
                          "<when>2026-05-01T11:00:01.5+02:00</when><gx:coord>8.54 47.39 455</gx:coord><gx:coord>8.5401 47.39 456</gx:coord></gx:Track>"
                          "</Placemark></kml>";
  const auto whole = parse_flight_kml(kml, "f.kml");
  ASSERT_TRUE(whole.ok()) << whole.text();
  EXPECT_EQ(whole->front().samples[1].t_ms, 1500);
  for (size_t size = 0; size + 1 < kml.size(); ++size) EXPECT_FALSE(parse_flight_kml(std::string_view(kml).substr(0, size), "f.kml").ok()) << size;
}

}  // namespace
}  // namespace nrid
