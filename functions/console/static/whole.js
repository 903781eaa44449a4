// The whole of a customer beside his record: how much is known and from where, household, source records, reasons, edits.

import { get, may, post } from "./api.js";
import { action, ago, badge, day, dialog, field, form, h, number, percent, plural, say, show, table, words } from "./dom.js";
import { HINT, reason, reasons } from "./decisions.js";

const path = (id, part) => `/v1/customers/${encodeURIComponent(id)}/${part}`;
const GRADES = { A: "complete", B: "complete", C: "held", D: "bad" };

/** How much is known: grade, sources, where he was met. */
export async function depth(place, id) {
  const found = await get(path(id, "completeness"));
  show(place, h("h2", null, "How much do we know?"),
    h("p", null, badge(GRADES[found.grade], `Grade ${found.grade}`), ` ${percent(found.score)} of what makes a customer known`,
      found.missing.length ? h("span", { class: "quiet" }, `; missing: ${found.missing.map((each) => words(each).toLowerCase()).join(", ")}`) : null),
    found.sources.length ? table("Sources", [
      ["Source", (each) => words(each.source)],
      ["Records", (each) => number(each.records), "count"],
      ["Events", (each) => number(each.events), "count"],
      ["Changed", (each) => each.newest ? ago(each.newest) : ""],
    ], found.sources) : null,
    found.unknown_to.length ? h("p", { class: "hint" }, `Not known to ${found.unknown_to.map(words).join(", ")}.`) : null,
    found.touch_points.length ? h("details", null, h("summary", null, `Where we met (${plural(found.events, "time")})`), table("Where we met", [
      ["What", (each) => [words(each.kind), each.channel ? h("span", { class: "quiet" }, ` ${words(each.channel)}`) : null]],
      ["Times", (each) => number(each.count), "count"],
      ["Last", (each) => day(each.last)],
    ], found.touch_points)) : null);
}

/** His way so far, stage by stage, and what waits for an answer: to read before one answers his call. */
export async function journey(place, id) {
  const found = await get(path(id, "journey"));
  show(place, h("h2", null, "Journey"),
    found.open.length ? h("p", null, badge("held", `${plural(found.open.length, "request")} open`), " ",
      found.open.map((each) => `${each.reference || words(each.channel || "request")} since ${day(each.since)}`).join(", ")) : null,
    h("ol", { class: "plain" }, found.steps.map((each, at) => h("li", null,
      h(at === found.steps.length - 1 ? "strong" : "span", null, words(each.stage)), ` ${day(each.at)}`,
      h("span", { class: "quiet" }, ` ${words(each.because)}${each.reference ? ` ${each.reference}` : ""}`)))),
    found.last_contact ? h("p", { class: "hint" }, "Last contact ", ago(found.last_contact), ".") : null);
}

/** The people of one household; nothing where nobody else is known. */
export async function household(place, id) {
  const { members } = await get(path(id, "household"));
  const others = members.filter((each) => each.customer_id !== id);
  if (!others.length) return place.remove();
  show(place, h("h2", null, "Household"), h("ul", null, others.map((each) => h("li", null,
    h("a", { href: `#/customers/${each.customer_id}` }, each.full_name || each.customer_id), h("span", { class: "quiet" }, ` ${words(each.role)}`)))));
}

/** Source records with their age; why they are one; and, for stewards, parting them. */
export async function records(place, id, redraw) {
  const { items } = await get(path(id, "records"));
  if (!items.length) return place.remove();
  const why = h("div", { "aria-live": "polite" });
  const chosen = (key) => h("input", { type: "checkbox", name: "part", value: key, "aria-label": `Part the record of ${words(items.find((each) => each.record_key === key).source)}` });
  const columns = [
    ["Source", (each) => [words(each.source), h("div", { class: "quiet" }, each.source_key || "")]],
    ["Name", (each) => each.full_name || ""],
    ["E-mail", (each) => each.email || ""],
    ["Telephone", (each) => each.phone || ""],
    ["Changed", (each) => ago(each.changed_at)],
  ];
  const parting = may("decisions.write") && items.length > 1;
  show(place, h("h2", null, "Records"), table("Records", parting ? [...columns, ["Part", (each) => chosen(each.record_key), "actions"]] : columns, items),
    items.length > 1 ? h("div", { class: "row" },
      action("Why are these one?", async () => explain(why, await get(path(id, "explanation")))),
      parting ? action("Part the chosen …", () => part(place, items, redraw)) : null) : null, why);
}

function explain(place, found) {
  show(place, found.links.map((link) => link.with_record ? h("div", { class: "card" },
    h("p", null, "The record of ", h("strong", null, words(link.source)), " is one with an earlier record. ",
      link.decided ? badge("complete", "Two persons decided so") : null), reasons(link.reasons)) : null),
  found.most ? h("p", { class: "hint" }, `Only the first ${found.most} records are looked at.`) : null);
}

function part(place, items, redraw) {
  const left = [...place.querySelectorAll("input[name=part]:checked")].map((each) => each.value);
  const right = items.map((each) => each.record_key).filter((key) => !left.includes(key));
  if (!left.length || !right.length) return say("Choose the records that belong to somebody else, but not all.", "bad");
  const why = reason();
  const page = { place: place.closest(".page") };
  dialog(page, "Part these records?", (close) => form({}, async () => {
    await post("/v1/decisions", { kind: "apart", left, right, why: why.value.trim() });
    close();
    say("Written down; another person decides with you.");
    redraw();
  }, h("p", null, `${plural(left.length, "record")} would be another customer's.`), field("How you know", why, HINT),
  h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, "Propose"))));
}

const TYPES = { email: "email", phone: "tel", whatsapp: "tel", fax: "tel", birth_date: "date", family_size: "number" };

/** The group of values that a column is decided with, as the API says. */
export const groupOf = (found, part) => Object.keys(found.groups || {}).find((group) => found.groups[group].includes(part)) || part;

/** A button that proposes other values of a group. */
export const edit = (page, found, group, text = "Edit") => !may("edits.write") || !(found.groups || {})[group] ? null : action(text, () => {
  const names = found.groups[group];
  const why = reason();
  const hidden = (found.masked || []).filter((name) => names.includes(name));
  const inputs = names.map((name) => [name, h("input", { name, type: TYPES[name] || "text", maxlength: 300, autocomplete: "off", value: hidden.includes(name) ? "" : found[name] || "" })]);
  dialog(page, `${text} the ${words(group).toLowerCase()}`, (close) => form({}, async () => {
    const values = Object.fromEntries(inputs.map(([name, input]) => [name, input.value.trim() || null]));
    await post(path(found.customer_id, "edits"), { group, values, why: why.value.trim() });
    close();
    say("Written down; a steward decides with you.");
  }, inputs.map(([name, input]) => field(words(name), input)), field("How you know", why, HINT),
  h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, "Propose"))));
}, { class: "small plain", "aria-label": `${text} ${words(group).toLowerCase()}` });

/** What has no value yet, folded up. */
export function adding(page, found) {
  const missing = Object.entries(found.groups || {}).filter(([, parts]) => !parts.some((part) => found[part]));
  return may("edits.write") && missing.length ? h("details", null, h("summary", null, "Add what is missing"),
    missing.map(([group]) => [words(group), edit(page, found, group, "Add"), " "])) : null;
}
