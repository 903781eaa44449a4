// Who may use the hub.

import { call, get, list, may, me, post } from "./api.js";
import { action, badge, confirm, day, field, form, h, pages, plural, say, show, table, words } from "./dom.js";

export async function render(page) {
  if (page.rest[0] === "rights") return register(page);
  const { items: roles } = await get("/v1/roles");
  if (page.rest[0] === "new") return create(page, roles);
  if (page.rest[0] === "roles") {
    const role = roles.find((each) => each.name === page.rest[1]);
    return role || page.rest[1] === "new" ? edit(page, role) : all(page, roles);
  }
  const found = h("div");
  show(page.place, h("h1", null, "Users"),
    h("p", { class: "row" }, may("users.manage") ? h("a", { class: "button", href: "#/users/new" }, "New user") : null, h("a", { class: "button", href: "#/users/roles" }, "Roles"), h("a", { class: "button", href: "#/users/rights" }, "Register of rights")), found);
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

const path = (...parts) => h("p", { class: "path" }, h("a", { href: "#/users" }, "Users"), " / ", parts);

function all(page, roles) {
  page.title("Roles");
  show(page.place, path("Roles"), h("h1", null, "Roles"),
    may("users.manage") ? h("p", null, h("a", { class: "button", href: "#/users/roles/new" }, "New role")) : null,
    table("Roles", [
      ["Name", (role) => h("strong", null, words(role.name))],
      ["For", (role) => role.shipped ? "shipped with the hub" : role.description],
      ["Permissions", (role) => role.permissions.map((permission) => h("span", { class: "tag" }, permission))],
      ["", (role) => may("users.manage") && !role.shipped ? h("div", { class: "row" },
        h("a", { class: "button small", href: `#/users/roles/${role.name}`, "aria-label": `Change ${role.name}` }, "Change"),
        action("Delete", async () => {
          if (!await confirm("Delete the role?", `${words(role.name)} is gone for good.`, "Delete")) return;
          await call("DELETE", `/v1/roles/${role.name}`);
          say(`The role ${role.name} is deleted.`);
          all(page, roles.filter((other) => other !== role));
        }, { class: "small", "aria-label": `Delete ${role.name}` })) : "", "actions"],
    ], roles));
}

/** Who may what, why, and when he last did; what nobody used for 90 days may go. */
async function register(page) {
  page.title("Rights");
  const found = h("div");
  show(page.place, path("Rights"), h("h1", null, "Register of rights"), h("p", { class: "quiet" }, "Marked is what was not used for 90 days."), found);
  await pages(found, (after) => list("/v1/rights", after), (items) => table("Rights", [
    ["Who", (each) => [h("strong", null, each.name), each.kind === "client" ? " (machine)" : null]],
    ["Why", (each) => each.purpose || ""],
    ["Roles", (each) => each.roles.map((role) => h("span", { class: "tag", title: role.purpose }, words(role.name), role.unused ? " (unused)" : ""))],
    ["Last seen", (each) => each.last_used ? day(each.last_used) : "never"],
    ["Rights", (each) => h("details", null, h("summary", null, `${plural(each.rights.length, "right")}, ${each.unused.length} unused`),
      h("ul", { class: "hint" }, each.rights.map((right) => h("li", null, `${right.permission} by ${right.given_by.map(words).join(", ")}`, right.unused ? " (unused)" : ""))))],
  ], items));
}

/** Make a role, or say anew what one gives; only permissions that one has oneself are offered. */
function edit(page, role) {
  const title = role ? `Role ${words(role.name)}` : "New role";
  const own = me.permissions.filter((permission) => permission !== "signed_in");
  const boxes = h("fieldset", null, h("legend", null, "Permissions"), own.map((permission) => h("label", { class: "choice" },
    h("input", { type: "checkbox", value: permission, checked: Boolean(role && role.permissions.includes(permission)) }), ` ${permission}`)));
  page.title(title);
  show(page.place, path(h("a", { href: "#/users/roles" }, "Roles"), " / ", title), h("h1", null, title),
    form({}, async (made) => {
      const text = { description: made.description.value.trim(), permissions: chosen(boxes) };
      if (role) await call("PUT", `/v1/roles/${role.name}`, text);
      else await post("/v1/roles", { name: made.name_of_role.value.trim(), ...text });
      say(role ? "Everybody who has the role has its new rights within 15 seconds." : "The role can be given to users now.");
      location.hash = "#/users/roles";
    }, role ? null : field("Name", h("input", { name: "name_of_role", required: true, maxlength: 63, pattern: "[a-z][a-z0-9_]*", autocomplete: "off", autocapitalize: "none" }), "Small letters, digits and _."),
      field("What it is for", h("input", { name: "description", maxlength: 500, value: role ? role.description : "", autocomplete: "off" })), boxes,
      h("button", { type: "submit", class: "main" }, role ? "Save" : "Create")));
}
