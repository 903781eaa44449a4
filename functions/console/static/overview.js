// Where the data come from and how fresh they are.

import { call, get, may, post } from "./api.js";
import { action, ago, badge, day, h, number, say, show, table } from "./dom.js";

export async function render(page) {
  if (page.rest[0] === "map") return (await import("./map.js")).render(page);
  if (page.rest[0] === "pulls") return (await import("./pulls.js")).render(page);
  const release = h("section", { class: "strip", "aria-label": "Release" });
  const sources = h("section", { "aria-label": "Sources" });
  show(page.place, h("h1", null, "Overview"), release, h("p", null, h("a", { href: "#/overview/map" }, "What becomes of it, and who uses it")), sources);
  const fill = async () => {
    const [found, runs, tables] = await Promise.all([
      get("/v1/sources"), may("runs.read") ? get("/v1/runs?limit=1") : null, may("tables.read") ? get("/v1/tables") : null]);
    // Who is at a button stays there when the page is drawn anew.
    const at = page.place.contains(document.activeElement) ? place(document.activeElement) : null;
    drawRelease(release, tables && tables.release, runs && runs.items[0], fill);
    drawSources(sources, found.items, fill);
    if (at && document.activeElement === document.body) [...page.place.querySelectorAll("a, button")].find((each) => place(each) === at)?.focus();
  };
  await fill();
  page.every(10, fill);
}

/** What a link or a button is known by, also when its words have changed. */
const place = (element) => element.dataset.at || element.getAttribute("href") || element.textContent;

function drawRelease(place, release, run, again) {
  const running = run && ["planned", "running"].includes(run.state);
  show(place,
    h("div", { class: "fact" }, h("span", { class: "label" }, "Current release"),
      release ? [h("strong", null, ago(release.released_at)), h("code", null, release.release_id)] : h("strong", null, "None yet")),
    run && h("div", { class: "fact" }, h("span", { class: "label" }, "Last run"),
      h("span", null, badge(run.state), " ", ago(run.ended_at || run.started_at)),
      run.error ? h("span", { class: "problem" }, String(run.error.message || run.error)) : null),
    may("runs.start") && action(running ? "Run under way" : "Run now", async () => {
      await post("/v1/runs", {});
      say("A run was asked for.");
      await again();
    }, { disabled: running || null }));
}

function drawSources(place, sources, again) {
  show(place, sources.length ? sources.map((source) => h("article", { class: "card" },
    h("header", null, h("h2", null, source.name), h("span", { class: "tag" }, source.connector),
      h("p", { class: "quiet" }, source.description, source.owner ? ` Owner: ${source.owner}.` : "")),
    table(`Data sets of ${source.name}`, columns(source, again), source.data_sets))) : h("p", { class: "empty" }, "This hub has no sources."));
}

const two = (text) => text.padStart(2, "0");

/** A schedule in words, where it is one of the usual ones. */
function schedule(set) {
  const [, kind, inside] = /^(rate|cron)\((.*)\)$/.exec(set.schedule || "") || [];
  if (!kind) return set.frequency === "real-time" ? "as it arrives" : "on demand";
  if (kind === "rate") return `every ${inside.replace(/^1 /, "")}`;
  const [, minute, hour] = /^(\d+) (\d+|\*) (?:\* \* \?|\? \* \*) \*$/.exec(inside) || [];
  if (!minute) return h("code", null, inside);
  return hour === "*" ? `hourly at :${two(minute)}` : `daily at ${two(hour)}:${two(minute)}`;
}

const AGE = { fresh: ["complete", "Fresh"], stale: ["failed", "Stale"], new: ["waiting", "Not yet"], paused: ["paused", "Paused"], on_demand: ["", "No promise"] };

/** How old the data are, and from when on that is too old. */
function age({ freshness }) {
  if (!freshness) return "";
  const { state, as_of, stale_at, next_due } = freshness;
  const told = [stale_at && `${state === "stale" ? "stale since" : "stale from"} ${day(stale_at)}`, next_due && `next pull ${day(next_due)}`].filter(Boolean).join(", ");
  return [h("span", { title: told || null }, badge(...AGE[state])), " ", as_of ? ago(as_of) : null,
    state === "stale" ? h("div", { class: "problem" }, `since ${day(stale_at)}`) : null];
}

const pulls = (source, set) => `#/overview/pulls?${new URLSearchParams({ source: source.name, data_set: set.name })}`;
const last = (pull) => [badge(pull.state), " ",
  h("a", { href: `#/overview/pulls/${pull.pull_id}` }, ago(pull.ended_at || pull.started_at)),
  pull.state === "held" ? h("div", { class: "quiet" }, pull.reason) : null,
  pull.state === "failed" && pull.error ? h("div", { class: "problem" }, pull.error) : null];

const columns = (source, again) => [
  ["Data set", (set) => [h("strong", null, may("pulls.read") ? h("a", { href: pulls(source, set) }, set.name) : set.name),
    h("div", { class: "quiet" }, set.description), set.history ? h("div", { class: "quiet" }, "history is kept") : null]],
  ["Schedule", (set) => [
    set.paused ? [badge("paused"), " "] : null,
    source.connector === "push" && !set.schedule ? "as it arrives" : schedule(set),
    set.importance && set.importance !== "normal" ? h("div", { class: "quiet" }, `${set.importance} importance`) : null,
  ]],
  ["Data", age],
  ["Last pull", (set) => set.last_pull ? last(set.last_pull) : h("span", { class: "quiet" }, "never")],
  ["Rows", (set) => set.last_pull ? number(set.last_pull.received) : "", "count"],
  ["Balance", (set) => set.last_pull ? balance(set.last_pull) : ""],
  ["", (set) => h("div", { class: "row" },
    may("pulls.start") && action("Pull now", async () => {
      await post("/v1/pulls", { source: source.name, data_set: set.name });
      say(`A pull of ${source.name} ${set.name} was asked for.`);
      await again();
    }, { class: "small", "data-at": `pull ${source.name} ${set.name}`, "aria-label": `Pull ${source.name} ${set.name} now` }),
    may("sources.manage") && action(set.paused ? "Resume" : "Pause", async () => {
      await call("PATCH", `/v1/sources/${source.name}/data_sets/${set.name}`, { paused: !set.paused });
      say(`${source.name} ${set.name} is ${set.paused ? "running again" : "paused"}.`);
      await again();
    }, { class: "small", "data-at": `pause ${source.name} ${set.name}`, "aria-label": `${set.paused ? "Resume" : "Pause"} ${source.name} ${set.name}` })), "actions"],
];

/** Whether every row of a pull is accounted for. */
export function balance(pull) {
  if (pull.balanced === null || pull.balanced === undefined) return h("span", { class: "quiet" }, "open");
  if (!pull.balanced) return badge("bad", "does not balance");
  return pull.quarantined ? badge("held", `${number(pull.quarantined)} in quarantine`) : badge("complete", "balances");
}
