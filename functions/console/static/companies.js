// Companies: who works there and in what role, spellings to settle, what belongs to what, who knows whom.

import { call, get, list, may, post } from "./api.js";
import { action, amount, confirm, field, form, h, number, pages, plural, say, show, table, words } from "./dom.js";

export async function render(page) {
  return page.rest[0] ? one(page, page.rest[0]) : all(page);
}

const to = (id, name) => h("a", { href: `#/${id.startsWith("f") ? "companies" : "customers"}/${encodeURIComponent(id)}` }, name || id);

const section = (title, ...children) => h("section", { class: "card" }, h("h2", null, title), children);

async function all(page) {
  const asked = page.query.get("q") || "";
  const similar = page.query.get("similar") === "true";
  const box = h("input", { type: "search", name: "q", value: asked, autocomplete: "off", maxlength: 200 });
  const found = h("div", { "aria-live": "polite" });
  show(page.place, h("h1", null, "Companies"),
    form({ class: "search", role: "search" }, async (made) => {
      location.hash = `#/companies?q=${encodeURIComponent(made.q.value.trim())}`;
    }, field("Begins with", box), h("button", { type: "submit", class: "main" }, "Search")),
    h("p", null, similar ? h("a", { href: "#/companies" }, "All companies") : h("a", { href: "#/companies?similar=true" }, "Spellings that look alike")),
    found);
  await pages(found, (after) => list(`/v1/companies?q=${encodeURIComponent(asked)}&similar=${similar}`, after), (items) => table("Companies", [
    ["Name", (each) => to(each.company_id, each.name)],
    ["People", (each) => number(each.contacts), "count"],
    ["Purchases", (each) => number(each.purchases), "count"],
    ["Net amount", (each) => amount(each.net_amount), "count"],
    ["Looks like", (each) => each.similar_to ? to(each.similar_to, `${words(each.alike)}, ${number(each.similarity / 10)} %`) : ""],
  ], items, similar ? "No spelling waits for a decision." : "No company begins so."));
}

async function one(page, id) {
  const path = `/v1/companies/${encodeURIComponent(id)}`;
  const [found, tree, near] = await Promise.all([get(path), get(`/v1/trees/${encodeURIComponent(id)}`), get(`/v1/network/${encodeURIComponent(id)}?steps=2`)]);
  const like = found.similar_to && may("decisions.write") ? await get(`/v1/companies/${found.similar_to}`) : null;
  page.title(found.name);
  const settle = (together, text) => action(text, async () => {
    if (together && !await confirm(text, `${found.name} is put into ${like.name} with the next run. It can be taken back.`, "Put together")) return;
    await post(`${path}/spellings`, { other_id: found.similar_to, together });
    say(together ? "The next run puts the two together." : "The two stay two companies.");
  });
  const again = () => one(page, id);
  const drop = action("Take the parent away", async () => {
    await call("DELETE", `/v1/parents/${found.company_id}`);
    await again();
  });
  const named = (key) => (tree.nodes.find((each) => each.id === key) || {}).name;
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/companies" }, "Companies"), " / Company"),
    h("h1", null, found.name),
    h("p", { class: "quiet" }, `${plural(found.contacts, "contact")}, ${plural(found.purchases, "purchase")}. Written: ${found.spellings.join(" · ")} `, h("code", null, found.company_id)),
    like ? h("section", { class: "card", "aria-label": "Spelling" }, h("h2", null, "One company?"),
      h("p", null, "This name looks like ", to(found.similar_to, like.name), "."),
      h("div", { class: "row" }, settle(true, "The same company"), settle(false, "Two companies"))) : null,
    section("Who works there", table("People", [
      ["Name", (each) => to(each.customer_id, each.full_name)],
      ["Job as written", (each) => each.job_title || ""],
      ["Position", (each) => each.job_position || ""],
      ["Level", (each) => each.job_level ? words(each.job_level) : ""],
      ["Role in buying", (each) => each.buying_role ? words(each.buying_role) : ""],
    ], found.people, "Nobody works there.")),
    section("What it belongs to", table("Tree", [
      ["Company", (each) => ["\u00a0".repeat(each.depth * 4), to(each.id, each.name)]],
      ["Below", (each) => each.parent_id ? named(each.parent_id) : ""],
      ["Own net amount", (each) => amount(each.own.net_amount), "count"],
      ["With all below", (each) => amount(each.all.net_amount), "count"],
    ], tree.nodes),
    found.parent_id && may("decisions.write") ? drop : null,
    may("decisions.write") && !found.parent_id ? form({}, async (made) => {
      await call("PUT", `/v1/parents/${found.company_id}`, { parent_id: made.parent.value.trim() });
      await again();
    }, field("Belongs to the company with the id", h("input", { name: "parent", required: true, maxlength: 64 })), h("button", { type: "submit" }, "Put below it")) : null),
    section("Who knows whom", table("Network", [
      ["Who", (each) => to(each.id, each.name)],
      ["Steps", (each) => number(each.steps), "count"],
      ["Relations", (each) => near.relations.filter((edge) => [edge.from_id, edge.to_id].includes(each.id)).map((edge) => words(edge.kind)).join(", ")],
    ], near.neighbours, "Nobody is said to know this company.")));
}
