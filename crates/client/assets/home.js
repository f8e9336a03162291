// The list follows what happens: taken tickets turn grey, those that come back are on sale again, new ones are announced.

const live = document.querySelector("[data-live]");

if (live && "EventSource" in window) {
  const words = live.dataset;
  const notice = live.querySelector("[data-live-notice]");
  const text = live.querySelector("[data-live-text]");
  const quiet = live.querySelector("[data-live-quiet]");
  const isWholeList = !new URL(location.href).search;
  const fresh = new Set();

  const card = (id) => document.querySelector(`[data-ticket="${CSS.escape(id)}"]`);

  const tell = (words) => {
    text.textContent = words;
    notice.hidden = false;
  };

  const announce = (ticket) => {
    if (!isWholeList || ticket.status !== "available" || fresh.has(ticket.id)) return;
    fresh.add(ticket.id);
    tell(fresh.size === 1 ? words.one : words.many.replace("{n}", String(fresh.size)));
  };

  const price = ({ amount, currency }) => {
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  };

  const show = (item, ticket) => {
    // A change may come twice, or after a newer one.
    if (ticket.version <= Number(item.dataset.version)) return;
    item.dataset.version = String(ticket.version);
    item.dataset.title = ticket.title;
    item.querySelector(".ticket-title a").textContent = ticket.title;
    item.querySelector(".ticket-price").textContent = price(ticket.price);
    const taken = ticket.status !== "available";
    const state = item.querySelector(".ticket-state");
    state.toggleAttribute("data-quiet", !taken);
    state.textContent = words[ticket.status] ?? "";
    if (item.classList.toggle("is-taken", taken) !== item.hasAttribute("data-taken")) {
      item.toggleAttribute("data-taken", taken);
      quiet.textContent = (taken ? words.taken : words.back).replace("{title}", ticket.title);
    }
  };

  let events;

  // A browser keeps six connections to a site: tabs that nobody looks at leave them to the one that is looked at.
  const listen = () => {
    events?.close();
    if (document.hidden) return;
    events = new EventSource("/api/tickets/events");
    for (const subject of ["created", "updated", "reserved", "released", "sold", "withdrawn"]) {
      events.addEventListener(`ticket.${subject}`, (event) => {
        const ticket = JSON.parse(event.data);
        const item = card(ticket.id);
        if (item) show(item, ticket);
        else if (subject === "created") announce(ticket);
      });
    }
    // Too much has happened to be told one by one.
    events.addEventListener("reset", () => tell(words.changed));
  };

  /** Which tickets a page shows, in which versions. */
  const shown = (page) => {
    return Array.from(page.querySelectorAll("[data-ticket]"), ({ dataset }) => `${dataset.ticket} ${dataset.version}`);
  };

  const catchUp = async () => {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!reply.ok) return;
    const now = new DOMParser().parseFromString(await reply.text(), "text/html");
    if (String(shown(now)) !== String(shown(document))) tell(words.changed);
  };

  listen();
  document.addEventListener("visibilitychange", () => {
    listen();
    // Without a connection there is nothing to catch up with yet.
    if (!document.hidden) catchUp().catch(() => {});
  });
  addEventListener("pagehide", () => events?.close());
}
