// Elements, texts and times. All data enters the page as text: nothing here takes HTML.

export function h(tag, props, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export const show = (place, ...children) => place.replaceChildren(...children.flat(Infinity).filter(Boolean));

/** Say something to everybody, on the screen and to screen readers. */
export function say(text, kind = "good") {
  const place = document.getElementById("said");
  show(place, h("p", { class: `said ${kind}` }, text));
  clearTimeout(say.timer);
  say.timer = setTimeout(() => place.replaceChildren(), kind === "bad" ? 12000 : 5000);
}

const WORDS = {
  complete: "good", released: "good", finished: "good", succeeded: "good", sent: "good", granted: "good", enabled: "good", passed: "good",
  failed: "bad", refused: "bad", abandoned: "bad", withdrawn: "bad", cancelled: "bad", bad: "bad",
  held: "warn", quarantined: "warn", open: "warn", uncertain: "warn", paused: "warn", cancelling: "warn", excluded: "warn", disabled: "warn",
  running: "busy", sending: "busy", freezing: "busy", planned: "busy", queued: "busy", waiting: "busy",
};

export const badge = (state, text) => h("span", { class: `badge ${WORDS[state] || ""}` }, text || words(state));

/** How good the data behind something is, with what is wrong with it; nothing where nothing was measured. */
export function quality(found) {
  if (!found || found.level === "unknown") return null;
  const kind = { good: "complete", fair: "held", poor: "bad" }[found.level];
  return h("div", { class: "quality" }, h("p", null, badge(kind, `Data: ${found.level}`), ` ${percent(found.score)} at worst`),
    found.shortfalls.length ? h("ul", { class: "hint" }, found.shortfalls.slice(0, 5).map((each) =>
      h("li", null, `${words(each.measure)} of ${each.data_set}: ${percent(each.share)}`))) : null);
}

export const percent = (share) => `${Math.floor(share * 1000) / 10} %`;

/** no_address -> No address */
export function words(name) {
  const text = String(name).replaceAll("_", " ").replace(/^email/, "e-mail");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const amount = (value) => Number(value || 0).toLocaleString("en", { minimumFractionDigits: 2 });
export const number = (value) => Number(value || 0).toLocaleString("en");
export const bytes = (value) => value < 1000 ? plural(value, "byte") : value < 1e6 ? `${Math.round(value / 1e3)} kB` : value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`;
export const plural = (count, one, many = one + "s") => `${number(count)} ${count === 1 ? one : many}`;

const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

/** An element that says how long ago a moment was, with the moment itself beside it. */
export function ago(text) {
  if (!text) return h("span", { class: "quiet" }, "never");
  const moment = new Date(String(text).replace(" ", "T"));
  if (isNaN(moment)) return h("span", null, String(text));
  const seconds = Math.max(0, (Date.now() - moment) / 1000);
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) || UNITS[3];
  const said = seconds < 5 ? "just now" : `${plural(Math.floor(seconds / size), unit)} ago`;
  return h("time", { datetime: moment.toISOString(), title: moment.toLocaleString() }, said);
}

export function day(text) {
  const moment = new Date(String(text).replace(" ", "T"));
  if (!text || isNaN(moment)) return String(text ?? "");
  return moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: /T| /.test(String(text)) ? "short" : undefined });
}

/** A table that becomes a list of cards on a phone. columns: [heading, (row) => content, class] */
export function table(caption, columns, rows, empty = "Nothing here yet.") {
  if (!rows.length) return h("p", { class: "empty" }, empty);
  return h("table", { class: "cards" },
    h("caption", { class: "unseen" }, caption),
    h("thead", null, h("tr", null, columns.map(([heading, , kind]) => h("th", { scope: "col", class: kind }, heading)))),
    h("tbody", null, rows.map((row) => h("tr", null, columns.map(([heading, content, kind]) => {
      const inside = content(row);
      return h("td", { class: kind, "data-label": heading }, inside === "" || inside === null ? null : h("div", null, inside));
    })))));
}

/** A button that starts nothing else while what it started runs, keeps the focus, and says what went wrong. */
export function action(text, work, props = {}) {
  const button = h("button", { type: "button", ...props, onclick: async () => {
    if (button.hasAttribute("aria-busy")) return;
    button.setAttribute("aria-busy", "true");
    try { await work(); } catch (error) { say(error.message, "bad"); }
    button.removeAttribute("aria-busy");
  } }, text);
  return button;
}

let fields = 0;

/** A labelled control. control: an element; its `hint` is read with it. */
export function field(label, control, hint) {
  control.id ||= `field-${++fields}`;
  const described = hint ? h("p", { class: "hint", id: `${control.id}-hint` }, hint) : null;
  if (described) control.setAttribute("aria-describedby", described.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, described);
}

/** A form that sends once, shows what is wrong above its button and puts the focus there. */
export function form(props, submit, ...children) {
  const wrong = h("div", { class: "wrong", role: "alert", tabindex: "-1" });
  const made = h("form", { ...props, novalidate: false, onsubmit: async (event) => {
    event.preventDefault();
    const button = made.querySelector("[type=submit]");
    if (button.disabled) return;
    button.disabled = true;
    wrong.replaceChildren();
    try { await submit(made); } catch (error) {
      show(wrong, explained(error));
      wrong.focus();
    }
    button.disabled = false;
  } }, children);
  made.lastElementChild.before(wrong);
  return made;
}

/** What an error says: its message, and each field that is named. */
export function explained(error) {
  const problems = Array.isArray(error.details) ? error.details.filter((each) => each && each.problem) : [];
  const place = error.details && error.details.line ? ` (line ${error.details.line}, column ${error.details.column})` : "";
  const repeated = problems.length === 1 && error.message.includes(problems[0].problem);
  return h("div", null,
    h("p", null, error.message + (error.message.includes("line ") ? "" : place)),
    problems.length && !repeated ? h("ul", null, problems.map((each) => h("li", null, `${words(each.field)}: ${each.problem}`))) : null);
}

/** Ask before something that cannot be taken back; resolves to true or false. */
export function confirm(title, text, yes) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { "aria-labelledby": "asked" },
      h("h2", { id: "asked" }, title), h("p", null, text),
      h("form", { method: "dialog", class: "row" },
        h("button", { value: "no" }, "Back"), h("button", { value: "yes", class: "main" }, yes)));
    dialog.addEventListener("close", () => { dialog.remove(); resolve(dialog.returnValue === "yes"); });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** A dialog on a page, gone with it. fill(close) gives what stands under its title. */
export function dialog(page, title, fill) {
  const made = h("dialog", { "aria-labelledby": "asked" }, h("h2", { id: "asked" }, title), fill(() => made.close()));
  made.addEventListener("close", () => {
    made.remove();
    // What opened it may have been drawn anew.
    if (document.activeElement === document.body) page.place.querySelector("h1").focus();
  });
  page.place.append(made);
  made.showModal();
}

/** A list that is read page by page. load(after) gives {items, next}; draw(items) gives an element for all so far. */
export async function pages(place, load, draw) {
  const items = [];
  const more = async (after) => {
    const page = await load(after);
    items.push(...page.items);
    show(place, draw(items), page.next && action("Show more", () => more(page.next), { class: "more" }));
  };
  await more(null);
}
