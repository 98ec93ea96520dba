// The frame of the page: keeps the one event stream, says plainly when it is lost, and mounts the parts that modules
// bring. A part is a script with `export function mount(root, frame)`; what it gets is the object `frame` below.

const kSilenceMs = 7000; // the server beats every 2 s: after this it is gone, even if the socket does not know yet
const kRetryMs = 2000;

const byId = (id) => document.getElementById(id);
const handlers = new Map(); // event name -> functions
const resyncs = []; // called on each (re)connection: read your snapshot again
const linkChanges = [];
let source = null;
let heardAt = 0; // our clock, of the last event
let dataFrom = 0; // server's clock, of the last event
let clockOffset = 0; // server minus browser
let live = false;

export const frame = {
  on(event, handler) {
    if (!handlers.has(event)) {
      handlers.set(event, []);
      source?.addEventListener(event, (message) => deliver(event, message));
    }
    handlers.get(event).push(handler);
  },
  onResync: (handler) => resyncs.push(handler),
  onLink: (handler) => linkChanges.push(handler),
  now: () => Date.now() + clockOffset, // the server's time
  isLive: () => live,
  clockText: (ms) => new Date(ms).toISOString().slice(11, 19),
  // An element with text and attributes. Text is only ever text: it comes from aircraft.
  make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  },
};

function heard() {
  heardAt = Date.now();
  dataFrom = frame.now();
}

function deliver(event, message) {
  heard();
  let data;
  try {
    data = JSON.parse(message.data);
  } catch {
    return; // not ours
  }
  for (const handler of handlers.get(event) ?? []) handler(data);
}

function connect() {
  source?.close();
  source = new EventSource("/events");
  source.addEventListener("open", () => {
    heard();
    resync();
  });
  source.addEventListener("error", () => setLive(false));
  for (const event of handlers.keys()) source.addEventListener(event, (message) => deliver(event, message));
}

async function resync() {
  try {
    await Promise.all(resyncs.map((handler) => handler()));
    heard();
    setLive(true);
  } catch {
    setLive(false); // the watch below tries again
  }
}

function setLive(now) {
  const link = byId("link");
  const banner = byId("banner");
  if (now) {
    live = true;
    banner.hidden = true;
    banner.textContent = "";
  } else if (live || banner.hidden) {
    live = false;
    banner.textContent = dataFrom
      ? `Connection to the server is lost — positions shown are from ${frame.clockText(dataFrom)} UTC. Trying again.`
      : "Connection to the server is lost — nothing has been received yet. Trying again.";
    banner.hidden = false;
  }
  link.textContent = live ? "live" : "connection lost";
  document.documentElement.dataset.connection = live ? "live" : "lost";
  for (const handler of linkChanges) handler(live);
}

let retryAt = 0;
function watch() {
  byId("clock").textContent = `${frame.clockText(frame.now())} UTC`;
  const silent = heardAt > 0 && Date.now() - heardAt > kSilenceMs;
  if (silent && live) setLive(false);
  const broken = source.readyState === EventSource.CLOSED || silent || (!live && source.readyState === EventSource.OPEN);
  if (broken && Date.now() >= retryAt) {
    retryAt = Date.now() + kRetryMs;
    connect();
  }
}

function addTab(part, root, all) {
  const button = frame.make("button", { type: "button" }, part.title);
  button.addEventListener("click", () => {
    for (const other of all) other.hidden = other !== root;
    for (const other of byId("tabs").children) other.setAttribute("aria-current", other === button ? "page" : "false");
    window.dispatchEvent(new Event("resize"));
  });
  byId("tabs").append(button);
  return button;
}

async function mountParts() {
  const answer = await fetch("/api/page");
  if (!answer.ok) throw new Error(`/api/page answered ${answer.status}`);
  const { parts } = await answer.json();
  const roots = [];
  for (const part of parts) {
    const base = `/parts/${encodeURIComponent(part.module)}/`;
    if (part.style) document.head.append(frame.make("link", { rel: "stylesheet", href: base + part.style }));
    const root = frame.make("section", { class: "part", "data-module": part.module, "aria-label": part.title });
    root.hidden = roots.length > 0;
    byId("parts").append(root);
    roots.push(root);
    if (parts.length > 1) addTab(part, root, roots);
    (await import(base + part.script)).mount(root, frame);
  }
  byId("tabs").firstElementChild?.setAttribute("aria-current", "page");
}

frame.on("beat", (data) => {
  if (Number.isFinite(data.now_ms)) clockOffset = data.now_ms - Date.now();
});
frame.on("resync", () => resync());

async function begin() {
  try {
    await mountParts();
  } catch (error) {
    setLive(false);
    console.error("page parts:", error);
    setTimeout(() => location.reload(), 5000);
    return;
  }
  connect();
  setInterval(watch, 1000);
}
begin();
