// The live map and the list beside it. State is one Map of GeoJSON features by DET, filled from GET /api/flights and kept
// up to date by the events `position` and `flight`. Drawing happens once per frame at most. Text from aircraft reaches
// the page as text nodes only.
import { FleetMap } from "./map.js";
import { FleetList } from "./list.js";

export const kNearRealTimeMs = 60_000; // F3411-22a: older positions are not shown as current

export class Flight {
  constructor(feature) {
    this.track = [];
    this.take(feature);
    this.track = feature.properties.track ?? [];
  }

  // A feature without a track (an event) adds its own position to the track that is here already.
  take(feature) {
    const older = this.properties && (feature.properties.sampled ?? "") < (this.properties.sampled ?? "");
    if (older) return;
    const moved = feature.properties.sampled !== this.properties?.sampled;
    this.properties = feature.properties;
    this.point = feature.geometry?.coordinates ?? null;
    if (moved && this.point) {
      const [longitude, latitude, altitude] = this.point;
      this.track.push([longitude, latitude, altitude ?? null, feature.properties.sampled]);
    }
  }

  get det() { return this.properties.det; }

  age(at, now) { return at ? Math.max(0, now - Date.parse(at)) : Infinity; }

  // While the connection is lost the last picture stays, marked as old; only a live page lets positions expire.
  position(now, live) {
    return this.point && (!live || this.age(this.properties.sampled, now) <= kNearRealTimeMs) ? this.point : null;
  }

  trim(now) {
    while (this.track.length && this.age(this.track[0][3], now) > kNearRealTimeMs) this.track.shift();
  }
}

export function mount(root, frame) {
  const flights = new Map();
  const mapHost = frame.make("div", { class: "fleet-map" });
  const side = frame.make("aside", { class: "fleet-side", "aria-label": "Aircraft" });
  root.append(frame.make("div", { class: "fleet" }, mapHost, side));

  let selected = null;
  let drawn = false;
  const select = (det) => {
    selected = selected === det ? null : det;
    draw();
    if (selected) list.reveal(selected);
  };
  const map = new FleetMap(mapHost, frame, select);
  const list = new FleetList(side, frame, (det) => {
    select(det);
    const flight = flights.get(selected);
    if (flight) map.show(flight.position(frame.now(), frame.isLive()));
  });

  function drawNow() {
    drawn = false;
    const now = frame.now();
    const live = frame.isLive();
    const rows = [...flights.values()].sort((a, b) => (a.det < b.det ? -1 : 1));
    if (live) for (const flight of rows) flight.trim(now);
    map.draw(rows, selected, now, live);
    list.draw(rows, selected, now, live);
    document.documentElement.dataset.flights = String(rows.length);
  }
  function draw() {
    if (drawn) return;
    drawn = true;
    requestAnimationFrame(drawNow);
  }

  frame.onResync(async () => {
    const answer = await fetch("/api/flights", { cache: "no-store" });
    if (!answer.ok) throw new Error(`/api/flights answered ${answer.status}`);
    const collection = await answer.json();
    flights.clear();
    for (const feature of collection.features) flights.set(feature.properties.det, new Flight(feature));
    draw();
  });
  frame.on("position", (feature) => {
    const { det, operation } = feature.properties;
    const flight = flights.get(det);
    if (flight && flight.properties.operation === operation) flight.take(feature);
    else flights.set(det, new Flight(feature));
    draw();
  });
  frame.on("flight", (change) => {
    const flight = flights.get(change.det);
    if (!flight) return;
    if (change.removed) {
      flights.delete(change.det);
    } else if (flight.properties.operation === change.operation) {
      Object.assign(flight.properties, { state: change.state, state_since: change.state_since, detail: change.detail });
    }
    draw();
  });
  frame.onLink(draw);
  setInterval(draw, 1000); // ages
}
