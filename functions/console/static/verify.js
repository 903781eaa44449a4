// How sure the hub is of a customer's values; codes, links and tasks for two persons.

import { get, list, may, post } from "./api.js";
import { action, ago, badge, field, form, h, pages, say, show, table, words } from "./dom.js";

const HOW = { otp: "by a code", double_opt_in: "by a link", person: "by two persons" };

export const render = (page) => page.rest[0] ? one(page, page.rest[0]) : queue(page);

const at = (each) => `#/verifications/${each.verification_id}`;

async function queue(page) {
  const found = h("section", { "aria-label": "Open" });
  page.title("Verification");
  show(page.place, h("h1", null, "Verification"), h("p", { class: "quiet" }, "What waits for a person, a code or a link. Two persons of one opinion decide a task."), found);
  await pages(found, (after) => list("/v1/verifications?state=pending", after), (items) => table("Open", [
    ["Value", (each) => h("a", { href: at(each) }, words(each.field))],
    ["Customer", (each) => h("a", { href: `#/customers/${each.customer_id}` }, h("code", null, each.customer_id))],
    ["How", (each) => HOW[each.method]],
    ["Since", (each) => ago(each.created_at)],
    ["Whose", (each) => each.method !== "person" ? "" : each.assigned_to ? h("code", null, each.assigned_to) : "nobody's yet"],
    ["Decided", (each) => each.method === "person" ? `${each.decisions.length} of 2` : "", "count"],
  ], items, "Nothing waits."));
}

async function one(page, id) {
  const path = `/v1/verifications/${encodeURIComponent(id)}`;
  page.title("Verification");
  const place = h("div");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/verifications" }, "Verification"), " / One"), place);
  const draw = (found) => show(place, h("h1", null, words(found.field)),
    h("p", null, badge(found.state), ` ${HOW[found.method]}, begun `, ago(found.created_at), ". ",
      h("a", { href: `#/customers/${found.customer_id}` }, "See the value on the customer's page")),
    found.decisions.length ? h("ul", null, found.decisions.map((each) => h("li", null, badge(each.verdict), " ", h("code", null, each.by), ", ", ago(each.at), `: ${each.why}`))) : null,
    found.evidence.length ? h("ul", { "aria-label": "Evidence" }, found.evidence.map((each) => h("li", null,
      action(`Get ${each.evidence_id}`, async () => { location.assign((await get(`${path}/evidence/${each.evidence_id}`)).url); }, { class: "small" }), ` ${each.type}, `, ago(each.at)))) : null,
    found.state !== "pending" ? null : found.method === "otp" ? code(path, draw) : found.method === "person" ? task(path, found, draw) : null);
  draw(await get(path));
}

function code(path, draw) {
  const typed = h("input", { name: "code", required: true, pattern: "[0-9]{6}", inputmode: "numeric", autocomplete: "one-time-code", maxlength: 6 });
  return form({ class: "card" }, async () => {
    const found = await post(`${path}/code`, { code: typed.value });
    say("The value is verified.");
    draw(found);
  }, field("The code that the customer reads out", typed, "Ten minutes, five tries."), h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Check")));
}

function task(path, found, draw) {
  const why = h("input", { name: "why", required: true, minlength: 5, maxlength: 500, autocomplete: "off" });
  const paper = h("input", { type: "file", name: "paper", accept: "image/jpeg,image/png,application/pdf" });
  const verdict = h("select", { name: "verdict" }, h("option", { value: "verified" }, "It is right"), h("option", { value: "refused" }, "It is wrong"));
  return h("div", null,
    may("verifications.write") ? h("div", { class: "row" }, action("I take it", async () => { draw(await post(`${path}/assign`, {})); say("It is yours."); })) : null,
    may("verifications.decide") ? form({ class: "card" }, async () => {
      const evidence = paper.files[0] ? [await send(path, paper.files[0])] : [];
      const decided = await post(`${path}/decide`, { verdict: verdict.value, why: why.value.trim(), evidence });
      say(decided.state === "pending" ? "Written down; another person decides with you." : `The value is ${decided.state}.`);
      draw(decided);
    }, h("h2", null, "What did you find?"), field("Verdict", verdict), field("How you know", why, "Without names, addresses and numbers: the audit log keeps it."),
    field("Evidence", paper, "A photograph or a PDF, if there is one; up to 10 MB."),
    h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Decide"))) : null);
}

async function send(path, file) {
  const link = await post(`${path}/evidence`, { type: file.type, size: file.size });
  const answer = await fetch(link.url, { method: "PUT", headers: link.headers, body: file });
  if (!answer.ok) throw new Error(`The file was refused (${answer.status}).`);
  return link.evidence_id;
}

/** The card of a customer's page. */
export async function statuses(place, id) {
  const { items } = await get(`/v1/customers/${encodeURIComponent(id)}/verifications`);
  if (!items.length) return place.remove();
  const begin = (each, method, text) => action(text, async () => {
    const made = await post("/v1/verifications", { customer_id: id, field: each.field, method });
    if (method === "otp") location.hash = at(made);
    else { say(method === "person" ? "A task was made." : "A link was sent."); await statuses(place, id); }
  }, { class: "small", "aria-label": `${text}: ${words(each.field)}` });
  const open = (each) => each.state === "unverified" || each.state === "refused";
  show(place, h("h2", null, "How sure are we?"), table("How sure are we?", [
    ["Value", (each) => words(each.field)],
    ["State", (each) => [badge(each.state === "verified" ? "complete" : each.state === "pending" ? "waiting" : each.state === "refused" ? "refused" : "", words(each.state)),
      each.method ? h("div", { class: "quiet" }, `${HOW[each.method]}, `, ago(each.at)) : null]],
    ["", (each) => each.state === "pending" && may("verifications.read") ? h("a", { href: at(each) }, "Open")
      : open(each) && may("verifications.write") ? h("div", { class: "row" },
        each.field === "email" ? [begin(each, "otp", "Send a code"), begin(each, "double_opt_in", "Send a link")] : null,
        begin(each, "person", "Ask two persons")) : "", "actions"],
  ], items));
}
