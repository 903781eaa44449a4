// Look a customer up: search, and one record with where each value came from and what happened when.

import { call, get, list, may } from "./api.js";
import { action, ago, amount, badge, day, field, form, h, number, pages, say, show, table, words } from "./dom.js";

export async function render(page) {
  return page.rest[0] ? one(page, page.rest[0]) : search(page);
}

async function search(page) {
  const asked = page.query.get("q") || "";
  const box = h("input", { type: "search", name: "q", required: true, value: asked, autocomplete: "off", maxlength: 200 });
  const found = h("div", { "aria-live": "polite" });
  show(page.place, h("h1", null, "Customers"),
    form({ class: "search", role: "search" }, async (made) => {
      const next = `#/customers?q=${encodeURIComponent(made.q.value.trim())}`;
      if (location.hash === next) await fill(made.q.value.trim()); else location.hash = next;
    }, field("Name, e-mail, telephone number, order number or key", box), h("button", { type: "submit", class: "main" }, "Search")),
    found);
  const fill = (words) => pages(found, (after) => list(`/v1/customers?q=${encodeURIComponent(words)}`, after), (items) => table("Customers", [
    ["Name", (each) => h("a", { href: `#/customers/${each.customer_id}` }, each.full_name || each.customer_id)],
    ["E-mail", (each) => each.email || ""],
    ["Telephone", (each) => each.phone || ""],
    ["Town", (each) => each.city || ""],
    ["Sources", (each) => number(each.sources), "count"],
  ], items, "Nobody was found. Try fewer letters, or another of these."));
  if (asked) await fill(asked);
  else setTimeout(() => box.focus());
}

const PARTS = ["title", "email", "phone", "phone_kind", "whatsapp", "fax", "website", "social", "address", "city", "region", "postcode", "country", "birth_date", "gender", "company", "job_title", "department", "language", "marital_status", "family_size", "income_band", "preferred_channel", "special_needs", "stage", "billing_cycle", "lead_source", "lead_campaign", "lead_referrer", "sale_source"];
const many = (value) => (Array.isArray(value) ? value : String(value || "").split("\n")).filter(Boolean);

async function one(page, id) {
  const found = await get(`/v1/customers/${encodeURIComponent(id)}`);
  let from = {};
  try { from = typeof found.provenance === "string" ? JSON.parse(found.provenance) : found.provenance || {}; } catch { /* shown in part */ }
  const whole = await import("./whole.js");
  const name = found.full_name || "Without a name";
  page.title(name);
  const group = (part) => whole.groupOf(found, part);
  const origin = (part) => told(found, from, group(part));
  const parts = ["full_name", ...PARTS].filter((part) => found[part]);
  const leads = (part) => parts.find((each) => group(each) === group(part)) === part;
  const contact = h("section", { class: "card", "aria-label": "May we write?" });
  const sure = h("section", { class: "card", "aria-label": "How sure are we?" });
  const asking = h("section", { class: "card", "aria-label": "What to ask" });
  const known = h("section", { class: "card", "aria-label": "How much do we know?" });
  const home = h("section", { class: "card", "aria-label": "Household" });
  const way = h("section", { class: "card", "aria-label": "Journey" });
  const records = h("section", { "aria-label": "Records" });
  const line = h("div");
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/customers" }, "Customers"), " / Record"),
    h("h1", null, name),
    h("p", { class: "quiet" }, `Known since ${day(found.customer_since)}, from ${found.sources} ${found.sources === 1 ? "source" : "sources"}. `,
      h("code", null, found.customer_id), found.redirected_from ? " This record has taken in the one that you asked for." : ""),
    h("div", { class: "two" },
      h("section", { class: "card", "aria-label": "Record" }, h("h2", null, "Record"),
        h("dl", { class: "record" }, parts.map((part) =>
          h("div", null, h("dt", null, words(part)), h("dd", null, String(found[part]), " ", leads(part) ? whole.edit(page, found, group(part)) : null, origin(part))))),
        whole.adding(page, found),
        also("All names", many(found.names)), also("All e-mails", many(found.emails)), also("All telephone numbers", many(found.phones)),
        also("Records", many(found.source_keys)),
        found.masked && found.masked.length ? h("p", { class: "hint" }, "Your role sees some of this in part.") : null),
      h("div", null, way, known, asking, sure, home, contact)),
    records,
    h("section", { "aria-label": "Time line" }, h("h2", null, "Time line"), line));
  const id_ = found.customer_id;
  await Promise.all([
    whole.journey(way, id_), whole.depth(known, id_), whole.household(home, id_), whole.records(records, id_, () => one(page, id)),
    import("./capture.js").then((cards) => cards.ask(asking, id_)), import("./verify.js").then((cards) => cards.statuses(sure, id_)),
    may("contacts.read") ? consent(contact, id_) : contact.remove(),
  ]);
  const first = found.events;
  await pages(line, (after) => after ? list(`/v1/customers/${found.customer_id}/events`, after) : first, timeLine);
}

/** Where a value came from and how old it is; that it was edited, and whether a run knows that yet. */
function told(found, from, group) {
  const edit = (found.edited || {})[group];
  if (edit) return h("span", { class: "from" }, edit.kind === "pin" ? "Pinned " : "Edited ", ago(edit.at), edit.known ? "" : ", before the next run");
  const origin = from[group];
  if (!origin) return null;
  if (typeof origin === "string") return h("span", { class: "from", title: "The record that this value came from" }, origin);
  return h("span", { class: "from", title: `Record ${origin.record_key}, by ${words(origin.rule || "trust").toLowerCase()}` },
    words(origin.source || ""), origin.at ? [", ", ago(origin.at)] : null);
}

const also = (heading, values) => values.length > 1 ? h("details", null, h("summary", null, `${heading} (${values.length})`),
  h("ul", null, values.map((value) => h("li", null, value)))) : null;

const timeLine = (events) => events.length ? h("ol", { class: "line" }, events.map((each) => h("li", { class: `kind-${each.kind}` },
  h("time", { datetime: each.happened_at }, day(each.happened_at)),
  h("div", null, h("strong", null, words(each.kind)), each.reference ? ` ${each.reference}` : "",
    each.amount !== null && each.amount !== undefined ? h("span", { class: "amount" }, amount(each.amount)) : null,
    h("div", { class: "quiet" }, [each.channel, each.direction, each.outcome, each.source].filter(Boolean).map(words).join(" · "), each.before_run ? " · just now, before the next run" : "")))))
  : h("p", { class: "empty" }, "Nothing has happened yet.");

const WAYS = { email: "e-mail", sms: "texts" };

async function consent(place, id) {
  const contact = await get(`/v1/contacts/${id}`);
  const basis = h("input", { name: "basis", required: true, minlength: 3, maxlength: 500, autocomplete: "off" });
  const state = (channel, value) => action(`${value === "granted" ? "Agrees to" : "Wants no"} ${WAYS[channel]}`, async () => {
    if (!basis.reportValidity()) return;
    await call("PUT", `/v1/contacts/${id}/consents/${channel}`, { state: value, basis: basis.value.trim() });
    say("Written down.");
    await consent(place, id);
  });
  show(place, h("h2", null, "May we write?"),
    Object.keys(WAYS).map((channel) => {
      const stated = contact.consents.find((each) => each.channel === channel && !each.point_id);
      return h("p", null, stated ? [badge(stated.state), ` ${words(WAYS[channel])}, ${day(stated.at)}. `, h("span", { class: "quiet" }, stated.basis)]
        : h("span", { class: "quiet" }, channel === "email" ? "Of e-mail nothing was said here; what the sources say holds." : "Of texts nothing was said here; none are sent."));
    }),
    contact.suppressions.map((each) => h("p", null, badge("refused", "Never written to"), ` ${words(each.reason)}, ${day(each.at)}`)),
    may("contacts.write") ? h("div", null, field("What was said, and where", basis), h("div", { class: "row" }, Object.keys(WAYS).map((channel) => [state(channel, "granted"), state(channel, "withdrawn")]))) : null);
}
