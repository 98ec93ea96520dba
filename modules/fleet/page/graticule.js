// A map without tiles: lines of latitude and longitude as a Leaflet GridLayer, with their degrees along the map's edges.

const kSteps = [30, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001];
const kSpacingPx = 96;

function stepAt(map) {
  const degreesPerPx = 360 / (256 * 2 ** map.getZoom());
  let best = kSteps[0];
  for (const step of kSteps) if (step / degreesPerPx >= kSpacingPx) best = step;
  return best;
}

// Multiples of step in [from, to], counted as integers so that 0.1 does not add up its error.
function* multiples(from, to, step) {
  for (let n = Math.ceil(from / step); n * step <= to; n += 1) yield n * step;
}

function degrees(value, step, positive, negative) {
  const digits = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9));
  return `${Math.abs(value).toFixed(digits)}° ${value < 0 ? negative : positive}`;
}

function sized(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

function linesLayer(map) {
  const Lines = L.GridLayer.extend({
    createTile(coords) {
      const tile = document.createElement("canvas");
      const size = this.getTileSize();
      const pen = sized(tile, size.x, size.y);
      const origin = coords.scaleBy(size);
      const northWest = map.unproject(origin, coords.z);
      const southEast = map.unproject(origin.add(size), coords.z);
      const step = stepAt(map);
      const slack = step * 1e-6; // a line on the border of two tiles belongs to both
      pen.strokeStyle = "#d3dbe3";
      pen.lineWidth = 1;
      pen.beginPath();
      for (const longitude of multiples(northWest.lng - slack, southEast.lng + slack, step)) {
        const x = Math.floor(map.project([0, longitude], coords.z).x - origin.x) + 0.5;
        pen.moveTo(x, 0);
        pen.lineTo(x, size.y);
      }
      for (const latitude of multiples(southEast.lat - slack, northWest.lat + slack, step)) {
        const y = Math.floor(map.project([latitude, 0], coords.z).y - origin.y) + 0.5;
        pen.moveTo(0, y);
        pen.lineTo(size.x, y);
      }
      pen.stroke();
      return tile;
    },
  });
  return new Lines();
}

function label(pen, text, x, y) {
  const width = pen.measureText(text).width;
  pen.fillStyle = "rgba(246, 248, 250, 0.88)";
  pen.fillRect(x - 2, y - 12, width + 4, 15);
  pen.fillStyle = "#4c5a68";
  pen.fillText(text, x, y);
}

function drawEdge(map, canvas) {
  const { x: width, y: height } = map.getSize();
  const pen = sized(canvas, width, height);
  pen.font = "11px ui-monospace, 'DejaVu Sans Mono', Menlo, monospace";
  const bounds = map.getBounds();
  const step = stepAt(map);
  for (const longitude of multiples(bounds.getWest(), bounds.getEast(), step)) {
    const { x } = map.latLngToContainerPoint([bounds.getSouth(), longitude]);
    if (x > 60 && x < width - 60) label(pen, degrees(longitude, step, "E", "W"), x + 4, height - 6);
  }
  for (const latitude of multiples(bounds.getSouth(), bounds.getNorth(), step)) {
    const { y } = map.latLngToContainerPoint([latitude, bounds.getWest()]);
    if (y > 100 && y < height - 40) label(pen, degrees(latitude, step, "N", "S"), 6, y - 4);
  }
}

export function addGraticule(map, host) {
  linesLayer(map).addTo(map);
  const canvas = document.createElement("canvas");
  canvas.className = "fleet-edge";
  canvas.setAttribute("aria-hidden", "true");
  host.append(canvas);
  map.on("move zoom resize viewreset", () => drawEdge(map, canvas));
  map.whenReady(() => drawEdge(map, canvas));
}
