// Groups of customers: who is in one, with whom it is shared, and who asks for it.

import { call, get, may, me, post } from "./api.js";
import { action, ago, badge, confirm, day, dialog, field, form, h, say, show, table, words } from "./dom.js";

export async function render(page) {
  const { items } = await get("/v1/groups");
  const group = items.find((each) => each.group_id === page.rest[0] && each.right !== "none");
  return group ? one(page, group) : all(page, items);
}

const place = (group) => `/v1/groups/${encodeURIComponent(group.group_id)}`;

const rights = (name, label, held = ["read", "write"]) => field(label, h("select", { name }, held.map((right) => h("option", { value: right }, words(right)))));

const days = (value) => field("Days", h("input", { name: "days", type: "number", min: 1, max: 366, value }), value ? null : "Empty: until it is taken back.");

const buttons = (close, text) => h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, text));

function all(page, groups) {
  show(page.place, h("h1", null, "Groups"),
    may("groups.write") ? h("p", null, action("New group", () => dialog(page, "New group", (close) => form({}, async (made) => {
      const group = await post("/v1/groups", { name: made.name_of_group.value, description: made.description.value, listed: made.listed.checked });
      close();
      location.hash = `#/groups/${group.group_id}`;
    }, field("Name", h("input", { name: "name_of_group", required: true, maxlength: 100, autocomplete: "off" })),
      field("What it is for", h("input", { name: "description", maxlength: 500, autocomplete: "off" })),
      h("label", { class: "choice" }, h("input", { type: "checkbox", name: "listed", checked: true }), " Others see that there is such a group, and may ask for it"),
      buttons(close, "Create"))))) : null,
    table("Groups", [
      ["Name", (each) => each.right === "none" ? each.name : h("a", { href: `#/groups/${each.group_id}` }, each.name)],
      ["What it is for", (each) => each.description],
      ["You may", (each) => each.right === "none" ? "" : h("span", null, words(each.right), each.until ? ` until ${day(each.until)}` : "")],
      ["", (each) => each.right === "none" ? action("Ask for it", () => ask(page, each), { class: "small", "aria-label": `Ask for ${each.name}` }) : "", "actions"],
    ], groups, "There is no group that you may see."));
}

function ask(page, group) {
  dialog(page, `Ask for ${group.name}`, (close) => form({}, async (made) => {
    await post(`${place(group)}/requests`, { right: made.right.value, days: Number(made.days.value), why: made.why.value });
    close();
    say("Its owner is asked.");
  }, rights("right", "To"), days(30), field("Why", h("input", { name: "why", required: true, minlength: 3, maxlength: 500, autocomplete: "off" }), "Name no customer here."), buttons(close, "Ask")));
}

async function one(page, group) {
  page.title(group.name);
  const again = () => render(page);
  const owns = group.right === "own";
  const found = h("div", { "aria-live": "polite" });
  const members = async (query = "") => {
    const { items } = await get(`${place(group)}/members?q=${encodeURIComponent(query)}`);
    show(found, table("Members", [
      ["Name", (each) => h("a", { href: `#/customers/${encodeURIComponent(each.customer_id)}` }, each.full_name || each.customer_id)],
      ["Town", (each) => each.city || ""],
      ["", (each) => group.right === "read" ? "" : action("Take out", async () => {
        await call("PATCH", place(group), { remove: [each.customer_id] });
        await members(query);
      }, { class: "small", "aria-label": `Take ${each.full_name || each.customer_id} out` }), "actions"],
    ], items, query ? "None of them is meant." : "Nobody is in this group yet."));
  };
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/groups" }, "Groups"), " / Group"),
    h("h1", null, group.name), h("p", { class: "quiet" }, group.description),
    h("section", { class: "card" }, h("h2", null, "Members"), form({ class: "search", role: "search" }, async (made) => members(made.q.value.trim()),
      field("Search in it", h("input", { type: "search", name: "q", autocomplete: "off", maxlength: 200 })), h("button", { type: "submit", class: "main" }, "Search")), found),
    group.right === "read" ? null : h("section", { class: "card" }, h("h2", null, "New members"), form({}, async (made) => {
      await call("PATCH", place(group), { add: made.added.value.split(/[\s,]+/).filter(Boolean) });
      made.reset();
      await members();
    }, field("Put customers in", h("input", { name: "added", required: true, autocomplete: "off" }), "Their ids, with blanks between them."), h("button", { type: "submit" }, "Put in"))),
    owns ? shares(page, group, again) : null,
    owns ? await requests(group, again) : null,
    owns ? h("p", null, action("Delete the group", async () => {
      if (!await confirm("Delete the group?", `${group.name} is gone for everybody; its customers stay.`, "Delete")) return;
      await call("DELETE", place(group));
      location.hash = "#/groups";
    })) : null);
  await members();
}

function shares(page, group, again) {
  return h("section", { class: "card" }, h("h2", null, "Shared with"), table("Shares", [
    ["With", ([to]) => h("code", null, to)],
    ["May", ([, given]) => words(given.right)],
    ["Until", ([, given]) => given.until ? day(given.until) : "it is taken back"],
    ["", ([to]) => action("Take back", async () => {
      await call("PATCH", place(group), { unshare: to });
      await again();
    }, { class: "small", "aria-label": `Take back from ${to}` }), "actions"],
  ], Object.entries(group.shares || {}), "Nobody else has this group."),
  action("Share", () => dialog(page, `Share ${group.name}`, (close) => form({}, async (made) => {
    const limit = made.days.value ? { days: Number(made.days.value) } : {};
    await call("PATCH", place(group), { share: { to: made.to.value.trim(), right: made.right.value, ...limit } });
    close();
    await again();
  }, field("With", h("input", { name: "to", required: true, pattern: "(role|user):[A-Za-z0-9_\\-]+", autocomplete: "off", autocapitalize: "none" }), "role:sales, or user: and an id."),
  rights("right", "To"), days(""), buttons(close, "Share")))));
}

async function requests(group, again) {
  const { items } = await get(`${place(group)}/requests`);
  const answer = (each, verdict, text) => action(text, async () => {
    await post(`${place(group)}/requests/${each.request_id}/answer`, { verdict });
    await again();
  }, { class: "small", "aria-label": `${text} what ${each.by} asks` });
  return h("section", { class: "card" }, h("h2", null, "Asked for"), table("Requests", [
    ["Who", (each) => h("code", null, each.by)],
    ["To", (each) => `${words(each.right)}, ${each.days} days`],
    ["Why", (each) => each.why],
    ["When", (each) => ago(each.asked_at)],
    ["", (each) => each.state !== "waiting" || each.by === me.id ? badge(each.state)
      : h("div", { class: "row" }, answer(each, "approve", "Approve"), answer(each, "refuse", "Refuse")), "actions"],
  ], items, "Nobody asks for this group."));
}
