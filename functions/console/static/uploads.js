// Files that people send: from a computer or a phone straight into a data set's folder, then the pull that reads them.

import { get, list, may, post } from "./api.js";
import { action, ago, badge, bytes as size, field, form, h, number, pages, say, show, table } from "./dom.js";
import { balance } from "./overview.js";
import { pullLink } from "./pulls.js";

export async function render(page) {
  if (page.rest[0] === "form") return (await import("./form.js")).render(page);
  const found = h("section", { "aria-label": "Uploads" });
  const sending = h("section", { "aria-label": "Send a file", class: "card" });
  const fill = () => pages(found, (after) => list("/v1/uploads", after), (items) => table("Uploads", columns, items, "Nothing was uploaded yet."));
  page.title("Uploads");
  show(page.place, h("h1", null, "Uploads"), may("uploads.write") ? sending : null, found);
  if (may("uploads.write")) {
    const targets = (await get("/v1/uploads/targets")).items;
    show(sending, ...chooser(targets, fill), targets.some((each) => each.form) ? h("p", null, h("a", { href: "#/uploads/form" }, "Write entries down by hand")) : null);
  }
  await fill();
  page.every(4, async () => { if (!found.contains(document.activeElement)) await fill(); });
}

const columns = [
  ["File", (each) => [h("strong", null, each.file_name), h("div", { class: "quiet" }, `${each.source} ${each.data_set}`)]],
  ["Size", (each) => size(each.size), "count"],
  ["Sent", (each) => each.state === "complete" ? ago(each.completed_at) : each.state === "waiting" ? badge("waiting", "being sent") : badge("abandoned", "given up")],
  ["Pull", (each) => !each.pull ? (each.state === "complete" ? badge("waiting", "asked for") : "")
    : [badge(each.pull.state), " ", may("pulls.read") ? pullLink(each.pull.pull_id, `pull ${each.pull.pull_seq}`) : null,
      each.pull.error || (each.pull.state === "held" ? each.pull.reason : null) ? h("div", { class: "quiet" }, each.pull.error || each.pull.reason) : null]],
  ["Rows", (each) => each.pull ? `${number(each.pull.staged)} of ${number(each.pull.received)}` : "", "count"],
  ["Balance", (each) => each.pull ? balance(each.pull) : ""],
];

function chooser(targets, again) {
  if (!targets.length) return [h("p", { class: "empty" }, "No data set of this hub takes uploads.")];
  const set = h("select", { name: "set", required: true }, targets.map((each, at) =>
    h("option", { value: at }, `${each.source} ${each.data_set}: ${each.description}`)));
  const file = h("input", { type: "file", name: "file", required: true });
  const endings = h("span");
  const bar = h("progress", { max: 100, value: 0, hidden: true, "aria-label": "Sent" });
  const told = h("p", { class: "hint", role: "status" });
  const fit = () => {
    const target = targets[set.value];
    file.accept = target.endings.join(",");
    show(endings, `Ends in ${target.endings.slice(0, 2).join(" or ")}, plain or packed.`);
  };
  set.addEventListener("change", fit);
  fit();
  const stop = action("Stop", () => going.abort(), { hidden: true });
  let going = null;
  return [h("h2", null, "Send a file"), form({}, async () => {
    const { source, data_set } = targets[set.value];
    const chosen = file.files[0];
    going = new AbortController();
    bar.hidden = stop.hidden = false;
    bar.value = 0;
    try {
      const made = await post("/v1/uploads", { source, data_set, file_name: chosen.name, size: chosen.size });
      await send(made, chosen, going.signal, (sent) => {
        bar.value = 100 * sent / chosen.size;
        show(told, `${size(sent)} of ${size(chosen.size)} sent`);
      });
      await post(`/v1/uploads/${made.upload_id}/complete`);
      say(`${chosen.name} is sent; its pull was asked for.`);
      file.value = "";
    } finally {
      bar.hidden = stop.hidden = true;
      told.replaceChildren();
      await again();
    }
  }, field("Data set", set), field("File", file, endings), h("p", null, bar), told,
  h("div", { class: "row" }, stop, h("button", { type: "submit", class: "main" }, "Send")))];
}

const TRIES = 4;

/** Send the file's parts one after the other; one that breaks off is sent again by a new link. */
async function send(made, file, signal, progress) {
  let before = 0;
  for (const { number } of made.parts) {
    for (let turn = 1; ; turn++) {
      const part = made.parts.find((each) => each.number === number);
      if (!part) break;
      try {
        await put(part, file.slice(part.offset, part.offset + part.size), signal, (sent) => progress(before + sent));
        before += part.size;
        break;
      } catch (error) {
        if (signal.aborted || turn === TRIES) throw error;
        await new Promise((after) => setTimeout(after, 1000 * 2 ** turn));
        made = { ...made, parts: (await post(`/v1/uploads/${made.upload_id}/parts`)).parts };
      }
    }
  }
}

/** One PUT; the older way of asking, as it alone tells how much is sent. */
function put(part, body, signal, progress) {
  return new Promise((sent, failed) => {
    const request = new XMLHttpRequest();
    const problem = (text) => () => failed(new Error(text));
    request.open("PUT", part.url);
    for (const [name, value] of Object.entries(part.headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onload = () => request.status < 300 ? sent() : failed(new Error(`The file was refused (${request.status}).`));
    request.onerror = problem("The connection broke off. Try again.");
    request.onabort = problem("Stopped; nothing of the file was taken in.");
    signal.addEventListener("abort", () => request.abort());
    request.send(body);
  });
}
