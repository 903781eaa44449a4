// What a pull made of values: each with what the source wrote, how sure it is, and a way back.

import { list, may, post } from "./api.js";
import { action, badge, h, pages, say, table } from "./dom.js";

/** Fill `place` with the fixes of a pull; nothing where there are none. */
export async function fixes(place, pull) {
  await pages(place, (after) => list(`/v1/fixes?pull_id=${encodeURIComponent(pull.pull_id)}`, after), (items) => {
    if (!items.length) return null;
    const all = h("div");
    const draw = () => all.replaceChildren(h("h2", null, "Values that were mended"), table("Fixes", [
      ["Row", (each) => `${each.batch}/${each.row}`],
      ["Column", (each) => [h("strong", null, each.column), h("div", { class: "quiet" }, each.rule)]],
      ["The source wrote", (each) => each.before === null ? h("span", { class: "quiet" }, "nothing") : h("code", null, each.before)],
      ["Made of it", (each) => [each.after === null ? h("span", { class: "quiet" }, "nothing") : h("code", null, each.after), " ", standing(each)]],
      ["Sure", (each) => `${Math.round(each.certainty * 100)} %`, "count"],
      ["", (each) => each.applied && may("fixes.undo") ? back(items, each, draw) : null, "actions"],
    ], items));
    draw();
    return all;
  });
}

const standing = (each) => !each.applied ? badge("open", "suggested") : each.undone ? badge("withdrawn", "undone") : null;

const back = (items, each, draw) => action(each.undone ? "Mend again" : "Undo", async () => {
  const wish = { pull_id: each.pull_id, batch: each.batch, number: each.number, undone: !each.undone };
  items[items.indexOf(each)] = await post("/v1/fixes/undo", wish);
  draw();
  say(wish.undone ? "From the next pull on the value is as the source writes it." : "From the next pull on it is mended again.");
}, { class: "small", "aria-label": `${each.undone ? "Mend" : "Undo"} ${each.column} of row ${each.batch}/${each.row}` });
