// The pulls of a data set; one pull with its ledger, and what a person decides about one that is held.

import { get, list, may, post } from "./api.js";
import { action, ago, badge, day, dialog, field, form, h, number, pages, plural, say, show, table, words } from "./dom.js";
import { balance } from "./overview.js";

export const render = (page) => page.rest[1] ? one(page, page.rest[1]) : all(page);

const at = (pull) => `#/overview/pulls/${encodeURIComponent(pull)}`;

/** A link to a pull. */
export const pullLink = (id, text = id) => h("a", { href: at(id) }, text);

async function all(page) {
  const asked = new URLSearchParams();
  for (const name of ["source", "data_set"]) if (page.query.get(name)) asked.set(name, page.query.get(name));
  const found = h("div");
  const pictures = h("div", { class: "two" });
  const shapes = h("section", { "aria-label": "Profile" });
  page.title("Pulls");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/overview" }, "Overview"), " / Pulls"),
    h("h1", null, `Pulls ${[...asked.values()].join(" ")}`), pictures, shapes, found);
  if (asked.get("source") && asked.get("data_set")) {
    await byDay(pictures, asked);
    if (may("sources.read")) await (await import("./profile.js")).profile(shapes, asked.get("source"), asked.get("data_set"));
  }
  await pages(found, (after) => list(`/v1/pulls?${asked}`, after), (items) => pullTable("Pulls", items));
}

const DAYS = 60;
const VOLUME = [["good", "staged", (row) => row.staged], ["warn", "refused", (row) => row.quarantined], ["off", "left out", (row) => row.duplicate + row.filtered]];
const QUALITY = [["good", "validity", (row) => row.validity], ["todo", "completeness", (row) => row.completeness], ["stop", "uniqueness", (row) => row.uniqueness]];

/** What came and how good it was, day by day. */
async function byDay(place, asked) {
  const source = encodeURIComponent(asked.get("source"));
  const set = new URLSearchParams({ data_set: asked.get("data_set") });
  const [quality, ledger] = await Promise.all([
    may("sources.read") ? get(`/v1/sources/${source}/quality?${set}`) : { items: [] }, get(`/v1/pulls?${asked}&limit=200`)]);
  const days = new Map();
  for (const pull of ledger.items.filter((each) => each.state === "complete" && !each.replay_of)) {
    const name = pull.started_at.slice(0, 10);
    const sum = days.get(name) || days.set(name, { day: name, staged: 0, quarantined: 0, duplicate: 0, filtered: 0 }).get(name);
    for (const kind of ["staged", "quarantined", "duplicate", "filtered"]) sum[kind] += pull[kind] || 0;
  }
  const volume = [...days.values()].reverse().slice(-DAYS);
  const shares = [...quality.items].reverse().slice(-DAYS);
  if (!volume.length && !shares.length) return;
  const { bars, lines } = await import("./plots.js");
  show(place, volume.length ? bars("Rows by day", volume, VOLUME) : null, shares.length ? lines("Quality by day", shares, QUALITY) : null);
}

/** Pulls with their ledgers, each leading to its page. */
export const pullTable = (caption, items, empty) => table(caption, [
  ["Pull", (pull) => [pullLink(pull.pull_id), pull.replay_of ? h("div", { class: "quiet" }, "another try of ", pullLink(pull.replay_of)) : null]],
  ["State", (pull) => badge(pull.state)],
  ["Started", (pull) => ago(pull.started_at)],
  ["Rows", (pull) => number(pull.received), "count"],
  ["Staged", (pull) => number(pull.staged), "count"],
  ["Balance", balance],
], items, empty);

const COUNTS = ["received", "staged", "duplicate", "quarantined", "filtered", "deleted"];

async function one(page, id) {
  const path = `/v1/pulls/${encodeURIComponent(id)}`;
  let pull = await get(path);
  page.title(`Pull ${id}`);
  const state = h("div", { "aria-live": "polite" });
  const refused = h("section", { "aria-label": "Quarantine", class: "desk" });
  const mended = h("section", { "aria-label": "Fixes" });
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/overview" }, "Overview"), " / ",
      h("a", { href: `#/overview/pulls?${new URLSearchParams({ source: pull.source, data_set: pull.data_set })}` }, "Pulls"), " / Pull"),
    h("h1", null, `${pull.source} ${pull.data_set}`), state, refused, mended);
  let usual = null;
  const draw = () => show(state, facts(pull), pull.state === "running" ? progress(pull, usual) : null, pull.state === "held" ? held(page, pull, decided) : null);
  const desk = async () => {
    if (!pull.quarantined || !may("quarantine.read")) return;
    const { quarantine } = await import("./quarantine.js");
    await quarantine(page, refused, pull);
  };
  const again = async () => {
    const before = pull;
    pull = await get(path);
    if (JSON.stringify(pull) !== JSON.stringify(before)) draw();
    if (pull.state !== before.state) await desk();
    return pull.state === "running";
  };
  const decided = (now) => {
    pull = now;
    draw();
    if (pull.state === "running") page.every(2, again);
  };
  draw();
  if (pull.state === "running") {
    page.every(2, again);
    usual = await lastComplete(pull);
    draw();
  }
  await desk();
  if (may("fixes.read") && pull.state === "complete") await (await import("./fixes.js")).fixes(mended, pull);
}

/** How many rows the data set's last complete fetch had, null before the first. */
async function lastComplete(pull) {
  const asked = new URLSearchParams({ source: pull.source, data_set: pull.data_set, limit: 20 });
  const found = (await get(`/v1/pulls?${asked}`)).items.find((each) => each.state === "complete" && !each.replay_of);
  return found ? found.received : null;
}

/** How far a pull is: of what the source says it has, else beside what came the last time. */
function progress(pull, usual) {
  const known = pull.declared_by_source;
  const seconds = Math.max(1, (Date.now() - new Date(pull.started_at)) / 1000);
  const pace = `${number(Math.round((pull.received || 0) / seconds))} rows a second, ${plural(pull.batches || 0, "batch", "batches")} so far`;
  const of = known ? `${number(pull.received)} of ${number(known)} rows` : usual ? `${number(pull.received)} rows; the last pull had ${number(usual)}` : `${number(pull.received)} rows`;
  return h("section", { class: "card", "aria-label": "Progress" },
    h("progress", { max: known || null, value: known ? Math.min(pull.received, known) : undefined, "aria-label": "Rows received" }),
    h("p", { class: "quiet" }, `${of}, ${pace}.`));
}

const facts = (pull) => [
  h("p", null, badge(pull.state), ` Pull ${pull.pull_seq}, started ${day(pull.started_at)}`,
    pull.replay_of ? [", another try of refused rows of ", pullLink(pull.replay_of)] : null),
  pull.error ? h("p", { class: "wrong" }, pull.error) : null,
  pull.reason && pull.state !== "held" ? h("p", { class: "hint" }, pull.reason) : null,
  (pull.decisions || []).map((each) => h("p", { class: "hint" }, `${words(each.what)} `, ago(each.at), `: ${each.why}`)),
  h("dl", { class: "facts" }, COUNTS.map((name) => h("div", null, h("dt", null, words(name)), h("dd", null, number(pull[name])))),
    h("div", null, h("dt", null, "Balance"), h("dd", null, balance(pull)))),
];

const GATES = {
  quarantined: ["Too many rows were refused", "Released, the rows that passed are published; the refused ones stay in quarantine."],
  deleted: ["Too many records are gone from the source", "Released, these records leave the hub."],
  drift: ["The source gives other fields than before", "Released, the rows are published as they came."],
};
const FOR_GOOD = ["It cannot be published as it is", "It can only be abandoned."];

/** Why a pull is held, and the two ways out for who may decide. */
function held(page, pull, decided) {
  const [title, effect] = GATES[pull.held_by] || FOR_GOOD;
  const decide = (name, kind, hint) => action(`${words(name)} …`, () => ask(page, pull, name, hint, decided), { class: kind });
  const thrown = "Abandoned, nothing of it is published; the next pull fetches from the same place.";
  const meanwhile = pull.held_by ? "Until somebody decides, it waits, and no other pull of this data set begins unless its manifest says so." : "At its next time the data set is fetched again.";
  return h("section", { class: "card", "aria-label": "Held" }, h("h2", null, `Held: ${title.toLowerCase()}`),
    pull.reason ? h("p", null, `${pull.reason.charAt(0).toUpperCase()}${pull.reason.slice(1)}.`) : null,
    h("p", { class: "quiet" }, `${effect} ${thrown} ${meanwhile}`),
    may("pulls.decide") ? h("div", { class: "row" },
      pull.held_by ? decide("release", "main", effect) : null, decide("abandon", "", thrown))
      : h("p", { class: "hint" }, "Your role may not decide this."));
}

/** Ask for the reason and decide; what comes of it is shown on the page. */
function ask(page, pull, name, hint, decided) {
  const reason = h("textarea", { name: "reason", rows: 3, required: true, minlength: 5, maxlength: 500 });
  dialog(page, `${words(name)} this pull?`, (close) => [h("p", null, hint), form({}, async () => {
    const now = await post(`/v1/pulls/${encodeURIComponent(pull.pull_id)}/${name}`, { reason: reason.value.trim() });
    close();
    say(name === "release" ? "The pull is released." : "The pull is abandoned.");
    decided(now);
  }, field("Reason", reason, "The audit log keeps it: name no person, no address and no number of one."),
    h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, words(name))))]);
}
