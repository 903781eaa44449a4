// The pulls of a data set; one pull with its ledger, and what a person decides about one that is held.

import { get, list, may, post } from "./api.js";
import { action, ago, badge, day, dialog, field, form, h, number, pages, say, show, table, words } from "./dom.js";
import { balance } from "./overview.js";

export const render = (page) => page.rest[1] ? one(page, page.rest[1]) : all(page);

const at = (pull) => `#/overview/pulls/${encodeURIComponent(pull)}`;

/** A link to a pull. */
export const pullLink = (id, text = id) => h("a", { href: at(id) }, text);

async function all(page) {
  const asked = new URLSearchParams();
  for (const name of ["source", "data_set"]) if (page.query.get(name)) asked.set(name, page.query.get(name));
  const found = h("div");
  page.title("Pulls");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/overview" }, "Overview"), " / Pulls"),
    h("h1", null, `Pulls ${[...asked.values()].join(" ")}`), found);
  await pages(found, (after) => list(`/v1/pulls?${asked}`, after), (items) => pullTable("Pulls", items));
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
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/overview" }, "Overview"), " / ",
      h("a", { href: `#/overview/pulls?${new URLSearchParams({ source: pull.source, data_set: pull.data_set })}` }, "Pulls"), " / Pull"),
    h("h1", null, `${pull.source} ${pull.data_set}`), state, refused);
  const draw = () => show(state, facts(pull), pull.state === "held" ? held(page, pull, decided) : null);
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
  if (pull.state === "running") page.every(2, again);
  await desk();
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
  return h("section", { class: "card", "aria-label": "Held" }, h("h2", null, `Held: ${title.toLowerCase()}`),
    pull.reason ? h("p", null, `${pull.reason.charAt(0).toUpperCase()}${pull.reason.slice(1)}.`) : null,
    h("p", { class: "quiet" }, `${effect} ${thrown} If nobody decides, the next scheduled pull abandons it and fetches again.`),
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
