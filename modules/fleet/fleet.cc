#include "modules/fleet/fleet.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "modules/fleet/geojson.h"

namespace nrid::fleet {
namespace {

constexpr SettingInfo kRows[] = {
    {"fleet", "aircraft_max", SettingKind::integer, "", 1, 1'000'000, "10000",
     "aircraft held at once; when full, the one heard least recently is given up"},
    {"fleet", "track_points_max", SettingKind::integer, "", 2, 600, "600", "points of one track of 60 s"},
};

constexpr Duration kEndedShown = seconds(60);         // NET0610: a flight is found during flight and 60 s more
constexpr Duration kAnnounceEvery = milliseconds(450);  // pages hear an aircraft at most about twice a second
constexpr Duration kPublishEvery = milliseconds(100);
constexpr size_t kPublishAlways = 256;                // so few flights are published with every batch
constexpr Duration kFutureMax = seconds(10);          // a sample this far ahead would hold back all that follow it

bool positioned(const Sighting& sighting) {
  return sighting.location && sighting.location->latitude_e7 && sighting.location->longitude_e7;
}

bool from_future(const Sighting& sighting) { return sighting.sampled - sighting.received > kFutureMax; }

// A newer position than the one shown.
bool moves(const LiveFlight& flight, const Sighting& sighting) {
  return positioned(sighting) && !from_future(sighting) && (!flight.location || sighting.sampled > flight.sampled);
}

}  // namespace

struct Fleet::Record {
  LiveFlight flight;
  std::shared_ptr<const LiveFlight> published;        // null: changed since
  Tick announced_at;
  bool announce_due = false;
};

struct Fleet::Tally {
  struct Row { std::string_view name; std::string_view text; std::atomic<uint64_t> Tally::*cell; };
  std::atomic<uint64_t> positions{0}, contacts{0}, late{0}, future{0}, after_end{0}, c2_held_back{0}, evicted{0};
  static const Row kRows[7];
};

const Fleet::Tally::Row Fleet::Tally::kRows[7] = {
    {"fleet_positions", "positions taken into the live picture", &Tally::positions},
    {"fleet_contacts", "sightings without a newer position: contact only", &Tally::contacts},
    {"fleet_late", "sightings later than the reorder window, kept off the live picture", &Tally::late},
    {"fleet_future", "positions sampled over 10 s ahead of their reception, not shown", &Tally::future},
    {"fleet_after_end", "sightings of an operation that has ended", &Tally::after_end},
    {"fleet_c2_held_back", "positions that only a gateway vouches for, while a verified one was current", &Tally::c2_held_back},
    {"fleet_evicted", "aircraft given up because aircraft_max was reached", &Tally::evicted},
};

std::string_view to_word(FlightState state) {
  switch (state) {
    case FlightState::starting: return "starting";
    case FlightState::active: return "active";
    case FlightState::lost: return "lost";
    case FlightState::ended: return "ended";
  }
  return "ended";
}

std::shared_ptr<const LiveFlight> FlightsSnapshot::find(const Det& ua) const {
  const auto found = std::lower_bound(flights.begin(), flights.end(), ua,
                                   [](const auto& flight, const Det& det) { return flight->ua < det; });
  return found != flights.end() && (*found)->ua == ua ? *found : nullptr;
}

Fleet::Fleet(const Clock& clock)
    : clock_(clock), tally_(std::make_unique<Tally>()), snapshot_(std::make_shared<FlightsSnapshot>()) {}
Fleet::~Fleet() = default;

std::span<const SettingInfo> Fleet::settings_rows() { return kRows; }

Status Fleet::start(ModuleHost& host) {
  host_ = &host;
  // A host without a settings file (simulation) leaves the defaults, which are those of the table.
  if (const auto section = host.settings("fleet"); section.ok()) {
    aircraft_max_ = static_cast<size_t>(section->integer("aircraft_max"));
    track_points_max_ = static_cast<size_t>(section->integer("track_points_max"));
  }
  for (const Tally::Row& row : Tally::kRows) {
    host.add_counter(row.name, row.text, [this, cell = row.cell] { return (tally_.get()->*cell).load(std::memory_order_relaxed); });
  }
  add_routes(host);
  host.add_page_part("fleet", {"Live map", "fleet.js", "fleet.css"});
  return {};
}

void Fleet::add_routes(ModuleHost& host) {
  const auto json = [](std::string body) {
    HttpResponse response;
    response.content_type = "application/geo+json";
    response.body = std::move(body);
    return response;
  };
  const auto refused = [](int status, std::string_view word, std::string_view detail) {
    HttpResponse response;
    response.status = status;
    response.body = "{\"error\":" + json_string(word) + ",\"detail\":" + json_string(detail) + "}\n";
    return response;
  };
  std::vector<Route> routes;
  routes.push_back({"GET", "/api/flights", Role::viewer, "all flights as a GeoJSON FeatureCollection; ?track=0 leaves the tracks out",
                    [this, json](const HttpRequest& request) {
                      const auto track = request.query.find("track");
                      const bool without = track != request.query.end() && track->second == "0";
                      return json(collection_json(*snapshot(), clock_.now().wall, without ? WithTrack::no : WithTrack::yes));
                    }});
  routes.push_back({"GET", "/api/flights/{det}", Role::viewer, "one flight as a GeoJSON Feature",
                    [this, json, refused](const HttpRequest& request) {
                      const auto det = det_from_text(request.parameters.at("det"));
                      if (!det) return refused(400, "bad_det", "a DET is 32 hex digits or an IPv6 address");
                      const auto flight = snapshot()->find(*det);
                      if (!flight) return refused(404, "unknown_flight", "no flight of " + to_text(*det) + " in the last 60 s");
                      return json(feature_json(*flight, clock_.now().wall, WithTrack::yes) + "\n");
                    }});
  host.add_routes("fleet", std::move(routes));
}

// -- what the server tells us

void Fleet::on_sightings(std::span<const Sighting> batch) {
  const Now now = clock_.now();
  for (const Sighting& sighting : batch) take(sighting, now);
  publish(now, false);
}

void Fleet::take(const Sighting& sighting, Now now) {
  if (sighting.late) {
    ++tally_->late;
    return;
  }
  const auto record = record_of(sighting.ua, sighting.gateway, sighting.operation, now);
  LiveFlight& flight = record->flight;
  if (flight.state == FlightState::ended) {
    ++tally_->after_end;
    return;
  }
  records_.splice(records_.end(), records_, record);
  flight.received = std::max(flight.received, sighting.received);
  record->published = nullptr;
  dirty_ = true;

  // What only the gateway vouches for never replaces what the aircraft signed: not while that is current, and later only
  // together with a position that carries its own verdict. The other way round, its texts go with it.
  const bool below = sighting.verdict == Verdict::c2 && flight.verdict == Verdict::verified && flight.location;
  if (below && (flight.current_at(now.wall) || !moves(flight, sighting))) {
    ++tally_->c2_held_back;
    return;
  }
  if (sighting.verdict != flight.verdict) {
    flight.basic_ids.clear();
    flight.self_id.reset();
    flight.system.reset();
    flight.operator_id.reset();
  }
  if (sighting.basic_id) {
    auto& ids = flight.basic_ids;
    const auto same = std::find_if(ids.begin(), ids.end(), [&](const rid::BasicId& id) { return id.id_type == sighting.basic_id->id_type; });
    if (same == ids.end()) ids.push_back(*sighting.basic_id);
    else *same = *sighting.basic_id;
  }
  if (sighting.self_id) flight.self_id = sighting.self_id;
  if (sighting.system) flight.system = sighting.system;
  if (sighting.operator_id) flight.operator_id = sighting.operator_id;
  if (take_location(*record, sighting)) {
    ++tally_->positions;
    announce_position(*record, now);
  } else {
    ++tally_->contacts;
  }
}

// True when the aircraft has a newer position than before.
bool Fleet::take_location(Record& record, const Sighting& sighting) {
  LiveFlight& flight = record.flight;
  const bool known = flight.location.has_value();
  if (positioned(sighting) && from_future(sighting)) ++tally_->future;
  const bool newer = moves(flight, sighting);
  if (newer || !known) {  // verdict and evidence stand for the position that is shown
    flight.gateway = sighting.gateway;
    flight.verdict = sighting.verdict;
    flight.trust = sighting.trust;
    flight.origin = sighting.origin;
    flight.evidence = *sighting.evidence;
    flight.signed_at = sighting.signed_at;
    flight.anomaly = sighting.anomaly;
  }
  if (!newer) {
    // An emergency is told also without a position; a resent pack tells nothing new.
    if (known && sighting.location && !positioned(sighting)) flight.location->status = sighting.location->status;
    return false;
  }
  flight.location = sighting.location;
  flight.sampled = sighting.sampled;
  add_to_track(flight, sighting);
  return true;
}

void Fleet::add_to_track(LiveFlight& flight, const Sighting& sighting) {
  auto& track = flight.track;
  const auto fresh = std::find_if(track.begin(), track.end(),
                                  [&](const TrackPoint& point) { return sighting.sampled - point.sampled <= kNearRealTime; });
  track.erase(track.begin(), fresh);
  if (track.size() >= track_points_max_) track.erase(track.begin());
  track.push_back({sighting.sampled, *sighting.location->latitude_e7, *sighting.location->longitude_e7,
                   sighting.location->geodetic_altitude_dm, sighting.anomaly});
}

void Fleet::on_event(const FlightEvent& event) {
  const Now now = clock_.now();
  std::optional<FlightState> state;
  switch (event.kind) {
    case FlightEventKind::started: state = FlightState::starting; break;
    case FlightEventKind::active: state = FlightState::active; break;
    case FlightEventKind::lost: state = FlightState::lost; break;
    case FlightEventKind::recovered: state = FlightState::active; break;
    case FlightEventKind::moved:                            // it is another provider's now; back here it is active again
    case FlightEventKind::ended:
    case FlightEventKind::abandoned: state = FlightState::ended; break;
    case FlightEventKind::redirected:
    case FlightEventKind::contradicted:
    case FlightEventKind::static_changed: break;            // a fact to show, not a state
    case FlightEventKind::not_owner:
    case FlightEventKind::revoked:
    case FlightEventKind::unverifiable:
    case FlightEventKind::confirmed:                        // what it confirms was shown already
    case FlightEventKind::eoo_unknown: return;              // somebody tried; no flight of ours changed
  }
  const bool known = by_det_.contains(event.ua);
  if (!known && state != FlightState::starting && state != FlightState::active) return;
  const auto record = record_of(event.ua, event.gateway, event.operation, now);
  LiveFlight& flight = record->flight;
  if (flight.operation != event.operation) return;          // an older operation of this aircraft
  if (state && *state != flight.state) {
    flight.state = *state;
    flight.state_since = event.at;
  }
  if (event.kind == FlightEventKind::contradicted) flight.trust = contradicted(flight.trust);
  flight.detail = event.kind == FlightEventKind::started || event.detail.empty() ? event.detail
                                                                                 : std::string(nrid::to_word(event.kind)) + ": " + event.detail;
  record->published = nullptr;
  dirty_ = true;
  announce_state(*record, flight.detail);
  publish(now, false);
}

void Fleet::on_tick(Instant) {
  const Now now = clock_.now();
  for (auto record = records_.begin(); record != records_.end();) {
    const auto here = record++;
    const LiveFlight& flight = here->flight;
    if (flight.state == FlightState::ended && now.wall - flight.state_since > kEndedShown) {
      remove(here, "ended over 60 s ago");
    } else if (here->announce_due) {
      announce_position(*here, now);
    }
  }
  publish(now, true);
}

// -- the table

Fleet::Records::iterator Fleet::record_of(const Det& ua, const Det& gateway, uint64_t operation, Now now) {
  const auto at = by_det_.find(ua);
  if (at != by_det_.end()) {
    LiveFlight& flight = at->second->flight;
    if (operation > flight.operation) {                     // the aircraft flies again: nothing of the old flight stays
      flight = LiveFlight{};
      flight.ua = ua;
      flight.gateway = gateway;
      flight.operation = operation;
      flight.state_since = flight.received = now.wall;
    }
    return at->second;
  }
  if (records_.size() >= aircraft_max_) {
    ++tally_->evicted;
    remove(records_.begin(), "given up: aircraft_max reached");
  }
  records_.emplace_back();
  const auto record = std::prev(records_.end());
  record->flight.ua = ua;
  record->flight.gateway = gateway;
  record->flight.operation = operation;
  record->flight.state_since = record->flight.received = now.wall;
  by_det_.emplace(ua, record);
  return record;
}

void Fleet::remove(Records::iterator record, std::string_view detail) {
  if (host_) host_->events().publish("flight", state_json(record->flight, true, detail));
  by_det_.erase(record->flight.ua);
  records_.erase(record);
  dirty_ = true;
}

void Fleet::announce_position(Record& record, Now now) {
  record.announce_due = now.tick - record.announced_at < kAnnounceEvery && record.announced_at != Tick{};
  if (record.announce_due || !host_) return;                // the tick brings what waits
  record.announced_at = now.tick;
  host_->events().publish("position", feature_json(record.flight, now.wall, WithTrack::no));
}

void Fleet::announce_state(Record& record, std::string_view detail) {
  if (host_) host_->events().publish("flight", state_json(record.flight, false, detail));
}

// -- what web threads read

void Fleet::publish(Now now, bool at_once) {
  if (!dirty_) return;
  if (!at_once && records_.size() > kPublishAlways && now.tick - published_at_ < kPublishEvery) return;
  auto next = std::make_shared<FlightsSnapshot>();
  next->at = now.wall;
  next->flights.reserve(by_det_.size());
  for (const auto& entry : by_det_) {
    Record& record = *entry.second;
    if (!record.published) record.published = std::make_shared<const LiveFlight>(record.flight);
    next->flights.push_back(record.published);
  }
  dirty_ = false;
  published_at_ = now.tick;
  const std::lock_guard lock(snapshot_mutex_);
  snapshot_ = std::move(next);
}

std::shared_ptr<const FlightsSnapshot> Fleet::snapshot() const {
  const std::lock_guard lock(snapshot_mutex_);
  return snapshot_;
}

}  // namespace nrid::fleet
