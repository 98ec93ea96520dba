// How values read: units beside numbers, a dash for what is unknown.

export const kUnknown = "—";

// The last two groups tell aircraft apart; the whole DET is in the title, in the details and behind the copy button.
export function shortDet(det) {
  return `…${det.split(":").slice(-2).join(":")}`;
}

function unit(value, digits, suffix) {
  return value === null || value === undefined ? kUnknown : `${Number(value).toFixed(digits)}${suffix}`;
}
export const metres = (value) => unit(value, 0, " m");
export const exactMetres = (value) => unit(value, 1, " m");
export const speed = (value) => unit(value, 1, " m/s");
export const direction = (value) => unit(value, 0, "°");

export function age(ms) {
  if (!Number.isFinite(ms)) return kUnknown;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  return `${Math.round(ms / 60_000)} min`;
}

export function place(point) {
  if (!point) return "no position of the last 60 s";
  const [longitude, latitude] = point;
  return `${Math.abs(latitude).toFixed(7)}° ${latitude < 0 ? "S" : "N"}, ${Math.abs(longitude).toFixed(7)}° ${longitude < 0 ? "W" : "E"}`;
}

export const clock = (at) => (at ? `${at.replace("T", " ").replace("Z", "")} UTC` : kUnknown);
