// The list beside the map: one card per aircraft, the selected one with everything that is known.
import { age, clock, direction, exactMetres, kUnknown, metres, place, shortDet, speed } from "./text.js";

const kCardsMax = 200; // more are reached with the filter
const kTrustWords = { none: "gateway only", verified: "verified", trusted: "verified", questionable: "questionable", conflicting: "conflicting" };
const kContradicted = "and then one came that was not the aircraft's, from a gateway that may speak for it";
const kTrustText = {
  none: "Only the gateway's signature holds: the aircraft did not sign",
  verified: "Both signatures hold, and the aircraft was registered here",
  trusted: "Both signatures hold, and the key's chain ends in a configured trust anchor",
  questionable: `Both signatures held for what is shown, the aircraft was registered here, ${kContradicted}`,
  conflicting: `Both signatures held for what is shown, the key's chain ends in a configured trust anchor, ${kContradicted}`,
};
const kOrigins = { aircraft: "aircraft, sent by itself", relayed: "aircraft, relayed by its gateway", c2: "gateway (C2 link)" };

// Writes only what changed, so that a screen reader and a text selection stay where they are.
function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

class Card {
  constructor(det, frame, select) {
    const { make } = frame;
    this.frame = frame;
    this.det = make("span", { class: "card-det", title: det }, shortDet(det));
    this.state = make("span", { class: "chip" });
    this.status = make("span", { class: "chip" });
    this.trust = make("span", { class: "chip trust" });
    this.self = make("span", { class: "self" });
    this.operator = make("span", { title: "Operator ID" });
    this.why = make("div", { class: "why" });
    this.figures = {};
    const figures = make("div", { class: "figures" });
    for (const [name, caption] of [["altitude", "Altitude"], ["height", "Height"], ["speed", "Speed"], ["track", "Track"], ["contact", "Contact"]]) {
      this.figures[name] = make("span", { class: "v" });
      figures.append(make("div", {}, make("span", { class: "k" }, caption), this.figures[name]));
    }
    this.head = make("button", { type: "button", class: "card-head", "aria-expanded": "false" },
      make("div", { class: "card-top" }, this.det, this.state, this.status, this.trust),
      make("div", { class: "card-name" }, this.self, this.operator), figures, this.why);
    this.head.addEventListener("click", () => select(det));
    this.details = make("dl", { class: "details" });
    this.details.hidden = true;
    this.rows = new Map();
    this.element = make("li", { class: "card", "data-det": det }, this.head, this.details);
  }

  draw(flight, selected, now, live) {
    const p = flight.properties;
    const point = flight.position(now, live);
    Object.assign(this.element.dataset, { selected: String(selected), state: p.state, trust: p.trust, current: String(Boolean(point)) });
    this.head.setAttribute("aria-expanded", String(selected));
    put(this.state, p.state);
    this.state.dataset.state = p.state;
    const notable = ["emergency", "rid_failure", "ground"].includes(p.status);
    this.status.hidden = !notable;
    put(this.status, p.status.replace("_", " "));
    this.status.dataset.status = p.status;
    put(this.trust, kTrustWords[p.trust_state] ?? p.trust_state);
    Object.assign(this.trust.dataset, { trust: p.trust, trustState: p.trust_state });
    this.trust.title = kTrustText[p.trust_state] ?? "";
    put(this.self, p.self_id || "no Self-ID");
    put(this.operator, p.operator_id ?? "");
    put(this.why, p.trust_why);
    put(this.figures.altitude, metres(point && p.altitude_geodetic_m));
    put(this.figures.height, metres(point && p.height_m));
    put(this.figures.speed, speed(point && p.speed_mps));
    put(this.figures.track, direction(point && p.track_deg));
    put(this.figures.contact, age(flight.age(p.received, now)));
    this.details.hidden = !selected;
    if (selected) this.drawDetails(flight, point, now);
  }

  row(name, text, kind = "") {
    let value = this.rows.get(name);
    if (!value) {
      value = this.frame.make("span");
      this.rows.set(name, value);
      const cell = this.frame.make("dd", { class: kind.includes("mono") ? "mono" : null }, value);
      if (kind.includes("copy")) cell.append(this.copyButton(name, value));
      this.details.append(this.frame.make("dt", {}, name), cell);
    }
    put(value, text);
  }

  copyButton(name, value) {
    const button = this.frame.make("button", { type: "button", class: "copy", "aria-label": `Copy ${name}` }, "copy");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(value.textContent);
        button.textContent = "copied";
      } catch {
        button.textContent = "not allowed";
      }
      setTimeout(() => { button.textContent = "copy"; }, 1500);
    });
    return button;
  }

  drawDetails(flight, point, now) {
    const p = flight.properties;
    this.row("Aircraft DET", p.det, "mono copy");
    this.row("Trust", `${p.trust_state}. ${kTrustText[p.trust_state] ?? ""}.`);
    this.row("Evidence", p.trust_why);
    this.row("Signed by UA", p.trust === "verified" ? p.det : "not signed by the aircraft", "mono");
    this.row("Signed by GW", p.gateway, "mono copy");
    this.row("Origin", kOrigins[p.origin] ?? p.origin);
    this.row("State", `${p.state} since ${clock(p.state_since)}${p.detail ? ` (${p.detail})` : ""}`);
    this.row("Position", place(point), "mono");
    this.row("Altitude", `${exactMetres(point && p.altitude_geodetic_m)} geodetic, ${exactMetres(point && p.altitude_pressure_m)} pressure`);
    this.row("Height", `${exactMetres(point && p.height_m)} above ${p.height_reference === "ground" ? "ground" : "take-off"}`);
    this.row("Movement", `${speed(point && p.speed_mps)}, track ${direction(point && p.track_deg)}, climb ${speed(point && p.vertical_speed_mps)}`);
    this.row("Status", p.status.replace("_", " ") + (p.anomaly ? ", implausible jump" : ""));
    this.row("Operator ID", p.operator_id ?? kUnknown, "mono");
    this.row("Self-ID", p.self_id || kUnknown);
    this.row("Basic ID", p.basic_ids.map((id) => `${id.type} ${id.id}`).join("; ") || kUnknown, "mono");
    this.row("Sampled", `${clock(p.sampled)}, ${age(flight.age(p.sampled, now))} ago`, "mono");
    this.row("Signed", clock(p.signed), "mono");
    this.row("Received", clock(p.received), "mono");
    this.row("Operation", p.operation, "mono");
  }
}

export class FleetList {
  constructor(host, frame, select) {
    this.frame = frame;
    this.select = select;
    this.cards = new Map();
    this.count = frame.make("span", { class: "count", "aria-live": "polite" });
    this.filter = frame.make("input", { class: "fleet-filter", type: "search", placeholder: "DET or operator", "aria-label": "Filter aircraft" });
    this.list = frame.make("ul", { class: "fleet-list" });
    this.empty = frame.make("p", { class: "fleet-empty" });
    host.append(frame.make("div", { class: "fleet-head" }, frame.make("h2", {}, "Aircraft"), this.count, this.filter), this.empty, this.list);
  }

  matches(flight) {
    const wanted = this.filter.value.trim().toLowerCase();
    const p = flight.properties;
    return !wanted || [p.det, p.gateway, p.operator_id, p.self_id].some((text) => (text ?? "").toLowerCase().includes(wanted));
  }

  draw(flights, selected, now, live) {
    const shown = flights.filter((flight) => this.matches(flight)).slice(0, kCardsMax);
    const dets = new Set(shown.map((flight) => flight.det));
    for (const [det, card] of this.cards) {
      if (dets.has(det)) continue;
      card.element.remove();
      this.cards.delete(det);
    }
    let after = null;
    for (const flight of shown) {
      let card = this.cards.get(flight.det);
      if (!card) this.cards.set(flight.det, card = new Card(flight.det, this.frame, this.select));
      card.draw(flight, flight.det === selected, now, live);
      const next = after ? after.nextElementSibling : this.list.firstElementChild;
      if (next !== card.element) this.list.insertBefore(card.element, next);
      after = card.element;
    }
    put(this.count, shown.length === flights.length ? String(flights.length) : `${shown.length} of ${flights.length}`);
    this.empty.hidden = shown.length > 0;
    put(this.empty, flights.length ? "No aircraft matches the filter."
      : "No aircraft in the air. A flight appears here with its first signed position.");
  }

  reveal(det) {
    this.cards.get(det)?.element.scrollIntoView({ block: "nearest" });
  }
}
