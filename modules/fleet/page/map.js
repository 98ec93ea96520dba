// Leaflet: one marker, one label and one track tail per aircraft. The view fits the aircraft until a person touches the
// map; from then on it is theirs, and a button fits it again.
import { addGraticule } from "./graticule.js";
import { shortDet, metres } from "./text.js";

const kSvg = "http://www.w3.org/2000/svg";
const kColours = { verified: "#0f6b3c", c2: "#b86a06", lost: "#a3171f", ended: "#6b7783" };

function arrow() {
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("width", "30");
  svg.setAttribute("height", "30");
  svg.setAttribute("viewBox", "-15 -15 30 30");
  const halo = document.createElementNS(kSvg, "circle");
  halo.setAttribute("class", "halo");
  halo.setAttribute("r", "14");
  const shape = document.createElementNS(kSvg, "path");
  svg.append(halo, shape);
  return { svg, shape };
}

function fitSign() {
  const svg = document.createElementNS(kSvg, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  const corners = document.createElementNS(kSvg, "path");
  corners.setAttribute("d", "M1 5V1h4M11 1h4v4M15 11v4h-4M5 15H1v-4M8 6.5a1.5 1.5 0 1 0 .01 0z");
  svg.append(corners);
  return svg;
}

class Craft {
  constructor(det, map, select) {
    const { svg, shape } = arrow();
    this.shape = shape;
    this.label = document.createElement("span");
    this.label.className = "craft-label";
    this.box = document.createElement("div");
    this.box.className = "craft";
    this.box.dataset.det = det;
    this.box.title = det;
    this.box.append(svg, this.label);
    const icon = L.divIcon({ className: "craft-icon", html: this.box, iconSize: [30, 30], iconAnchor: [15, 15] });
    this.marker = L.marker([0, 0], { icon, keyboard: true, title: det, alt: `Aircraft ${det}` });
    this.marker.on("click", () => select(det));
    this.tail = L.polyline([], { weight: 3, opacity: 0.55, interactive: false });
    this.map = map;
  }

  draw(flight, point, selected) {
    const { trust, trust_state: trustState, state, track_deg: track, altitude_geodetic_m: altitude } = flight.properties;
    const place = [point[1], point[0]];
    this.marker.setLatLng(place);
    if (!this.map.hasLayer(this.marker)) {
      this.tail.addTo(this.map);
      this.marker.addTo(this.map);
    }
    // A known direction is an arrow, an unknown one a dot.
    this.shape.setAttribute("d", track === null ? "M0-7a7 7 0 1 0 .01 0z" : "M0-13L8.5 10 0 5.5-8.5 10z");
    this.shape.setAttribute("transform", `rotate(${track ?? 0})`);
    this.label.textContent = `${shortDet(flight.det)}  ${metres(altitude)}`;
    Object.assign(this.box.dataset, { trust, trustState, state, selected: String(selected), lat: place[0], lon: place[1] });
    this.tail.setLatLngs(flight.track.map(([longitude, latitude]) => [latitude, longitude]));
    this.tail.setStyle({ color: kColours[state] ?? kColours[trust] ?? kColours.ended });
    this.marker.setZIndexOffset(selected ? 1000 : 0);
  }

  remove() {
    this.marker.remove();
    this.tail.remove();
  }
}

export class FleetMap {
  constructor(host, frame, select) {
    this.select = select;
    this.crafts = new Map();
    this.touched = false;
    const box = frame.make("div", { role: "application", "aria-label": "Map of aircraft" });
    host.append(box);
    this.map = L.map(box, { attributionControl: false, minZoom: 2, maxZoom: 20, center: [20, 0], zoom: 2, zoomSnap: 0.5 });
    addGraticule(this.map, host);
    L.control.scale({ maxWidth: 140 }).addTo(this.map);
    this.addFitButton(frame);
    for (const event of ["pointerdown", "wheel", "keydown", "touchstart"]) {
      box.addEventListener(event, () => { this.touched = true; }, { passive: true });
    }
    new ResizeObserver(() => this.map.invalidateSize({ pan: false })).observe(host);
  }

  addFitButton(frame) {
    const button = frame.make("button", { type: "button", class: "fleet-fit", title: "Fit all aircraft", "aria-label": "Fit all aircraft" }, fitSign());
    L.DomEvent.disableClickPropagation(button);
    button.addEventListener("click", () => {
      this.touched = false;
      this.fit(this.points, true);
    });
    const Fit = L.Control.extend({ onAdd: () => frame.make("div", { class: "leaflet-bar" }, button) });
    new Fit({ position: "topleft" }).addTo(this.map);
  }

  draw(flights, selected, now, live) {
    const seen = new Set();
    this.points = [];
    for (const flight of flights) {
      const point = flight.position(now, live);
      if (!point) continue;
      seen.add(flight.det);
      if (!this.crafts.has(flight.det)) this.crafts.set(flight.det, new Craft(flight.det, this.map, this.select));
      this.crafts.get(flight.det).draw(flight, point, flight.det === selected);
      this.points.push([point[1], point[0]]);
      for (const [longitude, latitude] of flight.track) this.points.push([latitude, longitude]);
    }
    for (const [det, craft] of this.crafts) {
      if (seen.has(det)) continue;
      craft.remove();
      this.crafts.delete(det);
    }
    if (!this.touched) this.fit(this.points, false);
  }

  // Without force only when an aircraft is outside the view, or none was fitted yet.
  fit(points, force) {
    if (!points?.length) return;
    const bounds = L.latLngBounds(points);
    if (!force && this.fitted && this.map.getBounds().contains(bounds)) return;
    this.fitted = true;
    this.map.fitBounds(bounds.pad(0.25), { maxZoom: 16, animate: false, padding: [40, 40] });
  }

  show(point) {
    if (!point) return;
    this.touched = true;
    if (!this.map.getBounds().contains([point[1], point[0]])) this.map.panTo([point[1], point[0]]);
  }
}
