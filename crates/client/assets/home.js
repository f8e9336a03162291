// Live updates of the list: held and sold tickets turn gray, released ones return, new ones are announced.

const live = document.querySelector("[data-live]");

if (live && "EventSource" in window) {
  const texts = live.dataset;
  const notice = live.querySelector("[data-live-notice]");
  const text = live.querySelector("[data-live-text]");
  const quiet = live.querySelector("[data-live-quiet]");
  const isWholeList = !new URL(location.href).search;
  const fresh = new Set();

  const card = (id) => document.querySelector(`[data-ticket="${CSS.escape(id)}"]`);

  const showNotice = (message) => {
    text.textContent = message;
    notice.hidden = false;
  };

  const announce = (ticket) => {
    if (!isWholeList || ticket.status !== "available" || fresh.has(ticket.id)) return;
    fresh.add(ticket.id);
    showNotice(fresh.size === 1 ? texts.one : texts.many.replace("{n}", String(fresh.size)));
  };

  const price = ({ amount, currency }) => {
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: "currency", currency });
    return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
  };

  const show = (item, ticket) => {
    // Events may be duplicated or out of order.
    if (ticket.version <= Number(item.dataset.version)) return;
    item.dataset.version = String(ticket.version);
    item.dataset.title = ticket.title;
    item.querySelector(".ticket-title a").textContent = ticket.title;
    item.querySelector(".ticket-price").textContent = price(ticket.price);
    const taken = ticket.status !== "available";
    const state = item.querySelector(".ticket-state");
    state.toggleAttribute("data-quiet", !taken);
    state.textContent = texts[ticket.status] ?? "";
    if (item.classList.toggle("is-taken", taken) !== item.hasAttribute("data-taken")) {
      item.toggleAttribute("data-taken", taken);
      quiet.textContent = (taken ? texts.taken : texts.back).replace("{title}", ticket.title);
    }
  };

  let events;

  // A browser opens at most six connections to a site: hidden tabs leave them to the visible one.
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
    // This reader lagged behind and missed events.
    events.addEventListener("reset", () => showNotice(texts.changed));
  };

  /** The tickets on a page, with their versions. */
  const shown = (page) => {
    return Array.from(page.querySelectorAll("[data-ticket]"), ({ dataset }) => `${dataset.ticket} ${dataset.version}`);
  };

  const catchUp = async () => {
    const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
    if (!reply.ok) return;
    const now = new DOMParser().parseFromString(await reply.text(), "text/html");
    if (String(shown(now)) !== String(shown(document))) showNotice(texts.changed);
  };

  listen();
  document.addEventListener("visibilitychange", () => {
    listen();
    // Offline: the next visibility change tries again.
    if (!document.hidden) catchUp().catch(() => {});
  });
  addEventListener("pagehide", () => events?.close());
}
