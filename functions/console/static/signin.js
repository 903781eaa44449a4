// Sign in: the password, then what the user pool asks for.

import { signIn } from "./api.js";
import { field, form, h, show } from "./dom.js";

const input = (name, type, auto, more = {}) => h("input", { name, type, autocomplete: auto, required: true, ...more });

export function signInPage(done) {
  const card = h("div", { class: "signin" });
  const on = async (step) => {
    const asked = await signIn(step);
    if (!asked) return done();
    const next = asked.challenge === "totp" ? code : newPassword;
    show(card, next(step.username, asked.session, on));
    card.querySelector("input").focus();
  };
  show(card, first(on));
  return card;
}

const title = (text, more) => [h("span", { class: "mark", "aria-hidden": "true" }), h("h1", null, text), h("p", { class: "quiet" }, more)];

const first = (on) => form({}, async (made) => {
  await on({ username: made.username.value.trim(), password: made.password.value });
}, title("Customer Data Hub", "Sign in to go on."),
  field("User name", input("username", "text", "username", { autocapitalize: "none", spellcheck: "false", maxlength: 128 })),
  field("Password", input("password", "password", "current-password", { maxlength: 256 })),
  h("button", { type: "submit", class: "main" }, "Sign in"));

const newPassword = (username, session, on) => form({}, async (made) => {
  if (made.one.value !== made.two.value) throw new Error("The two passwords are not the same.");
  await on({ username, session, new_password: made.one.value });
}, title("Choose a password", "This is your first sign-in. Choose a password of your own."),
  h("input", { type: "hidden", autocomplete: "username", value: username }),
  field("New password", input("one", "password", "new-password", { maxlength: 256 }), "At least 12 characters."),
  field("Once more", input("two", "password", "new-password", { maxlength: 256 })),
  h("button", { type: "submit", class: "main" }, "Save and sign in"));

const code = (username, session, on) => form({}, async (made) => {
  await on({ username, session, code: made.code.value });
}, title("Enter the code", "Your authenticator app shows six digits."),
  field("Code", input("code", "text", "one-time-code", { inputmode: "numeric", pattern: "[0-9]{6}", maxlength: 6 })),
  h("button", { type: "submit", class: "main" }, "Sign in"));
