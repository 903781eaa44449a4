// Who is one person: the queue of doubtful pairs, two records side by side, and what waits for a second person.

import { get, list, may, me, post } from "./api.js";
import { action, ago, badge, day, field, form, h, pages, percent, say, show, table, words } from "./dom.js";

export const render = (page) => page.rest[0] === "compare" ? compare(page) : page.rest[0] ? one(page, page.rest[0]) : desk(page);

const KINDS = { merge: "One person", believe: "One person of many records", apart: "Not one person", pin: "Values of a record", edit: "Other values", undo: "Taking back" };
const STATES = { proposed: "waiting", done: "complete", refused: "refused", withdrawn: "", undone: "" };
const at = (each) => `#/decisions/${each.decision_id}`;
const who = (id, name) => h("a", { href: `#/customers/${id}` }, name || h("code", null, id));
/** A field for the reason; the audit log keeps it. */
export const reason = () => h("input", { name: "why", required: true, minlength: 5, maxlength: 500, autocomplete: "off" });
export const HINT = "Without names, addresses and numbers: it is kept for years.";

async function desk(page) {
  page.title("Who is who");
  const waiting = h("section", { "aria-label": "Waiting for a second person" });
  const doubts = h("section", { "aria-label": "Doubtful pairs" });
  const done = h("section", { "aria-label": "Decided" });
  show(page.place, h("h1", null, "Who is who"),
    h("p", { class: "quiet" }, "Pairs of records that may be one person, and persons of so many records that nobody believes them yet. The first is the one whose decision is worth most. Two persons decide."), waiting, doubts, done);
  const decisions = (state, heading, empty) => async (place) => {
    const inner = h("div");
    show(place, h("h2", null, heading), inner);
    await pages(inner, (after) => list(`/v1/decisions?state=${state}`, after), (items) => table(heading, [
      ["What", (each) => h("a", { href: at(each) }, KINDS[each.kind] + (each.group ? `: ${words(each.group).toLowerCase()}` : ""))],
      ["Customers", (each) => each.customers.map((id) => h("div", null, who(id)))],
      ["Why", (each) => each.why],
      ["Since", (each) => ago(each.decided_at)],
      ["", (each) => each.state === "proposed" && me && each.decided_by === me.id ? badge("", "Yours") : ""],
    ], items, empty));
  };
  await decisions("proposed", "Waiting for a second person", "Nothing waits.")(waiting);
  const inner = h("div");
  show(doubts, h("h2", null, "Doubtful pairs"), inner);
  await pages(inner, (after) => list("/v1/doubts", after), (items) => table("Doubtful pairs", [
    ["Pair", (each) => h("a", { href: `#/decisions/compare?${new URLSearchParams({ left: each.left_key, right: each.right_key })}` },
      each.records ? each.left_name || "Without a name" : `${each.left_name || "Without a name"} and ${each.right_name || "without a name"}`)],
    ["Now", (each) => each.records ? `Held: ${each.records} records are alike` : each.left_customer === each.right_customer ? "One customer" : "Two customers"],
    ["One person", (each) => each.records ? "" : percent(each.probability), "count"],
    ["Worth", (each) => (each.worth / 1000).toFixed(1), "count"],
  ], items, "No pair is in doubt."));
  await decisions("done", "Decided", "Nothing was decided yet.")(done);
}

const SHOWN = ["full_name", "email", "phone", "birth_date", "gender", "address", "city", "region", "postcode", "country", "company", "language", "source_key"];
const FIELDS = { full_name: "given", birth_date: "born", gender: "sex", address: "street", region: "state" };
const AGREE = { same: "complete", alike: "held", different: "bad", unknown: "" };

/** Reasons as a list: how each thing compares, in words, and what it weighs. */
export const reasons = (found) => h("ul", { class: "reasons" }, found.filter((each) => each.agreement !== "unknown").map((each) => h("li", null,
  badge(AGREE[each.agreement], words(each.agreement)), ` ${each.says}: ${each.level}`,
  each.bits === null || each.bits === undefined ? null : h("span", { class: "quiet" }, ` ${each.bits > 0 ? "+" : ""}${each.bits.toFixed(1)} bits`))));

async function compare(page) {
  const left = page.query.get("left");
  const right = page.query.get("right");
  if (left === right) return held(page, left);
  page.title("Side by side");
  const found = await get(`/v1/comparisons?${new URLSearchParams({ left, right })}`);
  const how = Object.fromEntries(found.reasons.map((each) => [each.field, each]));
  const rows = SHOWN.filter((name) => found.left.values[name] || found.right.values[name]);
  const agreement = (name) => how[FIELDS[name] || name];
  const one = found.left.customer_id === found.right.customer_id;
  const place = h("div");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/decisions" }, "Who is who"), " / Side by side"), h("h1", null, "Are these one person?"),
    h("p", null, one ? "They are one customer now: " : "They are two customers now: ", who(found.left.customer_id),
      one ? null : [" and ", who(found.right.customer_id)], ". ",
      found.probability === null ? "No model says how likely it is." : h("strong", null, `One person with ${percent(found.probability)}.`),
      found.decided ? [" ", badge("complete", found.decided === "together" ? "Decided: one person" : "Decided: not one person")] : null),
    table("Side by side", [
      ["", ([name]) => h("strong", null, words(name))],
      [`In ${words(found.left.source || "one")}`, ([name]) => String(found.left.values[name] || "")],
      [`In ${words(found.right.source || "the other")}`, ([name]) => String(found.right.values[name] || "")],
      ["", ([name]) => agreement(name) ? badge(AGREE[agreement(name).agreement], agreement(name).level) : ""],
    ], [...rows.map((name) => [name])]),
    h("p", { class: "quiet" }, `Changed ${day(found.left.changed_at)} and ${day(found.right.changed_at)}.`),
    h("details", { open: true }, h("summary", null, "Reasons, the heaviest first"), reasons(found.reasons)), place);
  if (may("decisions.write")) show(place, verdict(left, right));
}

/** A person of so many records that nobody believed it: one of the records, and the word that lets it pass. */
async function held(page, key) {
  page.title("Held person");
  const found = (await get(`/v1/comparisons?${new URLSearchParams({ left: key, right: key })}`)).left;
  const place = h("div");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/decisions" }, "Who is who"), " / Held person"), h("h1", null, "Are so many records one person?"),
    h("p", null, "So many records are like this one that they stay as they were until somebody has looked. It is of customer ", who(found.customer_id), "."),
    h("dl", { class: "record" }, SHOWN.filter((name) => found.values[name]).map((name) => h("div", null, h("dt", null, words(name)), h("dd", null, String(found.values[name]))))), place);
  if (!may("decisions.write")) return;
  const why = reason();
  show(place, form({ class: "card" }, async () => {
    await post("/v1/decisions", { kind: "believe", left: [key], right: [], why: why.value.trim() });
    say("Written down; another person decides with you.");
    location.hash = "#/decisions";
  }, h("h2", null, "They are one person"), field("How you know", why, HINT), h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Propose")),
  h("p", { class: "quiet" }, "If they are not, leave them held, or keep some of them apart.")));
}

function verdict(left, right) {
  const why = reason();
  const kind = h("select", { name: "kind" }, h("option", { value: "merge" }, "They are one person"), h("option", { value: "apart" }, "They are not"));
  return form({ class: "card" }, async () => {
    await post("/v1/decisions", { kind: kind.value, left: [left], right: [right], why: why.value.trim() });
    say("Written down; another person decides with you.");
    location.hash = "#/decisions";
  }, h("h2", null, "What do you say?"), field("Verdict", kind), field("How you know", why, HINT),
  h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Propose")));
}

async function one(page, id) {
  const path = `/v1/decisions/${encodeURIComponent(id)}`;
  page.title("Decision");
  const place = h("div");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/decisions" }, "Who is who"), " / Decision"), place);
  const draw = (found) => show(place, h("h1", null, KINDS[found.kind]),
    h("p", null, badge(STATES[found.state], words(found.state)), " proposed ", ago(found.decided_at), " by ", h("code", null, found.decided_by), `: ${found.why}`),
    found.answered_by ? h("p", null, "Answered ", ago(found.answered_at), " by ", h("code", null, found.answered_by), `: ${found.answer}`) : null,
    found.customers.map((each) => h("p", null, "Customer ", who(each))),
    found.kind === "believe" ? h("p", null, h("a", { href: `#/decisions/compare?${new URLSearchParams({ left: found.left[0], right: found.left[0] })}` }, "See the record"))
      : found.left.length === 1 && found.right.length === 1 ? h("p", null, h("a", { href: `#/decisions/compare?${new URLSearchParams({ left: found.left[0], right: found.right[0] })}` }, "See both records side by side"))
      : found.left.length ? h("p", null, `Records of the one side: ${found.left.length}, of the other: ${found.right.length}.`) : null,
    found.values ? h("dl", { class: "record" }, Object.entries(found.values).map(([name, value]) => h("div", null, h("dt", null, words(name)), h("dd", null, value || h("span", { class: "quiet" }, "nothing"))))) : null,
    found.value_from ? h("p", null, `The ${words(found.group).toLowerCase()} of the record `, h("code", null, found.value_from), " holds.") : null,
    found.undo_of ? h("p", null, h("a", { href: `#/decisions/${found.undo_of}` }, "See what is taken back")) : null,
    found.undone_by ? h("p", null, h("a", { href: `#/decisions/${found.undone_by}` }, "See who took it back")) : null,
    found.replaces ? h("p", { class: "quiet" }, "It took the place of an earlier decision, which is kept.") : null,
    found.state === "proposed" ? answer(path, found, draw) : found.state === "done" && found.kind !== "undo" ? back(path) : null);
  draw(await get(path));
}

function answer(path, found, draw) {
  if (me && found.decided_by === me.id) return h("div", { class: "row" },
    action("Withdraw", async () => { await post(`${path}/withdraw`); draw(await get(path)); say("Withdrawn."); }), h("span", { class: "quiet" }, "Another person answers."));
  if (!may("decisions.approve")) return null;
  const why = reason();
  const verdict = h("select", { name: "verdict" }, h("option", { value: "approved" }, "I say so too"), h("option", { value: "refused" }, "I do not"));
  return form({ class: "card" }, async () => {
    const answered = await post(`${path}/answer`, { verdict: verdict.value, why: why.value.trim() });
    say(answered.state === "done" ? "Decided. The next run follows it." : "Refused.");
    draw(await get(path));
  }, h("h2", null, "What do you say?"), field("Answer", verdict), field("How you know", why, HINT),
  h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Answer")));
}

function back(path) {
  const why = reason();
  return h("details", null, h("summary", null, "Take it back"), form({ class: "card" }, async () => {
    const made = await post(`${path}/undo`, { why: why.value.trim() });
    say("Written down; another person decides with you.");
    location.hash = at(made);
  }, field("Why", why, HINT), h("div", { class: "row" }, h("button", { type: "submit" }, "Propose to take it back"))));
}
