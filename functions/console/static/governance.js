// Who answers for the data: targets of quality with their owners, and where personal data are.

import { get } from "./api.js";
import { badge, day, h, number, show, table, words } from "./dom.js";

const STATES = { met: "passed", missed: "failed", not_measured: "waiting", declared: "enabled", undeclared: "failed", mentioned: "held", unseen: "waiting" };
const CAN = { met: "Met", missed: "Missed", not_measured: "Not measured", declared: "Declared", undeclared: "Not declared", mentioned: "In texts", unseen: "Not seen yet" };

const state = (each) => badge(STATES[each.state], CAN[each.state]);

const named = (kind) => kind === "none" ? "" : words(kind);

const section = (title, text, ...children) => h("section", { class: "card" }, h("h2", null, title), h("p", { class: "quiet" }, text), children);

export async function render(page) {
  const [targets, findings] = await Promise.all([get("/v1/quality_targets"), get("/v1/personal_data")]);
  show(page.place, h("h1", null, "Governance"),
    section("Targets of quality", "From quality_targets in hub.yaml, as the data stood on the last day on which they were pulled.", table("Targets", [
      ["Target", (each) => [h("strong", null, words(each.name)), h("p", { class: "hint" }, each.says)]],
      ["Owner", (each) => each.owner],
      ["Of", (each) => each.column ? `${each.data_set}.${each.column}` : each.data_set],
      ["At least", (each) => `${number(each.at_least)} %`, "count"],
      ["Measured", (each) => each.value === null ? "" : [h("span", null, `${number(each.value)} %`), each.day ? h("p", { class: "hint" }, day(each.day)) : null], "count"],
      ["", state],
    ], targets.items, "hub.yaml names no target.")),
    section("Personal data", "Columns that a manifest declares, and others whose values look like persons. No value is shown.", table("Personal data", [
      ["Column", (each) => [h("span", null, `${each.source}.${each.data_set}.${each.column}`), each.in_manifest ? null : h("p", { class: "hint" }, "not in the manifest")]],
      ["Declared as", (each) => named(each.declared)],
      ["Looks like", (each) => named(each.found) || Object.entries(each.mentions).map(([kind, rows]) => `${words(kind)} in ${number(rows)} rows`).join(", ")],
      ["Why it is kept", (each) => each.purpose || ""],
      ["", state],
    ], findings.items, "Nothing personal was found.")));
}
