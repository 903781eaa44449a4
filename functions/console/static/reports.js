// Reports: the list, one report with its parameters and its result, and queries of one's own.

import { get, list, may, post } from "./api.js";
import { action, badge, field, form, h, pages, plural, quality, say, show, table, words } from "./dom.js";

export async function render(page) {
  if (page.rest[0] === "new") return write(page);
  return page.rest[0] ? one(page, page.rest[0]) : all(page);
}

async function all(page) {
  const found = h("div");
  show(page.place, h("h1", null, "Reports"),
    may("reports.write") ? h("p", null, h("a", { class: "button", href: "#/reports/new" }, "New query")) : null, found);
  await pages(found, (after) => list("/v1/reports", after), (items) => items.length ? h("ul", { class: "tiles" }, items.map((each) =>
    h("li", { class: "card" }, h("h2", null, h("a", { href: `#/reports/${encodeURIComponent(each.report_id)}` }, each.title)),
      h("p", { class: "quiet" }, each.description), each.shipped ? h("span", { class: "tag" }, "comes with the hub") : null)))
    : h("p", { class: "empty" }, "There are no reports yet."));
}

const TYPES = { date: ["date"], timestamp: ["datetime-local"], integer: ["number", { step: 1 }], decimal: ["number", { step: "any" }], text: ["text"], list: ["text"] };
const HINTS = { timestamp: "In UTC.", list: "Several, with commas between them." };

/** Labelled controls for parameters, and how their values are read. */
export function parameterFields(parameters, given = {}) {
  const controls = parameters.map((each) => {
    const [type, more] = TYPES[each.type];
    const start = given[each.name] ?? each.default;
    const value = Array.isArray(start) ? start.join(", ") : start === null || start === undefined ? "" : String(start).replace(/Z$/, "");
    return h("input", { type, name: each.name, required: true, value, ...more, maxlength: 1000 });
  });
  const read = () => Object.fromEntries(parameters.map((each, n) => {
    const value = controls[n].value.trim();
    if (each.type === "integer") return [each.name, Number(value)];
    if (each.type === "list") return [each.name, value.split(",").map((part) => part.trim()).filter(Boolean)];
    return [each.name, value];
  }));
  return { read, fields: parameters.map((each, n) => field(each.label || words(each.name), controls[n], HINTS[each.type])) };
}

async function one(page, id) {
  const report = await get(`/v1/reports/${encodeURIComponent(id)}`);
  page.title(report.title);
  const result = h("section", { class: "result", "aria-label": "Result", "aria-live": "polite" });
  const { read, fields } = parameterFields(report.parameters);
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/reports" }, "Reports"), " / Report"),
    h("h1", null, report.title), h("p", { class: "quiet" }, report.description), quality(report.quality),
    may("reports.run") ? form({ class: "inline" }, () => run(page, result, { report_id: id, parameters: read() }), fields,
      h("button", { type: "submit", class: "main" }, "Run")) : null,
    result,
    h("details", null, h("summary", null, "The query"), h("pre", { tabindex: 0 }, report.sql)));
}

/** Start a query, wait for it, show its rows. A failure is raised, so that the form shows it. */
async function run(page, place, asked) {
  show(place, h("p", { class: "quiet" }, badge("running"), " The query runs."));
  try {
    let result = await post("/v1/results", asked);
    for (let turn = 0; page.alive() && ["queued", "running"].includes(result.state); turn++) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(200 + turn * 100, 2000)));
      result = { ...await get(`/v1/results/${result.id}`) };
    }
    if (!page.alive()) return;
    if (result.state !== "succeeded") {
      const { message, ...details } = result.error || { message: `The query was ${result.state}.` };
      throw Object.assign(new Error(message), { details });
    }
    await rows(place, result);
  } catch (error) {
    place.replaceChildren();
    throw error;
  }
}

async function rows(place, result) {
  const inner = h("div");
  let columns = [];
  const numeric = /^(bigint|integer|double|real|decimal|smallint|tinyint)/;
  const load = async (after) => {
    const page = await list(`/v1/results/${result.id}/rows?limit=100`, after);
    columns = page.columns;
    return page;
  };
  show(place, h("div", { class: "row" }, h("h2", null, "Result"),
    may("results.download") ? action("Download CSV", async () => {
      const link = await get(`/v1/results/${result.id}/download`);
      location.assign(link.url);
    }) : null), inner);
  await pages(inner, load, (items) => [
    h("p", { class: "quiet" }, `${plural(items.length, "row")} shown.`),
    h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Rows of the result" }, h("table", null,
      h("thead", null, h("tr", null, columns.map((each) => h("th", { scope: "col", class: numeric.test(each.type) ? "count" : null }, each.name)))),
      h("tbody", null, items.map((row) => h("tr", null, row.map((value, n) => h("td", { class: numeric.test(columns[n].type) ? "count" : null },
        value === null ? h("span", { class: "quiet" }, "–") : String(value)))))))),
  ]);
}

async function write(page) {
  page.title("New query");
  const result = h("section", { class: "result", "aria-label": "Result", "aria-live": "polite" });
  const sql = h("textarea", { name: "sql", rows: 10, required: true, spellcheck: "false", maxlength: 60000, class: "code" });
  const title = h("input", { name: "title", maxlength: 200, autocomplete: "off" });
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/reports" }, "Reports"), " / New query"), h("h1", null, "New query"),
    form({}, () => run(page, result, { sql: sql.value, parameters: {} }),
      field("SQL", sql, "One SELECT over the tables below."),
      h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Run"))),
    result,
    h("section", { class: "card" }, h("h2", null, "Save as a report"), field("Title", title), action("Save", async () => {
      if (!title.value.trim() || !sql.value.trim()) throw new Error("A report has a title and a query.");
      const saved = await post("/v1/reports", { title: title.value.trim(), sql: sql.value });
      say("Saved.");
      location.hash = `#/reports/${saved.report_id}`;
    })),
    await tableList());
}

/** The tables that a query may read. */
export async function tableList() {
  if (!may("tables.read")) return null;
  const { tables } = await get("/v1/tables");
  return h("section", { "aria-label": "Tables" }, h("h2", null, "Tables"), tables.length ? tables.map((each) => h("details", null,
    h("summary", null, h("code", null, each.name), h("span", { class: "quiet" }, ` ${each.description}`)),
    table(`Columns of ${each.name}`, [["Column", (c) => h("code", null, c.name)], ["Type", (c) => c.type], ["Meaning", (c) => c.description || ""]], each.columns)))
    : h("p", { class: "empty" }, "Nothing is released yet."));
}

