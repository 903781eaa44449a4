// What a visitor does on a page, told once he agrees. Before that nothing is sent and nothing stored.
// <script defer src="https://HUB/tracker.js" data-collect="https://HUB/v1/collect/website" data-key="WRITE-KEY"></script>
(() => {
  const me = document.currentScript, base = me.dataset.collect, key = me.dataset.key;
  const ID = "hub_id", MOST = 20, PAUSE = 2000, TRIES = 8;
  const refused = navigator.globalPrivacyControl || navigator.doNotTrack === "1";
  let id = null, waiting = {}, sending = [], timer = 0;

  const store = (work) => { try { return work(localStorage); } catch { return null; } };
  const uuid = () => crypto.randomUUID ? crypto.randomUUID()
    : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const clean = (address) => { try { const { origin, pathname } = new URL(address); return origin + pathname; } catch { return null; } };
  const campaign = () => {
    const found = [...new URLSearchParams(location.search)].filter(([name]) => name.startsWith("utm_"));
    return found.length ? Object.fromEntries(found) : undefined;
  };

  function add(set, event) {
    if (!id) return;
    const made = { event_id: uuid(), anonymous_id: id, happened_at: new Date().toISOString(), ...event };
    (waiting[set] ||= []).push(made);
    if (waiting[set].length >= MOST) flush();
    else timer ||= setTimeout(flush, PAUSE);
  }

  // A batch keeps its id however often it is sent, so that the hub counts it once.
  function pack() {
    clearTimeout(timer);
    timer = 0;
    const made = Object.entries(waiting).map(([set, events]) => ({
      url: `${base}/${set}?key=${encodeURIComponent(key)}&id=${uuid()}`, body: JSON.stringify(events), tries: 0 }));
    waiting = {};
    sending.push(...made);
    return made;
  }
  const flush = () => pack().forEach(send);

  async function send(batch) {
    if (!sending.includes(batch)) return;
    let pause = Math.min(60, 2 ** batch.tries) * (0.5 + Math.random());
    try {
      // Plain text asks for no preflight; no cookie goes along.
      const answer = await fetch(batch.url, { method: "POST", body: batch.body, keepalive: batch.body.length < 60000,
        credentials: "omit", headers: { "content-type": "text/plain" } });
      if (answer.status < 500 && answer.status !== 429) return done(batch);
      pause = Number(answer.headers.get("retry-after")) || pause;
    } catch { /* not reached: once more, later */ }
    if (++batch.tries < TRIES) setTimeout(send, pause * 1000, batch);
    else done(batch);
  }
  const done = (batch) => { sending = sending.filter((each) => each !== batch); };

  // What was not answered is sent again while the page goes; the hub knows what it has.
  addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden" || !id) return;
    pack();
    for (const batch of sending) navigator.sendBeacon(batch.url, batch.body);
  });

  const hub = window.hub = {
    /** consent(true): begin. consent(false): forget the visitor and what was not sent. */
    consent(given) {
      if (!given || refused) {
        id = null;
        clearTimeout(timer);
        timer = 0;
        waiting = {};
        sending = [];
        return store((kept) => kept.removeItem(ID));
      }
      if (id) return;
      id = store((kept) => kept.getItem(ID)) || uuid();
      store((kept) => kept.setItem(ID, id));
      hub.page();
    },
    page: () => hub.track("page"),
    track: (event, properties) => add("events", { event, properties, page: clean(location.href), title: document.title,
      referrer: clean(document.referrer), campaign: campaign() }),
    /** Say who the visitor is: identify("4711", {name, email, phone}). What he did before is his, too. */
    identify: (user, about) => add("visitors", { ...about, event: "identify", user_id: String(user) }),
  };
  // Whoever agreed on an earlier page need not be asked again.
  if (store((kept) => kept.getItem(ID))) hub.consent(true);
})();
