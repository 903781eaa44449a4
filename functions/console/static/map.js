// The map: sources in, tables, uses out, and what is left over.

import { get } from "./api.js";
import { badge, h, plural, show, table, words } from "./dom.js";

const LEVELS = { good: "complete", fair: "held", poor: "bad", unknown: "" };
const names = (list) => list.length ? list.map((each) => [h("code", null, each), " "]) : h("span", { class: "quiet" }, "nothing");

export async function render(page) {
  page.title("Map");
  const { sources, tables, uses, coverage } = await get("/v1/map");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/overview" }, "Overview"), " / Map"), h("h1", null, "From sources to uses"),
    h("p", null, `${coverage.mapped} of ${plural(coverage.data_sets, "data set")} of ${plural(coverage.sources, "source")} become tables; `
      + `${coverage.used} of ${plural(coverage.tables, "table")} for reports are used.`),
    coverage.unmapped.length ? h("p", { class: "hint" }, "Come in and go nowhere: ", names(coverage.unmapped)) : null,
    coverage.unused.length ? h("p", { class: "hint" }, "Nobody reads, as far as you may see: ", names(coverage.unused)) : null,
    h("h2", null, "Sources"),
    table("Sources", [
      ["Data set", ({ source, set }) => [h("strong", null, `${source.name}.${set.name}`), h("div", { class: "quiet" }, `${source.connector}, ${source.owner}`)]],
      ["Is", ({ set }) => set.entities.map(words).join(", ")],
      ["Becomes", ({ set }) => names(set.tables)],
      ["Data", ({ set }) => badge(LEVELS[set.quality], words(set.quality))],
    ], sources.flatMap((source) => source.data_sets.map((set) => ({ source, set }))), "This hub has no sources."),
    h("h2", null, "Tables"),
    table("Tables", [
      ["Table", (each) => [h("strong", null, each.name), h("div", { class: "quiet" }, each.description)]],
      ["Reads", (each) => names(each.reads)],
      ["Made of", (each) => names(each.data_sets)],
    ], tables),
    h("h2", null, "Uses"),
    table("Uses", [
      ["Use", (each) => [h("span", { class: "tag" }, words(each.kind)), " ", h("a", { href: `#/${each.kind === "report" ? "reports" : "campaigns"}${each.kind === "segment" ? "" : `/${encodeURIComponent(each.id)}`}` }, each.name)]],
      ["Reads", (each) => names(each.tables)],
    ], uses, "Nothing that you may see uses them yet."));
}
