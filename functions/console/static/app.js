// The shell: who is signed in, which page is shown, where the focus is.

import { me, may, resume, signOut } from "./api.js";
import { h, say, show, explained } from "./dom.js";

const PAGES = [
  // path, module, name in the menu, permission
  ["overview", "overview.js", "Overview", "sources.read"],
  ["customers", "customers.js", "Customers", "customers.read"],
  ["companies", "companies.js", "Companies", "customers.read"],
  ["groups", "groups.js", "Groups", "customers.read"],
  ["decisions", "decisions.js", "Who is who", "decisions.read"],
  ["verifications", "verify.js", "Verification", "verifications.read"],
  ["uploads", "uploads.js", "Uploads", "uploads.read"],
  ["lists", "lists.js", "Lists", "lists.read"],
  ["reports", "reports.js", "Reports", "reports.read"],
  ["campaigns", "campaigns.js", "Campaigns", "campaigns.read"],
  ["governance", "governance.js", "Governance", "sources.read"],
  ["users", "users.js", "Users", "users.read"],
];
const main = document.getElementById("main");
const top_ = document.getElementById("top");
let current = null;

const allowed = () => PAGES.filter(([, , , permission]) => may(permission));

function header(active) {
  const menu = h("ul", { id: "menu" }, allowed().map(([path, , name]) =>
    h("li", null, h("a", { href: `#/${path}`, "aria-current": path === active ? "page" : null }, name))));
  const out = h("button", { type: "button", class: "plain", onclick: async () => { await signOut(); location.hash = ""; render(); } }, "Sign out");
  show(top_,
    h("a", { class: "brand", href: "#/" }, h("span", { class: "mark", "aria-hidden": "true" }), "Customer Data Hub"),
    h("nav", { "aria-label": "Pages" }, menu),
    h("div", { class: "who" }, h("span", { title: me.roles.join(", ") }, me.username), out));
}

/** A page gets this: its place, the rest of its path, its query, and whether it is still the one that is shown. */
function page(place, rest, query) {
  const mine = {};
  current = mine;
  return {
    place, rest, query,
    alive: () => current === mine,
    title: (text) => { document.title = `${text} · Customer Data Hub`; },
    /** Do something again while the page is shown and looked at. */
    every: (seconds, work) => {
      const turn = async () => {
        if (current !== mine) return;
        if (!document.hidden && (await work().catch((error) => say(error.message, "bad"))) === false) return;
        setTimeout(turn, seconds * 1000);
      };
      setTimeout(turn, seconds * 1000);
    },
  };
}

/** A part of an address; one that was cut in the middle of a sign stands for itself. */
function decoded(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

async function render() {
  current = null;
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [first, ...rest] = path.split("/").map(decoded);
  if (!me) {
    top_.replaceChildren();
    document.body.classList.add("out");
    const { signInPage } = await import("./signin.js");
    show(main, signInPage(() => render()));
    document.title = "Sign in · Customer Data Hub";
    main.querySelector("input").focus();
    return;
  }
  if (document.body.classList.contains("out")) show(main, h("p", { class: "quiet" }, "Loading …"));
  document.body.classList.remove("out");
  const found = allowed().find(([name]) => name === first) || (first ? null : allowed()[0]);
  header(found && found[0]);
  const place = h("div", { class: "page" });
  if (!found) {
    document.title = "Customer Data Hub";
    main.dataset.shown = path;
    show(main, h("h1", null, first ? "There is no such page" : "Welcome"), h("p", null, first
      ? "It may have moved, or your role does not include it." : "Your role has no pages in the console. It may use the API."));
    return;
  }
  const given = page(place, rest, new URLSearchParams(query));
  given.title(found[2]);
  try {
    const module = await import(`./${found[1]}`);
    await module.render(given);
  } catch (error) {
    show(place, h("h1", null, found[2]), h("div", { class: "wrong", role: "alert" }, explained(error)));
  }
  if (!given.alive()) return;
  show(main, place);
  main.dataset.shown = path;
  const heading = place.querySelector("h1");
  if (heading && !place.contains(document.activeElement)) { heading.tabIndex = -1; heading.focus({ preventScroll: true }); }
  scrollTo(0, 0);
}

document.querySelector(".skip").addEventListener("click", (event) => { event.preventDefault(); main.focus(); });
addEventListener("hashchange", render);
addEventListener("signed-out", () => { say("You were signed out. Sign in again.", "bad"); render(); });
resume().then(render, (error) => show(main, h("h1", null, "The hub does not answer"), h("p", null, error.message),
  h("button", { type: "button", class: "main", onclick: () => location.reload() }, "Try again")));
