// Opens the map of a running server in headless Chromium and asserts what a person would see.
//   node map_test.mjs URL COUNT [screenshot.png] [--lost COMMAND [--back COMMAND]] [--trust WORD] [--size WxH]
// COUNT aircraft with verdict WORD (verified) on the map and in the list, moving. With --lost it then runs COMMAND, which
// must end the server, and expects the banner; with --back the next COMMAND starts it again, and the banner must go. Prints one line per fact; exit 0 only if all hold.
import { execSync } from "node:child_process";
import { parseArgs } from "node:util";
import puppeteer from "puppeteer-core";

const { positionals, values } = parseArgs({ allowPositionals: true, options: { lost: { type: "string" }, back: { type: "string" }, trust: { type: "string", default: "verified" }, size: { type: "string", default: "1280x800" } } });
const [url, countText, screenshot] = positionals;
const count = Number(countText);
if (!url || !Number.isInteger(count)) {
  console.error("usage: node map_test.mjs URL COUNT [screenshot.png] [--lost COMMAND [--back COMMAND]] [--trust WORD] [--size WxH]");
  process.exit(2);
}

const kWait = { timeout: 30_000 };
let failed = 0;
function fact(text, holds) {
  console.log(`${holds ? "ok  " : "FAIL"} ${text}`);
  if (!holds) failed += 1;
}

const positions = (page) => page.$$eval(".craft[data-det]", (crafts) =>
  crafts.map((craft) => ({ det: craft.dataset.det, trust: craft.dataset.trust, lat: Number(craft.dataset.lat), lon: Number(craft.dataset.lon) })));

const [width, height] = values.size.split("x").map(Number);
const browser = await puppeteer.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  headless: true,
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
  defaultViewport: { width, height },
});
try {
  const page = await browser.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("dialog", (dialog) => { troubles.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  const foreign = [];
  page.on("request", (request) => { if (!request.url().startsWith(url) && !request.url().startsWith("data:")) foreign.push(request.url()); });
  await page.goto(url, { waitUntil: "load" });

  const enough = (selector, n) => page.waitForFunction((s, m) => document.querySelectorAll(s).length === m, kWait, selector, n).then(() => true, () => false);
  fact(`${count} aircraft in the list`, await enough(".card[data-det]", count));
  fact(`${count} markers on the map`, await enough(".craft[data-det]", count));
  fact("the page says it is live", await page.waitForFunction(() => document.documentElement.dataset.connection === "live", kWait).then(() => true, () => false));

  const before = await positions(page);
  const answer = await (await fetch(new URL("/api/flights", url))).json();
  const known = answer.features.map((feature) => feature.properties.det).sort();
  fact(`markers carry the DETs of /api/flights: ${known.join(" ")}`, JSON.stringify(before.map((one) => one.det).sort()) === JSON.stringify(known));
  fact(`every verdict is ${values.trust}`, before.length > 0 && before.every((one) => one.trust === values.trust));
  const badges = await page.$$eval(".card .chip.trust", (chips) => chips.map((chip) => chip.dataset.trust));
  fact(`every badge reads ${values.trust}`, badges.length === count && badges.every((word) => word === values.trust));
  const whys = await page.$$eval(".card .why", (lines) => lines.map((line) => line.textContent));
  fact("every card says why", whys.length === count && whys.every((line) => line.length > 20));

  const moved = await page.waitForFunction((old) => old.every((one) => {
    const craft = document.querySelector(`.craft[data-det="${one.det}"]`);
    return craft && (Number(craft.dataset.lat) !== one.lat || Number(craft.dataset.lon) !== one.lon);
  }), kWait, before).then(() => true, () => false);
  fact("every marker moved", moved);
  const inView = await page.$$eval(".craft[data-det]", (crafts) => crafts.every((craft) => {
    const box = craft.getBoundingClientRect();
    const map = document.querySelector(".fleet-map").getBoundingClientRect();
    return box.left >= map.left && box.right <= map.right && box.top >= map.top && box.bottom <= map.bottom;
  }));
  fact("every marker is inside the view", inView);

  await page.click(".card-head");
  const details = await page.waitForFunction(() => {
    const open = document.querySelector('.card[data-selected="true"] .details:not([hidden])');
    return open && open.textContent.includes(open.closest(".card").dataset.det) ? open.textContent : false;
  }, kWait).then((handle) => handle.jsonValue(), () => "");
  fact("a selected card shows both signers, origin and times", ["Signed by UA", "Signed by GW", "Origin", "Sampled", "Received"].every((name) => details.includes(name)));
  if (screenshot) await page.screenshot({ path: screenshot });

  if (values.lost) {
    execSync(values.lost, { stdio: "inherit", shell: "/bin/sh" });
    const text = await page.waitForFunction(() => {
      const banner = document.getElementById("banner");
      return !banner.hidden && document.documentElement.dataset.connection === "lost" ? banner.textContent : false;
    }, kWait).then((handle) => handle.jsonValue(), () => "");
    fact(`the banner says: ${text}`, /^Connection to the server is lost — positions shown are from \d\d:\d\d:\d\d/.test(text));
    fact("the last positions stay on the map", (await positions(page)).length === count);
    if (screenshot) await page.screenshot({ path: screenshot.replace(/(\.png)?$/, "_lost.png") });
  }
  if (values.back) {
    execSync(values.back, { stdio: "ignore", shell: "/bin/sh" });
    fact("the page is live again by itself", await page.waitForFunction(() =>
      document.getElementById("banner").hidden && document.documentElement.dataset.connection === "live", kWait).then(() => true, () => false));
  }
  fact(`no script error${troubles.length ? `: ${troubles.join("; ")}` : ""}`, troubles.length === 0);
  fact(`nothing asked from elsewhere${foreign.length ? `: ${foreign.join(" ")}` : ""}`, foreign.length === 0);
} finally {
  await browser.close();
}
process.exit(failed ? 1 : 0);
