// The refused rows of a pull: which rules they break, the rows themselves, and another try.

import { get, list, may, part, post } from "./api.js";
import { action, badge, field, form, h, number, pages, plural, say, show, table } from "./dom.js";
import { correct } from "./correct.js";
import { pullLink, pullTable } from "./pulls.js";

const name = (rule) => rule.column ? `${rule.column}: ${rule.rule}` : "cannot be taken apart";

export async function quarantine(page, place, pull) {
  const id = encodeURIComponent(pull.pull_id);
  const heading = h("h2", { tabindex: -1 });
  const counts = h("div");
  const tries = h("section", { "aria-label": "Other tries", "aria-live": "polite" });
  const rows = h("div");
  const desk = { page, pull, id, may: may("quarantine.replay") && pull.state === "complete", seen: new Set(), asked: new Set(), waiting: 0, fields: new Set() };
  const filters = choose(() => desk.fill());
  let turn = 0;

  desk.fill = async () => {
    const mine = ++turn;
    const fresh = h("div");
    // A rule has a space in it, and not every gateway reads + as one.
    const asked = `/v1/quarantine?${String(new URLSearchParams({ pull_id: pull.pull_id, ...filters.read() })).replaceAll("+", "%20")}`;
    await pages(fresh, (after) => list(asked, after), (items) => lines(desk, items));
    if (mine !== turn) return;
    if (rows.contains(document.activeElement)) heading.focus({ preventScroll: true });
    show(rows, fresh);
  };
  const count = async () => {
    const summary = await get(`/v1/quarantine/${id}`);
    show(heading, `${plural(summary.lines, "row")} in quarantine, ${number(summary.open)} open`);
    show(counts, table("Refused rows by rule", [["Rule", name], ["Rows", (each) => number(each.lines), "count"], ["Open", (each) => number(each.open), "count"]], summary.rules),
      h("div", { class: "row" }, desk.may && summary.open ? everything(desk, summary.open) : null, download(pull.pull_id)));
    filters.offer(summary.rules);
  };
  desk.refresh = () => Promise.all([count(), desk.fill()]);
  desk.look = () => look(desk, tries);
  desk.replay = (body) => replay(desk, body);

  show(place, heading, counts, tries, filters.form, rows,
    may("quarantine.replay") && !desk.may ? h("p", { class: "hint" }, "Refused rows can be tried again once the pull is complete.") : null);
  await Promise.all([desk.refresh(), desk.look()]);
  if (desk.going) page.every(2, desk.look);
}

/** The two controls that narrow the list. offer(rules) fills the first and keeps what is chosen. */
function choose(changed) {
  const rule = h("select", { onchange: () => changed().catch((error) => say(error.message, "bad")) });
  const state = h("select", { onchange: () => changed().catch((error) => say(error.message, "bad")) },
    [["", "All"], ["open", "Open"], ["settled", "Settled"]].map(([value, text]) => h("option", { value }, text)));
  const offer = (rules) => {
    const before = rule.value;
    show(rule, h("option", { value: "" }, "All rules"), rules.map((each) => h("option", { value: `${each.column}: ${each.rule}` }, name(each))));
    rule.value = [...rule.options].some((each) => each.value === before) ? before : "";
  };
  const read = () => Object.fromEntries([["rule", rule.value], ["state", state.value]].filter(([, value]) => value));
  return { offer, read, form: h("form", { class: "inline", "aria-label": "Narrow the list", onsubmit: (event) => event.preventDefault() },
    field("Rule", rule), field("State", state)) };
}

const lines = (desk, items) => {
  items.forEach((line) => Object.keys(line.record || {}).forEach((each) => desk.fields.add(each)));
  return table("Rows in quarantine", [
    ["Row", (line) => h("strong", null, `Batch ${line.batch}, row ${line.row}`)],
    ["Why", (line) => line.failures.map(why)],
    ["State", (line) => line.settled ? [badge(line.settled.fate, line.settled.fate === "passed" ? "Passed" : "Refused again"), h("div", null, "in ", pullLink(line.settled.by))] : badge("open")],
    ["Record", (line) => h("details", null, h("summary", null, "As the source gave it"), h("pre", { tabindex: 0 }, line.text ?? JSON.stringify(line.record, null, 2)))],
    ["", (line) => desk.may && !line.settled ? action("Correct …", () => correct(desk, line), { class: "small", "aria-label": `Correct row ${line.row} of batch ${line.batch}` }) : "", "actions"],
  ], items, "No row is like that.");
};

const why = (failure) => h("div", null, name(failure), failure.reason ? h("span", { class: "quiet" }, ` (${failure.reason})`) : null);

/** All rows as one file; the API gives them in parts. */
const download = (id) => action("Download all rows", async () => {
  const parts = [];
  for (let after = null, first = true; first || after; first = false) {
    const { bytes, next } = await part(`/v1/quarantine/${encodeURIComponent(id)}/download`, after);
    parts.push(bytes);
    after = next;
  }
  const url = URL.createObjectURL(new Blob(parts, { type: "application/x-ndjson" }));
  h("a", { href: url, download: `${id}.jsonl` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
});

/** Try all open rows again, as they stand. */
const everything = (desk, open) => form({ class: "row" }, () => desk.replay({}),
  h("button", { type: "submit", class: "main" }, open === 1 ? "Try the open row again" : `Try all ${number(open)} open rows again`));

/** Ask for another try; which pull it becomes is seen when a worker takes it up. */
async function replay(desk, body) {
  await desk.look();
  const rows = body.corrections ? body.corrections.map((each) => `${each.batch} ${each.row}`) : ["all"];
  if (!desk.going) desk.asked.clear();
  if (desk.asked.has("all") || rows.some((each) => each === "all" ? desk.asked.size : desk.asked.has(each)))
    throw new Error("What was asked before is still being tried. Wait for what comes of it.");
  const asked = await post(`/v1/quarantine/${desk.id}/replay`, body).catch((error) => { throw told(error); });
  rows.forEach((each) => desk.asked.add(each));
  desk.waiting += 1;
  say(`${plural(asked.lines, "row")} will be tried again in a pull of ${asked.lines === 1 ? "its" : "their"} own.`);
  const going = desk.going;
  await desk.look().catch((error) => say(error.message, "bad"));
  if (!going) desk.page.every(2, desk.look);
}

/** An error without the places in the request, which the person has not written. */
function told(error) {
  if (Array.isArray(error.details)) error.details = error.details.map((each) => ({ ...each, field: "this row" }));
  return error;
}

/** Show the pulls that tried these rows again; where one has ended since, what is open is read anew. */
async function look(desk, place) {
  const { pull } = desk;
  const found = (await get(`/v1/pulls?${new URLSearchParams({ replay_of: pull.pull_id, limit: 200 })}`)).items;
  const ended = found.filter((each) => each.state !== "running").length;
  const first = desk.ended === undefined;
  if (!first) desk.waiting = Math.max(0, desk.waiting - found.filter((each) => !desk.seen.has(each.pull_id)).length);
  desk.seen = new Set(found.map((each) => each.pull_id));
  const more = !first && ended > desk.ended;
  Object.assign(desk, { ended, going: desk.waiting > 0 || ended < found.length });
  const now = JSON.stringify([found, desk.waiting]);
  if (now !== desk.shown) {
    desk.shown = now;
    show(place, found.length || desk.waiting ? h("h2", null, "Tried again") : null,
      desk.waiting ? h("p", null, badge("queued"), " It waits for its turn; a pull that is under way or held goes first.") : null,
      found.length ? pullTable("Tried again", found.map((each) => ({ ...each, replay_of: null }))) : null);
  }
  if (more) await desk.refresh();
  return desk.going;
}
