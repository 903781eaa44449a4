// The form that corrects the values of one refused row.

import { dialog, field, form, h } from "./dom.js";

const plain = (value) => value === null || typeof value !== "object";

/** The fields that are offered: those that break a rule and are not there, then those of the row; a text has none, so all that are known. */
function offered(line, known) {
  const record = line.record || {};
  const broken = line.failures.map((each) => each.column).filter((name) => name && !(name in record));
  const rest = line.record ? Object.keys(record).filter((name) => plain(record[name])) : [...known];
  return [...new Set([...broken, ...rest])].map((name) => [name, record[name] ?? ""]);
}

/** Ask for other values and try the row again; only what was changed is sent. */
export function correct(desk, line) {
  const inputs = new Map();
  const fields = h("div");
  const add = (name, value) => {
    const text = String(value);
    const broken = line.failures.filter((each) => each.column === name).map((each) => each.reason || each.rule);
    const control = h(text.includes("\n") ? "textarea" : "input", { value: text, autocomplete: "off", spellcheck: "false", autofocus: broken.length > 0 });
    inputs.set(name, { control, start: control.value });
    fields.append(field(name, control, broken.join("; ") || null));
    return control;
  };
  const changed = () => Object.fromEntries([...inputs].filter(([, each]) => each.control.value !== each.start)
    .map(([name, { control }]) => [name, control.value === "" ? null : control.value]));
  offered(line, desk.fields).forEach(([name, value]) => add(name, value));

  dialog(desk.page, `Row ${line.row} of batch ${line.batch}`, (close) => [
    line.failures.filter((each) => !inputs.has(each.column)).map((each) => h("p", null, each.reason || each.rule)),
    line.record ? null : h("div", null, h("p", null, "This row could not be taken apart. What is written here is the whole of it."), h("pre", { tabindex: 0 }, line.text)),
    form({}, async () => {
      await desk.replay({ corrections: [{ batch: line.batch, row: line.row, values: changed() }] });
      close();
    }, h("p", { class: "quiet" }, "Only what is changed is sent. A field that is emptied has no value."), fields, another(inputs, add),
      h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, "Try again")))]);
}

/** One more field, by the name that the source or the hub's column has. */
function another(inputs, add) {
  const name = h("input", { autocomplete: "off", autocapitalize: "none", spellcheck: "false", maxlength: 200 });
  const take = () => {
    const text = name.value.trim();
    if (!text) return name.focus();
    name.value = "";
    (inputs.has(text) ? inputs.get(text).control : add(text, "")).focus();
  };
  name.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); take(); } });
  return h("details", null, h("summary", null, "A field that is not here"), field("Name of the field", name, "The source's name, or the hub's column."),
    h("button", { type: "button", class: "small", onclick: take }, "Add the field"));
}
