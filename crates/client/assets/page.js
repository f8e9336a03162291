// On every page: times in the reader's time zone, forms that submit once, password visibility, and focus on errors.

// Times: <time data-local> is rendered in UTC and becomes the reader's time zone. The language stays the page's; the
// region decides the format (day before month, 24 hours).
const short = { day: "numeric", month: "short", year: "numeric", hour: "numeric", minute: "2-digit" };
const { lang } = document.documentElement;
const language = navigator.languages.find((one) => one === lang || one.startsWith(`${lang}-`)) ?? lang;
const localize = (part) => {
  for (const time of part.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    time.textContent = new Intl.DateTimeFormat(language, short).format(moment);
    time.title = new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "long" }).format(moment);
  }
};
localize(document);
// Content that a script has inserted.
document.addEventListener("page:changed", ({ detail }) => localize(detail));

// Date inputs: rendered in UTC, shown in the reader's time zone, and sent with the offset of the entered day, because
// daylight saving time changes it.
for (const offset of document.querySelectorAll("[data-offset-of]")) {
  const input = document.getElementById(offset.dataset.offsetOf);
  if (!input) continue;
  const two = (number) => String(number).padStart(2, "0");
  const utc = new Date(`${input.value}Z`);
  if (input.value && !Number.isNaN(utc.getTime())) {
    const day = `${utc.getFullYear()}-${two(utc.getMonth() + 1)}-${two(utc.getDate())}`;
    input.value = `${day}T${two(utc.getHours())}:${two(utc.getMinutes())}`;
  }
  const setOffset = () => {
    const local = new Date(input.value);
    offset.value = Number.isNaN(local.getTime()) ? "" : String(-local.getTimezoneOffset());
  };
  const hint = document.getElementById(`${input.id}-hint`);
  if (hint?.dataset.localHint) {
    hint.textContent = hint.dataset.localHint.replace("{zone}", Intl.DateTimeFormat().resolvedOptions().timeZone);
  }
  input.addEventListener("input", setOffset);
  input.form?.addEventListener("submit", setOffset);
  setOffset();
}

// A form submits once, however often its button is pressed. After a return to the page it can be submitted again.
for (const form of document.querySelectorAll("form[data-once]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    event.submitter?.setAttribute("aria-busy", "true");
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.querySelector("[aria-busy]")?.removeAttribute("aria-busy");
  }
});

// Passwords can be shown while typing.
for (const tick of document.querySelectorAll("[data-show-password]")) {
  tick.hidden = false;
  const box = tick.querySelector("input");
  const fields = tick.closest("form").querySelectorAll("[data-can-show]");
  box.checked = false;
  box.addEventListener("change", () => {
    for (const field of fields) field.type = box.checked ? "text" : "password";
  });
}

// A failed form focuses its error summary; the links in it lead to the fields.
document.querySelector(".summary")?.focus();
for (const link of document.querySelectorAll(".summary a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}

// A success notice is shown once: a reload does not repeat it.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(history.state, "", here);
}
