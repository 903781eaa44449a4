// Who may use the hub.

import { call, get, list, may, me, post } from "./api.js";
import { action, badge, field, form, h, pages, say, show, table, words } from "./dom.js";

export async function render(page) {
  const { items: roles } = await get("/v1/roles");
  if (page.rest[0] === "new") return create(page, roles);
  const found = h("div");
  show(page.place, h("h1", null, "Users"),
    may("users.manage") ? h("p", null, h("a", { class: "button", href: "#/users/new" }, "New user")) : null, found);
  const fill = () => pages(found, (after) => list("/v1/users", after), (items) => table("Users", [
    ["Name", (each) => h("strong", null, each.username)],
    ["E-mail", (each) => each.email || ""],
    ["Roles", (each) => each.roles.map((role) => h("span", { class: "tag" }, words(role)))],
    ["State", (each) => badge(each.enabled ? "enabled" : "disabled")],
    ["", (each) => may("users.manage") && each.id !== me.id ? h("div", { class: "row" },
      action("Roles", () => change(each, roles, fill), { class: "small", "aria-label": `Roles of ${each.username}` }),
      action(each.enabled ? "Disable" : "Enable", async () => {
        await call("PATCH", `/v1/users/${encodeURIComponent(each.username)}`, { enabled: !each.enabled });
        say(`${each.username} is ${each.enabled ? "disabled" : "enabled"}.`);
        await fill();
      }, { class: "small", "aria-label": `${each.enabled ? "Disable" : "Enable"} ${each.username}` })) : "", "actions"],
  ], items));
  await fill();
}

const choices = (roles, held = []) => h("fieldset", null, h("legend", null, "Roles"), roles.map((role) =>
  h("label", { class: "choice" }, h("input", { type: "checkbox", value: role.name, checked: held.includes(role.name) }), ` ${words(role.name)}`)));

const chosen = (place) => [...place.querySelectorAll("input:checked")].map((box) => box.value);

function change(user, roles, done) {
  const boxes = choices(roles, user.roles);
  const dialog = h("dialog", { "aria-labelledby": "whose" }, h("h2", { id: "whose" }, `Roles of ${user.username}`),
    form({}, async () => {
      await call("PATCH", `/v1/users/${encodeURIComponent(user.username)}`, { roles: chosen(boxes) });
      dialog.close();
      say(`${user.username} has other roles now.`);
      await done();
    }, boxes, h("div", { class: "row" }, h("button", { type: "button", onclick: () => dialog.close() }, "Back"), h("button", { type: "submit", class: "main" }, "Save"))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

function create(page, roles) {
  const boxes = choices(roles);
  page.title("New user");
  show(page.place, h("p", { class: "path" }, h("a", { href: "#/users" }, "Users"), " / New user"), h("h1", null, "New user"),
    form({}, async (made) => {
      await post("/v1/users", { username: made.username.value.trim(), email: made.email.value.trim(), roles: chosen(boxes) });
      say("The user gets a temporary password by e-mail.");
      location.hash = "#/users";
    }, field("User name", h("input", { name: "username", required: true, maxlength: 128, pattern: "[\\w.@+\\-]+", autocomplete: "off", autocapitalize: "none" })),
      field("E-mail", h("input", { name: "email", type: "email", required: true, autocomplete: "off" })), boxes,
      h("button", { type: "submit", class: "main" }, "Create")));
}
