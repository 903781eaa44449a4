// Compose: a segment, a template, a campaign of both.

import { list, post } from "./api.js";
import { field, form, h, say, show, words } from "./dom.js";
import { parameterFields, tableList } from "./reports.js";

export async function render(page) {
  if (page.rest[0] === "segments") return segment(page);
  return page.rest[0] === "templates" ? template(page) : campaign(page);
}

const path = (last) => h("p", { class: "path" }, h("a", { href: "#/campaigns" }, "Campaigns"), ` / ${last}`);
const text = (name, more = {}) => h("input", { name, required: true, maxlength: 120, autocomplete: "off", ...more });
const area = (name, rows, more = {}) => h("textarea", { name, rows, required: true, ...more });

async function everything(path) {
  const items = [];
  for (let after = null; ;) {
    const found = await list(`${path}?limit=200`, after);
    items.push(...found.items);
    if (!(after = found.next) || items.length >= 1000) return items;
  }
}

async function campaign(page) {
  page.title("New campaign");
  const [segments, templates] = await Promise.all([everything("/v1/segments"), everything("/v1/templates")]);
  const choice = (name, things, id, none = "Choose …") => h("select", { name, required: none === "Choose …" }, h("option", { value: "" }, none),
    things.map((each) => h("option", { value: each[id] }, each.channel === "sms" ? `${each.name} (text)` : each.name)));
  const parameters = h("div");
  let read = () => ({});
  const who = choice("segment", segments, "segment_id");
  who.addEventListener("change", () => {
    const made = parameterFields((segments.find((each) => each.segment_id === who.value) || { parameters: [] }).parameters);
    read = made.read;
    show(parameters, made.fields);
  });
  show(page.place, path("New campaign"), h("h1", null, "New campaign"),
    form({}, async (made) => {
      const channel = (id) => templates.find((each) => each.template_id === id).channel;
      const [first, other] = [made.template.value, made.other.value];
      const saved = await post("/v1/campaigns", { name: made.name_.value.trim(), segment_id: who.value, template_id: first, parameters: read(),
        ...(other ? { channels: [channel(first), channel(other)], templates: { [channel(other)]: other } } : {}),
        ...(made.accessible.value ? { accessible_template_id: made.accessible.value } : {}) });
      location.hash = `#/campaigns/${saved.campaign_id}`;
    }, field("Name", text("name_")),
      field("Who gets it", who, segments.length ? "A saved segment." : "There are no segments yet; compose one first."), parameters,
      field("What they get", choice("template", templates, "template_id"), templates.length ? "A saved template." : "There are no templates yet; compose one first."),
      field("By another channel", choice("other", templates, "template_id", "One channel only"), "A mail beside a text, or the other way round: each gets one of them, by the channel that he prefers and agreed to."),
      field("What those get who read with difficulty", choice("accessible", templates, "template_id", "The same"), "Large print, plain language: for people of whom such a need is known. Who they are is not shown."),
      h("div", { class: "row" }, h("button", { type: "submit", class: "main" }, "Save"),
        h("a", { class: "button", href: "#/campaigns/segments/new" }, "New segment"), h("a", { class: "button", href: "#/campaigns/templates/new" }, "New template"))));
}

const START = `select customer_id
from reporting.customer
where reachable_email`;

async function segment(page) {
  page.title("New segment");
  const rows = h("div");
  const adder = h("button", { type: "button", class: "small", onclick: () => rows.append(parameterRow()) }, "Add a parameter");
  show(page.place, path("New segment"), h("h1", null, "New segment"),
    form({}, async (made) => {
      const parameters = [...rows.children].map((row) => ({ name: row.querySelector("input").value.trim(), type: row.querySelector("select").value }));
      await post("/v1/segments", { name: made.name_.value.trim(), description: made.about.value.trim(), sql: made.sql.value, parameters });
      say("The segment is saved.");
      location.hash = "#/campaigns/new";
    }, field("Name", text("name_")), field("Description", text("about", { required: false, maxlength: 1000 })),
      field("SQL", area("sql", 10, { class: "code", spellcheck: "false", maxlength: 60000, value: START }), "One SELECT over the tables below that gives customer_id. A parameter is written :since."),
      rows, h("p", null, adder), h("button", { type: "submit", class: "main" }, "Save")),
    await tableList());
}

let row = 0;

function parameterRow() {
  const type = h("select", null, ["text", "list", "integer", "decimal", "date", "timestamp"].map((name) => h("option", { value: name }, words(name))));
  const made = h("fieldset", { class: "row" }, h("legend", { class: "unseen" }, `Parameter ${++row}`),
    field("Parameter", h("input", { required: true, pattern: "[a-z][a-z0-9_]*", maxlength: 40, autocomplete: "off" })), field("Type", type),
    h("button", { type: "button", class: "small", onclick: () => made.remove() }, "Remove"));
  return made;
}

const LETTER = `Dear {{given_name|friend}},

`;
const PAPER = `<p>Dear {{given_name|friend}},</p>
<p></p>
<p><a href="{{unsubscribe_url}}">Unsubscribe</a></p>`;

const SHORT = `Dear {{given_name|friend}},  Reply STOP to opt out`;

async function template(page) {
  page.title("New template");
  const channel = h("select", { name: "channel" }, h("option", { value: "email" }, "E-mail"), h("option", { value: "sms" }, "Text (SMS)"));
  const said = area("text", 8, { maxlength: 100000, value: LETTER });
  const mailOnly = [field("Subject", text("subject", { maxlength: 200 })),
    field("HTML", area("html", 10, { class: "code", spellcheck: "false", maxlength: 200000, value: PAPER }), "Values are escaped. Without a link to unsubscribe one is added at the end.")];
  channel.addEventListener("change", () => {
    const mail = channel.value === "email";
    for (const each of mailOnly) {
      each.hidden = !mail;
      each.querySelector("input, textarea").disabled = !mail;
    }
    if ([LETTER, SHORT].includes(said.value)) said.value = mail ? LETTER : SHORT;
  });
  show(page.place, path("New template"), h("h1", null, "New template"),
    form({}, async (made) => {
      const mail = channel.value === "email" ? { subject: made.subject.value, html: made.html.value } : { channel: "sms" };
      await post("/v1/templates", { name: made.name_.value.trim(), text: said.value, ...mail });
      say("The template is saved.");
      location.hash = "#/campaigns/new";
    }, field("Name", text("name_")), field("Channel", channel, "A text has neither subject nor HTML, at most six parts of 153 characters, and has to say how to opt out: Reply STOP, or the link."), mailOnly[0],
      field("Text", said, "Variables: given_name, family_name, full_name, city, region, country, company, language, unsubscribe_url. Write {{given_name|friend}} to say what stands in for a name that is not known."),
      mailOnly[1],
      h("button", { type: "submit", class: "main" }, "Save")));
}
