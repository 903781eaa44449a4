// What the columns of a data set look like, by the first rows that a pull staged.

import { get } from "./api.js";
import { ago, badge, h, number, percent, plural, table, words, show } from "./dom.js";

/** The profile of a data set, folded up; nothing before its first pull. */
export async function profile(place, source, dataSet) {
  const found = (await get(`/v1/sources/${encodeURIComponent(source)}/profile?${new URLSearchParams({ data_set: dataSet })}`)).items[0];
  if (!found) return;
  const facts = [
    found.keys.length ? `a row is known by ${found.keys.join(", ")}` : "nothing seems to identify a row",
    found.change ? `${found.change} says when it changed` : null,
    found.deleted ? `${found.deleted} says that it is gone` : null,
    found.newest ? `the newest is of ${found.newest}` : null,
  ].filter(Boolean).join("; ");
  const columns = [
    ["Column", (each) => [h("strong", null, each.name), each.declared ? null : h("div", { class: "quiet" }, "not declared")]],
    ["Looks like", (each) => each.format ? `${each.type} ${each.format}` : each.type],
    ["Filled", (each) => found.rows ? percent(each.filled / found.rows) : "", "count"],
    ["Distinct", (each) => number(each.distinct), "count"],
    ["Values", (each) => each.personal !== "none" ? badge("held", `personal: ${words(each.personal).toLowerCase()}`)
      : each.least !== null ? `${each.least} to ${each.most}` : each.shapes.map((shape) => shape.form).join(", ")],
  ];
  show(place, h("details", null, h("summary", null, `Profile (${plural(found.columns.length, "column")})`),
    h("p", { class: "quiet" }, `By the first ${plural(found.rows, "row")} of a pull `, ago(`${found.day}T00:00:00Z`), `: ${facts}.`),
    table("Profile", columns, found.columns)));
}
