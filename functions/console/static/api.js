// The one way to the API. The access token lives in this module's memory and nowhere else.

let token = null;
let until = 0;
let refreshing = null;
export let me = null;
export const may = (permission) => !!me && me.permissions.includes(permission);

/** A refused request: what the API said, in words for people. */
export class ApiError extends Error {
  constructor(status, code, message, details) {
    super(message);
    Object.assign(this, { status, code, details });
  }
}

async function ask(method, path, body, headers = {}, take = null) {
  let answer;
  try {
    answer = await fetch(path, {
      method, credentials: "same-origin", cache: "no-store",
      headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new ApiError(0, "unreachable", "The hub cannot be reached. Check the connection and try again.");
  }
  if (answer.status === 204) return null;
  if (answer.ok && take) return take(answer);
  const read = await answer.json().catch(() => ({}));
  if (answer.ok) return read;
  const { code = "unknown", message, details } = read.error || {};
  const plain = answer.status >= 500 ? "Something went wrong in the hub. Try again in a moment." : message;
  throw new ApiError(answer.status, code, plain || `The hub refused this (${answer.status}).`, details);
}

function keep(answer) {
  token = answer.access_token;
  until = Date.now() + (answer.expires_in - 60) * 1000;
}

/** One step of a sign-in; a challenge is given back, otherwise the user is signed in. */
export async function signIn(step) {
  const answer = await ask("POST", "/v1/session", step);
  if (answer.challenge) return answer;
  keep(answer);
  await who();
  return null;
}

const who = async () => { me = await call("GET", "/v1/me"); };

/** Go on with the session of the cookie, if there is one. All who ask at once share one request. */
export function refresh() {
  refreshing ||= ask("POST", "/v1/session/refresh")
    .then(keep)
    .finally(() => { refreshing = null; });
  return refreshing;
}

export async function resume() {
  try {
    await refresh();
    await who();
  } catch (error) {
    if (error.status === 0 || error.status >= 500) throw error;
    forget();
  }
}

const forget = () => { token = null; me = null; until = 0; };

export async function signOut() {
  await ask("DELETE", "/v1/session").catch(() => null);
  forget();
}

/** Ask the API as the user who is signed in; a token that ran out is renewed silently. */
export async function call(method, path, body, headers = {}, take = null) {
  if (!token) throw over();
  if (Date.now() > until) await lost(refresh());
  try {
    return await ask(method, path, body, { ...headers, authorization: `Bearer ${token}` }, take);
  } catch (error) {
    if (error.status !== 401) throw error;
    await lost(refresh());
    return ask(method, path, body, { ...headers, authorization: `Bearer ${token}` }, take);
  }
}

const over = () => new ApiError(401, "signed_out", "You were signed out. Sign in again.");

async function lost(renewed) {
  try {
    await renewed;
  } catch (error) {
    if (error.status === 401 || error.status === 403) {
      const known = me;
      forget();
      if (known) dispatchEvent(new Event("signed-out"));
      throw over();
    }
    throw error;
  }
}

export const get = (path) => call("GET", path);
/** A POST that creates: repeated by a double click or a lost answer it creates once. */
export const post = (path, body) => call("POST", path, body, { "idempotency-key": crypto.randomUUID() });
export const list = (path, after) => get(path + (after ? `${path.includes("?") ? "&" : "?"}after=${encodeURIComponent(after)}` : ""));
/** One part of a file that comes in parts: its bytes, and where the next part begins. */
export const part = (path, after) => call("GET", path + (after ? `?after=${encodeURIComponent(after)}` : ""), undefined, {},
  async (answer) => ({ bytes: await answer.blob(), next: answer.headers.get("x-next") }));
