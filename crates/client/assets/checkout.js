// The checkout: the countdown, the card form, and the way to the outcome.
//
// The server decides. On every possible change the script fetches the page again, and shows its stage if that is new. So
// a reload, the back button, a second tab, sleep and a lost connection all lead to the same page.

/** Seconds left at which screen readers announce the countdown. */
const MILESTONES = [600, 300, 60, 30];

const texts = document.getElementById("texts")?.content;
const text = (name) => texts.querySelector(`[data-text="${name}"]`).textContent;

const address = location.pathname;
const orderId = address.split("/").pop();

/** The latest page from the server, replaced as a whole when the order's stage changes. */
let page = document.getElementById("checkout");
let shownVersion = page.dataset.version;

const part = (name) => page.querySelector(`[data-part="${name}"]`);
const isStage = (...stages) => stages.includes(page.dataset.stage);

/** Announces a message to screen readers only. */
function announce(message) {
  document.getElementById("announcements").textContent = message;
}

// ---- The clock ------------------------------------------------------------------------------------------------------

/** The deadline by the server's clock: the local wall clock, time zone and sleep do not count. */
const hold = {
  /** `askedAt`: monotonic time of the request. The reply came later, so the countdown is never too long. */
  set(askedAt) {
    this.endsAt = askedAt + Number(page.dataset.expires) - Number(page.dataset.now);
    this.wallOffset = Date.now() - performance.now();
  },
  get secondsLeft() {
    return Math.max(0, Math.ceil((this.endsAt - performance.now()) / 1000));
  },
  /** The monotonic clock stops while the machine sleeps; the wall clock does not. */
  get hasSlept() {
    return Math.abs(Date.now() - performance.now() - this.wallOffset) > 2000;
  },
};

let lastSecond = 0;
let tickTimer;

function tick() {
  clearTimeout(tickTimer);
  if (!isStage("payable")) return;
  const left = hold.secondsLeft;
  part("timer").hidden = false;
  part("countdown").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
  page.classList.toggle("is-urgent", left <= 60);
  const milestone = MILESTONES.find((second) => left <= second && second < lastSecond);
  if (milestone) announce(text(milestone));
  if (left === 0) timeIsUp();
  lastSecond = left;
  if (hold.hasSlept) {
    hold.wallOffset = Date.now() - performance.now();
    refresh();
  }
  if (left > 0) tickTimer = setTimeout(tick, ((hold.endsAt - performance.now()) % 1000) + 20);
}

function timeIsUp() {
  if (card.busy) return;
  card.lock(text("time-is-up"));
  refresh();
}

// ---- Refresh --------------------------------------------------------------------------------------------------------

let refreshing = null;
let refreshAgain = false;

/** Fetches the page and shows a change. A call during a fetch repeats it, because that reply may be stale. */
function refresh() {
  if (refreshing) refreshAgain = true;
  refreshing ??= (async () => {
    do {
      refreshAgain = false;
      await fetchPage();
    } while (refreshAgain);
  })().finally(() => {
    refreshing = null;
    schedule();
  });
  return refreshing;
}

async function fetchPage() {
  const askedAt = performance.now();
  let reply, html;
  try {
    reply = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    html = await reply.text();
  } catch {
    return showConnection(false);
  }
  showConnection(true);
  // Signed out in another tab: follow the redirect to the sign-in page.
  if (reply.redirected) return location.assign(reply.url);
  // Another user has signed in here.
  if (reply.status === 403) return location.reload();
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(html, "text/html");
  const next = fresh.getElementById("checkout");
  if (!next) return location.reload();
  shownVersion = next.dataset.version;
  if (isNewStage(next.dataset.stage)) return show(next, fresh.title, askedAt);
  page.dataset.now = next.dataset.now;
  page.dataset.expires = next.dataset.expires;
  hold.set(askedAt);
  tick();
}

/**
 * Whether to show the server's stage. Stripe accepts a card before the server knows: an order that is payable or just
 * late is older than an accepted card, or than a confirmation in flight.
 */
function isNewStage(stage) {
  const isOlder = stage === "payable" || stage === "late";
  return !isStage(stage) && !(isOlder && (isStage("confirming") || card.busy));
}

function show(next, title, askedAt) {
  for (const noscript of next.querySelectorAll("noscript")) noscript.remove();
  card.reset();
  page.replaceWith(next);
  page = next;
  document.title = title;
  hold.set(askedAt);
  focusHeading();
  open();
}

/** Shows that the card was accepted; the server and Stripe do the rest. */
function showConfirming() {
  if (isStage("confirming")) return;
  page.dataset.stage = "confirming";
  page.replaceChildren(document.getElementById("confirming").content.cloneNode(true));
  focusHeading();
  card.requestPoll();
  refresh();
}

function focusHeading() {
  const heading = page.querySelector("h1");
  heading.tabIndex = -1;
  heading.focus();
  scrollTo(0, 0);
  document.dispatchEvent(new CustomEvent("page:changed", { detail: page }));
}

function showConnection(isThere) {
  const notice = document.getElementById("offline");
  if (notice.hidden === isThere) return;
  notice.hidden = isThere;
  announce(text(isThere ? "online" : "offline"));
}

// ---- Live events ----------------------------------------------------------------------------------------------------

const SUBJECTS = ["created", "awaiting-payment", "payment-accepted", "completed", "cancelled"];

let events;
let timer;

function listen() {
  events?.close();
  events = null;
  // A browser opens at most six connections to a site: hidden tabs leave them to the visible one.
  if (isStage("complete", "cancelled") || document.hidden) return;
  events = new EventSource(`/api/orders/${orderId}/events`);
  const onEvent = ({ data }) => {
    if (String(JSON.parse(data).version) !== shownVersion) refresh();
  };
  for (const subject of SUBJECTS) events.addEventListener(`order.${subject}`, onEvent);
  events.onmessage = onEvent;
  events.onerror = schedule;
}

/** Schedules the next poll: the fallback for lost events. */
function schedule() {
  clearTimeout(timer);
  if (isStage("complete", "cancelled")) return;
  const isConnected = events?.readyState === EventSource.OPEN;
  const isUrgent = !isStage("payable") || hold.secondsLeft === 0 || card.unsure;
  const wait = isUrgent ? 1000 : isConnected || document.hidden ? 60_000 : 3000;
  timer = setTimeout(async () => {
    if (events?.readyState === EventSource.CLOSED) listen();
    if (card.unsure || isStage("confirming")) await Promise.all([card.poll(), card.requestPoll()]);
    refresh();
  }, wait);
}

// ---- The card -------------------------------------------------------------------------------------------------------

const loaded = new Map();

function load(url) {
  if (!loaded.has(url)) {
    const promise = new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: url, onload: resolve });
      script.onerror = () => {
        script.remove();
        loaded.delete(url);
        reject(new Error("the payment service's script cannot be loaded"));
      };
      document.head.append(script);
    });
    loaded.set(url, promise);
  }
  return loaded.get(url);
}

/** The style of Stripe's own fields: like ours, in both color schemes. */
function appearance() {
  const field = document.createElement("input");
  part("form").append(field);
  const style = getComputedStyle(field);
  const options = {
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe",
    variables: {
      colorPrimary: getComputedStyle(part("submit")).backgroundColor,
      colorBackground: style.backgroundColor,
      colorText: style.color,
      colorDanger: getComputedStyle(part("problem")).color,
      fontFamily: style.fontFamily,
      fontSizeBase: "16px",
      borderRadius: style.borderTopLeftRadius,
    },
  };
  field.remove();
  return options;
}

const ACCEPTED = ["requires_capture", "processing", "succeeded"];

const card = {
  stripe: null,
  elements: null,
  element: null,
  secret: null,
  /** A confirmation is in flight: the button must not act twice. */
  busy: false,
  /** A confirmation was sent and its reply was lost. */
  unsure: false,
  starting: false,
  paymentId: null,
  /** The server was asked to poll Stripe for the accepted card. */
  pollRequested: false,

  /** Fetches the order's only payment and mounts Stripe's form. */
  async start() {
    if (this.starting || this.element || !isStage("payable")) return;
    this.starting = true;
    part("retry").hidden = true;
    try {
      await this.prepare();
    } catch {
      if (isStage("payable")) this.fail(text("not-loaded"));
    }
    this.starting = false;
  },

  async prepare() {
    let reply = await this.payment();
    if (reply.status === 401) {
      // The token has expired: fetching the page renews it, or leads to the sign-in page.
      await refresh();
      reply = await this.payment();
    }
    // The order is closed; the page shows its outcome.
    if (reply.status === 409) return refresh();
    if (!reply.ok) throw new Error(`payments answered ${reply.status}`);
    const payment = await reply.json();
    await load(payment.stripeJs);
    if (!isStage("payable")) return;
    this.stripe = window.Stripe(payment.publishableKey);
    this.secret = payment.clientSecret;
    this.paymentId = payment.id;
    this.elements = this.stripe.elements({ clientSecret: this.secret, appearance: appearance() });
    this.element = this.elements.create("payment");
    this.element.on("ready", () => this.ready());
    this.element.mount(part("card"));
    // The payment existed: another tab, a reload, or the return from the bank.
    if (reply.status === 200) await this.poll();
  },

  /** Creates the order's payment, or returns the existing one. */
  payment() {
    return fetch("/api/payments", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ orderId }),
    });
  },

  /** Reads the payment, which makes the server poll Stripe: the webhook may be late or lost. */
  async requestPoll() {
    if (this.pollRequested || !this.paymentId || !isStage("confirming")) return;
    this.pollRequested = true;
    const reply = await fetch(`/api/payments/${this.paymentId}`).catch(() => null);
    this.pollRequested = reply?.ok ?? false;
  },

  ready() {
    if (!this.element) return;
    part("submit").hidden = false;
    if (!this.busy) this.unlock();
  },

  fail(message) {
    part("status").textContent = "";
    part("retry").hidden = false;
    this.showProblem(message);
  },

  async pay() {
    if (this.busy || !this.element || hold.secondsLeft === 0) return;
    this.showProblem("");
    this.busy = true;
    this.lock(text("asking"));
    const confirmParams = { return_url: location.origin + address };
    let result;
    try {
      result = await this.stripe.confirmPayment({ elements: this.elements, confirmParams, redirect: "if_required" });
    } catch {
      result = { error: { type: "api_connection_error" } };
    }
    await this.conclude(result);
  },

  async conclude({ paymentIntent, error }) {
    if (ACCEPTED.includes(paymentIntent?.status)) return showConfirming();
    if (!isStage("payable")) return;
    if (error?.type === "validation_error") return this.unlock();
    if (error?.type === "card_error") {
      this.showDeclined(error);
      return this.element.focus();
    }
    // After any other error the confirmation may have arrived.
    this.unsure = true;
    this.lock(text("lost"));
    await this.poll();
    schedule();
  },

  /** Polls Stripe for the outcome of the last confirmation. */
  async poll() {
    if (!this.stripe) return;
    const { paymentIntent } = await this.stripe.retrievePaymentIntent(this.secret).catch(() => ({}));
    if (!paymentIntent) return;
    // The payment was processing, and then the bank refused.
    if (isStage("confirming") && paymentIntent.status === "requires_payment_method") return location.reload();
    if (!isStage("payable")) return;
    const wasUnsure = this.unsure;
    if (ACCEPTED.includes(paymentIntent.status)) return showConfirming();
    if (paymentIntent.status === "canceled") return refresh();
    const error = paymentIntent.last_payment_error;
    if (error) return this.showDeclined(error);
    if (paymentIntent.status === "requires_action") this.showProblem(text("unconfirmed"));
    else if (wasUnsure) this.showProblem(text("not-sent"));
    this.unlock();
  },

  showDeclined(error) {
    this.unlock();
    this.showProblem(`${error.message ?? text("declined")} ${text("not-charged")}`);
  },

  /** Shows an error beside the form. */
  showProblem(message) {
    part("problem").textContent = message;
  },

  lock(status) {
    part("submit").setAttribute("aria-disabled", "true");
    part("status").textContent = status;
  },

  unlock() {
    this.busy = false;
    this.unsure = false;
    if (hold.secondsLeft === 0) return;
    part("submit").removeAttribute("aria-disabled");
    part("status").textContent = "";
  },

  reset() {
    this.element?.destroy();
    Object.assign(this, { stripe: null, elements: null, element: null, secret: null, busy: false, unsure: false });
  },
};

// ---- Page lifecycle -------------------------------------------------------------------------------------------------

/** Starts the countdown, the events and the form of the shown stage. */
function open() {
  lastSecond = hold.secondsLeft;
  tick();
  listen();
  schedule();
  if (isStage("payable")) {
    part("form").hidden = false;
    part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      card.pay();
    });
    part("retry").addEventListener("click", () => card.start());
  }
  if (isStage("complete")) {
    part("print").hidden = false;
    part("print").addEventListener("click", () => window.print());
  }
  card.start();
}

addEventListener("pagehide", () => {
  events?.close();
  clearTimeout(timer);
});

addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  // Back from the bank by the back button: a confirmation may still be in flight.
  card.unsure = card.busy;
  listen();
  await card.poll();
  refresh();
});

addEventListener("online", () => {
  listen();
  card.start();
  refresh();
});
addEventListener("offline", () => showConnection(false));
document.addEventListener("visibilitychange", () => {
  listen();
  if (!document.hidden) refresh();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (card.element) card.elements.update({ appearance: appearance() });
});

// Removes what Stripe appends on the return from the bank: the client secret must not stay in the history or in a link.
history.replaceState(null, "", address);
hold.set(performance.getEntriesByType("navigation")[0]?.requestStart ?? 0);
open();
