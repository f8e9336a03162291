// The list follows what happens: taken tickets turn grey, those that come back are on sale again, new ones are announced.

const live = document.querySelector("[data-live]");

if (live && "EventSource" in window) {
  const words = live.dataset;
  const notice = live.querySelector("[data-live-notice]");
  const text = live.querySelector("[data-live-text]");
  const quiet = live.querySelector("[data-live-quiet]");
  const isFirstPage = !new URL(location.href).search;
  const fresh = new Set();

  const card = (id) => document.querySelector(`[data-ticket="${CSS.escape(id)}"]`);

  const announce = (ticket) => {
    if (!isFirstPage || ticket.status !== "available") return;
    fresh.add(ticket.id);
    text.textContent = fresh.size === 1 ? words.one : words.many.replace("{n}", String(fresh.size));
    notice.hidden = false;
  };

  const show = (ticket) => {
    const item = card(ticket.id);
    if (!item) {
      fresh.delete(ticket.id);
      return;
    }
    const taken = ticket.status !== "available";
    if (item.classList.contains("is-taken") === taken) return;
    item.classList.toggle("is-taken", taken);
    const state = item.querySelector(".ticket-state");
    state.toggleAttribute("data-quiet", !taken);
    state.textContent = words[ticket.status] ?? "";
    quiet.textContent = (taken ? words.taken : words.back).replace("{title}", item.dataset.title);
  };

  const events = new EventSource("/api/tickets/events");
  const on = (subject, handle) =>
    events.addEventListener(`ticket.${subject}`, (event) => {
      const ticket = JSON.parse(event.data);
      if (card(ticket.id)) show(ticket);
      else handle(ticket);
    });
  on("created", announce);
  for (const subject of ["updated", "reserved", "released", "sold", "withdrawn"]) on(subject, show);
  addEventListener("pagehide", () => events.close());
}
