// What every page gets on top: the reader's own time, buttons that count once, and a focus where something is wrong.

// Times: <time data-local> stands in UTC; here it becomes the reader's zone and language.
// The words stay the page's; how a date is written is the reader's habit (a day before its month, 24 hours).
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
// What a script has put into the page.
document.addEventListener("page:changed", ({ detail }) => localize(detail));

// A date and time that somebody types: from UTC, as it was rendered, to the reader's zone. What is sent goes with the
// offset of that very day, since summer and winter differ.
for (const offset of document.querySelectorAll("[data-offset-of]")) {
  const input = document.getElementById(offset.dataset.offsetOf);
  if (!input) continue;
  const two = (number) => String(number).padStart(2, "0");
  const utc = new Date(`${input.value}Z`);
  if (input.value && !Number.isNaN(utc.getTime())) {
    const day = `${utc.getFullYear()}-${two(utc.getMonth() + 1)}-${two(utc.getDate())}`;
    input.value = `${day}T${two(utc.getHours())}:${two(utc.getMinutes())}`;
  }
  const note = () => {
    const local = new Date(input.value);
    offset.value = Number.isNaN(local.getTime()) ? "" : String(-local.getTimezoneOffset());
  };
  const hint = document.getElementById(`${input.id}-hint`);
  if (hint?.dataset.localHint) {
    hint.textContent = hint.dataset.localHint.replace("{zone}", Intl.DateTimeFormat().resolvedOptions().timeZone);
  }
  input.addEventListener("input", note);
  input.form?.addEventListener("submit", note);
  note();
}

// A form counts once, however often its button is pressed. Coming back to the page, it can be sent again.
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

// Passwords can be looked at while they are typed.
for (const tick of document.querySelectorAll("[data-show-password]")) {
  tick.hidden = false;
  const box = tick.querySelector("input");
  const fields = tick.closest("form").querySelectorAll("[data-can-show]");
  box.checked = false;
  box.addEventListener("change", () => {
    for (const field of fields) field.type = box.checked ? "text" : "password";
  });
}

// Whoever sent something that cannot be done is brought to the reason. A link in it leads into the field.
document.querySelector(".summary")?.focus();
for (const link of document.querySelectorAll(".summary a[href^='#']")) {
  link.addEventListener("click", (event) => {
    const field = document.getElementById(link.hash.slice(1));
    if (!field) return;
    event.preventDefault();
    field.focus();
  });
}

// What was just done is told once: loading the page again does not tell it again.
const here = new URL(location.href);
if (here.searchParams.has("done")) {
  here.searchParams.delete("done");
  history.replaceState(history.state, "", here);
}
