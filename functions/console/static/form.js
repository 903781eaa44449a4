// Entries written down by hand, also where there is no connection. They wait in this module's memory and nowhere else:
// they are about persons, and what a telephone keeps is lost with it.

import { call, get, me, post } from "./api.js";
import { action, field, form, h, plural, say, show } from "./dom.js";

const WAIT = 5000;
const batches = []; // {key, owner, source, data_set, entries, text, made, tried, sent, done, refused}
let sending = false;
let timer = 0;
let redraw = () => {};

addEventListener("beforeunload", (event) => { if (open().length) event.preventDefault(); });
addEventListener("online", () => flush());

const mine = () => batches.filter((each) => me && each.owner === me.id);
const open = () => mine().filter((each) => !each.done);
const count = (some) => some.reduce((sum, each) => sum + each.entries.length, 0);

export async function render(page) {
  page.title("Entries");
  const targets = (await get("/v1/uploads/targets")).items.filter((each) => each.form);
  const told = h("p", { role: "status" });
  const again = action("Send now", () => {
    for (const batch of open()) batch.refused = false;
    return flush();
  }, { hidden: true });
  const place = h("div");
  redraw = () => {
    const waiting = count(open());
    const sent = count(mine()) - waiting;
    again.hidden = !waiting;
    show(told, [waiting ? `${plural(waiting, "entry waits", "entries wait")} in this page for the connection; do not close it.` : null,
      sent ? `${plural(sent, "entry was", "entries were")} sent.` : null].filter(Boolean).join(" "));
  };
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/uploads" }, "Uploads"), " / Entries"), h("h1", null, "Entries"),
    told, again, targets.length ? place : h("p", { class: "empty" }, "No data set of this hub takes entries by hand."));
  if (!targets.length) return;
  const set = h("select", { name: "set" }, targets.map((each, at) => h("option", { value: at }, `${each.source} ${each.data_set}: ${each.description}`)));
  const fields = h("div");
  const draw = () => show(fields, entry(targets[set.value]));
  set.addEventListener("change", draw);
  show(place, targets.length > 1 ? field("What for", set) : h("p", { class: "quiet" }, targets[0].description), fields);
  draw();
  redraw();
}

function entry(target) {
  const asked = target.form.filter((each) => !each.fill).map((each) => [each, control(each)]);
  return form({ class: "card", autocomplete: "off" }, async (made) => {
    const values = {};
    for (const each of target.form) if (each.fill) values[each.name] = each.fill === "id" ? crypto.randomUUID() : new Date().toISOString();
    for (const [each, input] of asked) if (input.value.trim()) values[each.name] = read(each, input.value.trim());
    keep(target, values);
    made.reset();
    asked[0][1].focus();
    say("Kept.");
    flush();
  }, asked.map(([each, input]) => field(each.label, input)), h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Keep and next")));
}

const KINDS = { email: "email", phone: "tel", birth_date: "date" };
const TYPES = { date: "date", timestamp: "datetime-local", integer: "number", bigint: "number", decimal: "number", double: "number" };

function control(each) {
  const choices = each.type === "boolean" ? ["true", "false"] : each.choices;
  if (choices.length) return h("select", { name: each.name, required: each.required }, h("option", { value: "" }, ""), choices.map((value) =>
    h("option", { value }, each.type === "boolean" ? { true: "Yes", false: "No" }[value] : value)));
  const type = TYPES[each.type] || KINDS[each.personal] || "text";
  return h("input", { name: each.name, type, step: type === "number" ? "any" : null, required: each.required, maxlength: 500, autocomplete: "off" });
}

const read = (each, text) => each.type === "boolean" ? text === "true" : each.type === "timestamp" ? new Date(text).toISOString() : text;

/** Put an entry to those that wait; a file that was begun to be sent stays as it is. */
function keep({ source, data_set }, values) {
  let batch = open().find((each) => !each.text && each.source === source && each.data_set === data_set);
  if (!batch) batches.push(batch = { key: crypto.randomUUID(), owner: me.id, source, data_set, entries: [] });
  batch.entries.push(values);
  redraw();
}

/** Send what waits, oldest first, and try again until it is there. What the hub refuses waits for a person. */
async function flush() {
  if (sending) return;
  sending = true;
  let broken = false;
  for (const batch of open().filter((each) => !each.refused)) {
    try {
      await send(batch);
      batch.done = true;
      batch.text = "";
      batch.entries = batch.entries.map(() => null); // what is there is not kept here
    } catch (error) {
      broken = !error.status || [401, 409, 429].includes(error.status) || error.status >= 500;
      if (broken) break;
      batch.refused = true;
      say(error.message, "bad");
    }
  }
  sending = false;
  redraw();
  clearTimeout(timer);
  if (broken) timer = setTimeout(flush, WAIT);
  else if (open().some((each) => !each.text)) flush(); // written down meanwhile
}

async function send(batch) {
  batch.text ||= batch.entries.map((each) => JSON.stringify(each)).join("\n") + "\n";
  const { source, data_set, key, text } = batch;
  const body = new TextEncoder().encode(text);
  batch.made ||= await call("POST", "/v1/uploads", { source, data_set, file_name: `${key}.jsonl`, size: body.length }, { "idempotency-key": key });
  const path = `/v1/uploads/${batch.made.upload_id}`;
  if (!batch.sent) {
    const { parts } = batch.tried ? await post(`${path}/parts`) : batch.made; // a link is good for an hour
    batch.tried = true;
    const answer = await fetch(parts[0].url, { method: "PUT", headers: parts[0].headers, body });
    if (!answer.ok) throw new Error("The entries were not taken.");
    batch.sent = true;
  }
  await call("POST", `${path}/complete`, undefined, { "idempotency-key": `${key}-complete` });
}
