// What is not known of a customer, and the question to put next.

import { get, may, post } from "./api.js";
import { action, ago, field, h, say, show, words } from "./dom.js";

const MET = { call: "On the telephone", store: "In the shop", email: "By e-mail", web: "On the website" };

/** The card of a customer's page; nothing where nothing is missing. */
export async function ask(place, id, chosen = "call") {
  const path = `/v1/customers/${encodeURIComponent(id)}`;
  const { gaps } = await get(`${path}/gaps`);
  if (!gaps.length) return place.remove();
  const met = h("select", { name: "interaction" }, Object.entries(MET).map(([kind, text]) =>
    h("option", { value: kind, selected: kind === chosen || null }, text)));
  const next = h("div", { "aria-live": "polite" });
  const fill = async () => {
    const { question } = await get(`${path}/question?${new URLSearchParams({ interaction: met.value })}`);
    show(next, question ? [h("p", { class: "ask" }, question.ask),
      may("prompts.write") ? action("I ask this", async () => {
        const asked = await post(`${path}/prompts`, { interaction: met.value, field: question.field });
        say(asked.question ? "Written down; nobody asks it again." : "Somebody was quicker; it was asked already.");
        await ask(place, id, met.value);
        place.querySelector("select").focus();
      }, { class: "main" }) : null]
      : h("p", { class: "quiet" }, "Nothing to ask here: no question fits, or all were asked."));
  };
  met.addEventListener("change", () => fill().catch((error) => say(error.message, "bad")));
  show(place, h("h2", null, "What to ask"),
    h("p", { class: "quiet" }, "Missing: ", gaps.map((each, at) => [at ? ", " : "", words(each.field).toLowerCase(),
      each.asked_at ? [" (asked ", ago(each.asked_at), ")"] : ""])),
    field("Where you meet", met), next);
  await fill();
}
