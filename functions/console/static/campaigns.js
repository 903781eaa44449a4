// Campaigns: compose, count, send, watch, and what became of each message.

import { get, list, may, post } from "./api.js";
import { action, ago, badge, confirm, day, dialog, field, form, h, number, pages, plural, quality, show, table, words } from "./dom.js";

export async function render(page) {
  const [first, second] = page.rest;
  if (first === "new" || second === "new" || first === "segments" || first === "templates") {
    const compose = await import("./compose.js");
    return compose.render(page);
  }
  return first ? one(page, first) : all(page);
}

async function all(page) {
  const found = h("div");
  const link = (permission, path, text, kind) => may(permission) ? h("a", { class: `button ${kind}`, href: `#/campaigns/${path}` }, text) : null;
  show(page.place, h("h1", null, "Campaigns"),
    h("div", { class: "row" }, link("campaigns.write", "new", "New campaign", "main"), link("segments.write", "segments/new", "New segment", ""),
      link("templates.write", "templates/new", "New template", "")), found);
  await pages(found, (after) => list("/v1/campaigns", after), (items) => table("Campaigns", [
    ["Name", (each) => h("a", { href: `#/campaigns/${each.campaign_id}` }, each.name)],
    ["State", (each) => badge(each.state)],
    ["Sent", (each) => each.send && each.send.counts ? number(each.send.counts.sent) : "", "count"],
    ["Audience", (each) => counted(each) ? number(counted(each).audience) : "", "count"],
    ["Composed", (each) => ago(each.created_at)],
  ], items, "There are no campaigns yet."));
}

const counted = (campaign) => (campaign.send && campaign.send.counts) || (campaign.dry_run && campaign.dry_run.counts);
const active = (campaign) => [campaign.dry_run, campaign.send].some((run) => run && ["freezing", "sending", "cancelling"].includes(run.state));

async function one(page, id) {
  const path = `/v1/campaigns/${encodeURIComponent(id)}`;
  let campaign = await get(path);
  page.title(campaign.name);
  const [segment, ...said] = await Promise.all([
    may("segments.read") ? get(`/v1/segments/${campaign.segment_id}`) : null,
    ...[campaign.template_id, ...Object.values(campaign.templates || {})].map((each) => may("templates.read") ? get(`/v1/templates/${each}`) : { name: each })]);
  const state = h("div", { "aria-live": "polite" });
  const receipts = h("section", { "aria-label": "Receipts" });
  show(page.place,
    h("p", { class: "path" }, h("a", { href: "#/campaigns" }, "Campaigns"), " / Campaign"),
    h("h1", null, campaign.name), state,
    h("div", { class: "two" },
      h("section", { class: "card" }, h("h2", null, "Who"), segment ? [h("p", null, h("strong", null, segment.name)), h("p", { class: "quiet" }, segment.description),
        h("details", null, h("summary", null, "The query"), h("pre", { tabindex: 0 }, segment.sql))] : h("code", null, campaign.segment_id),
        Object.entries(campaign.parameters).map(([name, value]) => h("p", null, `${words(name)}: ${value}`))),
      h("section", { class: "card" }, h("h2", null, "What"), said.map((each, at) => each.text
        ? [said.length > 1 ? h("p", { class: "quiet" }, BY[campaign.channels[at]]) : null, h("p", null, h("strong", null, each.subject || each.name)), h("pre", { tabindex: 0, class: "letter-text" }, each.text)]
        : h("code", null, each.name)), h("p", { class: "quiet" }, `From ${campaign.sender}`))),
    receipts);

  const again = async () => {
    const before = campaign;
    campaign = await get(path);
    if (JSON.stringify(before) !== JSON.stringify(campaign)) draw();
    return active(campaign);
  };
  const act = (text, name, options = {}) => action(text, async () => {
    if (options.ask && !await confirm(...options.ask)) return;
    const now = await post(`${path}/${name}`, {});
    campaign = { ...now, quality: now.quality || campaign.quality };
    draw();
    page.every(1.5, again);
  }, { class: options.kind || "" });

  const blocked = () => campaign.quality && campaign.quality.level === "poor" && !campaign.override;
  const override = () => {
    const reason = h("textarea", { name: "reason", rows: 3, required: true, minlength: 5, maxlength: 500 });
    dialog(page, "Let it go out on poor data?", (close) => [quality(campaign.quality), form({}, async () => {
      campaign = await post(`${path}/override`, { reason: reason.value.trim() });
      close();
      draw();
    }, field("Reason", reason, "The audit log keeps it: name no person, no address and no number of one."),
      h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"), h("button", { type: "submit", class: "main" }, "Override")))]);
  };
  const draw = () => {
    const { send, dry_run: dry } = campaign;
    const resend = !send || send.state === "failed";
    show(state,
      h("p", null, badge(campaign.state), send ? [" ", send.ended_at ? ["ended ", ago(send.ended_at)] : ["started ", ago(send.started_at)]] : ` Composed ${day(campaign.created_at)}`),
      quality(campaign.quality), campaign.override ? h("p", { class: "hint" }, "Overridden ", ago(campaign.override.at), `: ${campaign.override.why}`) : null,
      blocked() ? h("p", { class: "hint" }, "The data behind this audience is poor. Mend it, or let an approver override with a reason.") : null,
      [send, dry].filter(Boolean).filter((run) => run.error).slice(0, 1).map((run) => h("p", { class: "wrong" }, run.error)),
      send && send.counts ? progress(send) : dry ? dryRun(dry) : h("p", { class: "hint" }, "Try it dry first: it counts who would get it and why others would not. Nobody is written to."),
      h("div", { class: "row" },
        may("campaigns.write") && resend ? act("Dry run", "dry_run", { kind: dry ? "" : "main" }) : null,
        may("campaigns.approve") && resend && blocked() ? action("Override …", override) : null,
        may("campaigns.approve") && resend && !blocked() ? act("Send …", "send", { kind: "main", ask: ["Send this campaign?",
          dry && dry.counts ? `${plural(dry.counts.waiting, "person", "people")} would get it by the dry run. Sending cannot be taken back.` : "It was not tried dry. Sending cannot be taken back.", "Send"] }) : null,
        may("campaigns.approve") && send && send.state === "sending" ? act("Pause", "pause") : null,
        may("campaigns.approve") && send && send.state === "paused" ? act("Resume", "resume", { kind: "main" }) : null,
        may("campaigns.approve") && send && ["sending", "paused"].includes(send.state) ? act("Cancel …", "cancel", { ask: ["Cancel this campaign?",
          "Nobody else is written to. What was sent stays sent.", "Cancel the campaign"] }) : null));
    drawReceipts(receipts, path, send);
  };
  draw();
  if (active(campaign)) page.every(1.5, again);
}

const PLACES = [["sent", "good"], ["refused", "bad"], ["uncertain", "warn"], ["cancelled", "stop"], ["excluded", "off"], ["waiting", "todo"]];

function progress(run) {
  const counts = { ...run.counts, excluded: Object.values(run.counts.excluded).reduce((sum, n) => sum + n, 0) };
  const done = counts.audience - counts.waiting;
  const bar = h("div", { class: "bar", role: "progressbar", "aria-label": "Progress", "aria-valuemin": 0, "aria-valuemax": counts.audience, "aria-valuenow": done });
  for (const [name, kind] of PLACES) {
    if (!counts[name]) continue;
    const part = h("span", { class: kind, title: `${words(name)}: ${number(counts[name])}` });
    part.style.flexGrow = counts[name];
    bar.append(part);
  }
  return h("section", { class: "card", "aria-label": "Counts" }, bar,
    h("dl", { class: "facts" }, h("div", null, h("dt", null, "Audience"), h("dd", null, number(counts.audience))),
      PLACES.map(([name, kind]) => h("div", null, h("dt", { class: `dot ${kind}` }, words(name)), h("dd", null, number(counts[name]))))),
    mix(run), reasons(run.counts.excluded), counts.uncertain ? h("p", { class: "hint" },
      "Uncertain: the provider did not say whether it took the message. It is never sent a second time by itself.") : null);
}

function dryRun(run) {
  if (!run.counts) return h("p", null, badge(run.state), " The audience is counted.");
  return h("section", { class: "card", "aria-label": "Dry run" },
    h("p", { class: "big" }, h("strong", null, number(run.counts.waiting)), ` of ${plural(run.counts.audience, "person", "people")} would get it`),
    mix(run), reasons(run.counts.excluded), h("p", { class: "quiet" }, "Counted ", ago(run.ended_at), run.release_id ? [" on release ", h("code", null, run.release_id)] : ""));
}

const BY = { email: "By e-mail", sms: "By text" };
const CHOSEN = { stated: "as they wish", inferred: "as they respond there", order: "as the campaign orders" };

const mix = (run) => Object.keys(run.mix || {}).length === 0 ? null : h("ul", { class: "reasons", "aria-label": "Channels" }, Object.entries(run.mix).flatMap(([channel, whys]) =>
  Object.entries(whys).map(([why, count]) => h("li", null, h("strong", null, number(count)), ` ${BY[channel].toLowerCase()}, ${CHOSEN[why]}`))));

const WHY = {
  no_consent: "did not agree to it", no_address: "have no address that can be written to", suppressed: "unsubscribed, bounced or complained",
  duplicate_address: "share an address with somebody who gets it", not_on_allow_list: "are not on this stage's allow-list", erased: "were erased",
  open_complaint: "have a complaint that is not solved",
};

const reasons = (excluded) => Object.keys(excluded).length ? h("ul", { class: "reasons" }, Object.entries(excluded).map(([name, count]) =>
  h("li", null, h("strong", null, number(count)), ` ${WHY[name] || words(name)}`))) : null;

function drawReceipts(place, path, send) {
  if (!send || !send.counts || place.dataset.open) return;
  const rows = h("div");
  show(place, h("h2", null, "Receipts"), rows, action("Show receipts", async () => {
    place.dataset.open = "yes";
    show(place, h("h2", null, "Receipts"), rows);
    await pages(rows, (after) => list(`${path}/receipts`, after), (items) => table("Receipts", [
      ["Customer", (each) => may("customers.read") ? h("a", { href: `#/customers/${each.customer_id}` }, h("code", null, each.customer_id)) : h("code", null, each.customer_id)],
      ["State", (each) => badge(each.state)],
      ["Channel", (each) => each.channel ? `${BY[each.channel]}, ${CHOSEN[each.why]}` : ""],
      ["Reason", (each) => each.reason ? words(each.reason) : ""],
      ["What the provider said", (each) => each.events.map(words).join(", ")],
    ], items, "No chunk is done yet."));
  }));
}

