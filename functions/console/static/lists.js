// Lists of people: uploads, and merging them with each other and with data sets.

import { call, get, list, may, post } from "./api.js";
import { action, ago, badge, dialog, field, form, h, number, pages, plural, say, show, table, words } from "./dom.js";

export async function render(page) {
  return page.rest[0] ? one(page, page.rest[0]) : all(page);
}

async function all(page) {
  const uploads = h("section", { "aria-label": "Uploaded lists" });
  const jobs = h("section", { "aria-label": "Merges" });
  const drawUploads = () => pages(uploads, (after) => list("/v1/lists", after), (items) => table("Uploaded lists", [
    ["List", (each) => [h("strong", null, each.name), h("div", { class: "quiet" }, each.description)]],
    ["Rows", (each) => number(each.rows), "count"],
    ["Why it may be kept", (each) => each.basis],
    ["Uploaded", (each) => ago(each.uploaded_at)],
  ], items, "No list was uploaded yet."));
  show(page.place, h("h1", null, "Lists"),
    may("lists.write") ? h("div", { class: "row" },
      action("Upload a list …", () => upload(page, drawUploads)),
      action("Merge and purge …", () => ask(page), { class: "main" })) : null,
    h("h2", null, "Merges"), jobs, h("h2", null, "Uploaded lists"), uploads);
  await drawUploads();
  await pages(jobs, (after) => list("/v1/merge_purges", after), (items) => table("Merges", [
    ["Merge", (job) => h("a", { href: `#/lists/${job.merge_id}` }, job.title)],
    ["State", (job) => badge(job.state)],
    ["Kept", (job) => job.report ? number(job.report.total.kept) : "", "count"],
    ["Asked", (job) => ago(job.asked_at)],
  ], items, "Nothing was merged yet."));
}

/** A name, why the people may be kept, and a file. */
function upload(page, done) {
  const name = h("input", { name: "name", required: true, pattern: "[a-z][a-z0-9_]*", maxlength: 63 });
  const basis = h("textarea", { name: "basis", rows: 2, required: true, minlength: 10, maxlength: 500 });
  const file = h("input", { type: "file", name: "file", required: true, accept: ".csv,text/csv" });
  dialog(page, "Upload a list", (close) => form({}, async () => {
    const told = await call("PUT", `/v1/lists/${encodeURIComponent(name.value)}`, { csv: await file.files[0].text(), basis: basis.value.trim() });
    close();
    say(`${told.name}: ${plural(told.rows, "row")} uploaded.`);
    await done();
  }, field("Name", name, "Small letters, digits and _. A list of this name is replaced."),
    field("Why these people may be kept and written to", basis, "Where they agreed, and when. A list without a reason is refused."),
    field("CSV with a header", file, "Up to 1 MB; larger lists come as a data set."), buttons(close, "Upload")));
}

const buttons = (close, yes) => h("div", { class: "row" }, h("button", { type: "button", onclick: close }, "Back"),
  h("button", { type: "submit", class: "main" }, yes));

/** Which lists, who stays, who is left out. */
async function ask(page) {
  const [uploads, sources] = await Promise.all([get("/v1/lists?limit=200"), may("sources.read") ? get("/v1/sources") : { items: [] }]);
  const sets = sources.items.flatMap((source) => source.data_sets.filter((set) => set.entities.includes("customer"))
    .map((set) => ["data_set", `${source.name}.${set.name}`]));
  const names = [...sets, ...uploads.items.map((each) => ["upload", each.name])];
  const title = h("input", { name: "title", required: true, maxlength: 200 });
  const keep = h("select", { name: "keep" }, [["first", "of the list that stands first"], ["newest", "that changed last"], ["fullest", "with the most values"]]
    .map(([value, text]) => h("option", { value }, text)));
  const without = h("input", { type: "checkbox", name: "without" });
  const roles = names.map(([kind, name]) => h("select", { name: `list ${name}`, "data-kind": kind, "data-name": name },
    ["leave out", "merge", "suppress"].map((each) => h("option", { value: each }, words(each)))));
  const chosen = (role) => roles.filter((each) => each.value === role).map((each) => ({ [each.dataset.kind]: each.dataset.name }));
  dialog(page, "Merge and purge", (close) => form({}, async () => {
    const job = await post("/v1/merge_purges", { title: title.value.trim(), lists: chosen("merge"), suppress: chosen("suppress"),
      keep: keep.value, without_key: without.checked ? "drop" : "keep" });
    close();
    location.hash = `#/lists/${job.merge_id}`;
  }, field("Title", title), roles.map((each, n) => field(names[n][1], each)),
    field("Of one person the row stays …", keep, "People are the same who share an e-mail address, a telephone number, or name and postcode."),
    field("Leave out rows that have none of these", without), buttons(close, "Merge")));
}

async function one(page, id) {
  const path = `/v1/merge_purges/${encodeURIComponent(id)}`;
  const place = h("div");
  let job = await get(path);
  page.title(job.title);
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/lists" }, "Lists"), " / Merge"), h("h1", null, job.title), place);
  const draw = () => show(place, h("p", null, badge(job.state), " ", ago(job.ended_at || job.asked_at)),
    job.error ? h("p", { class: "wrong" }, job.error) : null, job.report ? told(job) : null,
    job.report && may("lists.write") ? h("div", { class: "row" }, fetched(path, "kept", "Who was kept"), fetched(path, "fates", "What became of each row")) : null);
  draw();
  page.every(2, async () => {
    if (!["queued", "running"].includes(job.state)) return false;
    job = await get(path);
    draw();
    return true;
  });
}

const fetched = (path, part, text) => action(text, async () => {
  const link = await get(`${path}/download?part=${part}`);
  h("a", { href: link.url, download: "" }).click();
});

const FATES = ["rows", "kept", "merged", "purged"];

const told = (job) => [
  h("h2", null, "Rows by list"), table("Rows by list", [["List", (row) => row[0]], ...FATES.map((name) => [words(name), (row) => number(row[1][name]), "count"])],
    [...Object.entries(job.report.lists), ["All", job.report.total]]),
  h("h2", null, "Why rows did not stay"), table("Why rows did not stay", [["Reason", (row) => words(row[0])], ["Rows", (row) => number(row[1]), "count"]],
    Object.entries(job.report.reasons), "Every row stayed."),
];
