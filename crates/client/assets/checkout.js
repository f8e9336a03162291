// The checkout: the countdown, the card form, and the way to the outcome.
//
// The truth is on the server. Whenever something may have changed, the page is fetched again, and if the order has
// come to another stage, what it shows then takes the place of what is shown now. So a reload, the back button, a
// second tab, sleep and a lost connection all end in the same words.

/** Seconds left at which those who cannot see the countdown are told. */
const MILESTONES = [600, 300, 60, 30];

const words = document.getElementById("words")?.content;
const word = (name) => words.querySelector(`[data-word="${name}"]`).textContent;

const address = location.pathname;
const orderId = address.split("/").pop();

/** What the server showed last. It is replaced as a whole when the order's stage changes. */
let page = document.getElementById("checkout");
let shownVersion = page.dataset.version;

const part = (name) => page.querySelector(`[data-part="${name}"]`);
const isStage = (...stages) => stages.includes(page.dataset.stage);

/** Says something to those who listen; nothing moves on the screen. */
function announce(text) {
  document.getElementById("announcements").textContent = text;
}

// ---- The clock ------------------------------------------------------------------------------------------------------

/** The server's clock, measured from here: nobody's wrong wall clock, time zone or sleep counts. */
const hold = {
  /** `askedAt`: when the server was asked, by our stopwatch. It answered later, so never too much time is shown. */
  set(askedAt) {
    this.endsAt = askedAt + Number(page.dataset.expires) - Number(page.dataset.now);
    this.wallOffset = Date.now() - performance.now();
  },
  get secondsLeft() {
    return Math.max(0, Math.ceil((this.endsAt - performance.now()) / 1000));
  },
  /** A stopwatch stands still while the machine sleeps; the wall clock does not. */
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
  if (milestone) announce(word(milestone));
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
  card.lock(word("time-is-up"));
  refresh();
}

// ---- The truth ------------------------------------------------------------------------------------------------------

let refreshing = null;
let askAgain = false;

/** Fetches the page and shows what changed. Asked for meanwhile, it is done once more: the answer may be old. */
function refresh() {
  if (refreshing) askAgain = true;
  refreshing ??= (async () => {
    do {
      askAgain = false;
      await fetchPage();
    } while (askAgain);
  })().finally(() => {
    refreshing = null;
    schedule();
  });
  return refreshing;
}

async function fetchPage() {
  const askedAt = performance.now();
  let reply, text;
  try {
    reply = await fetch(address, { headers: { Accept: "text/html" }, cache: "no-store" });
    text = await reply.text();
  } catch {
    return showConnection(false);
  }
  showConnection(true);
  // Signed out elsewhere: the way back leads through signing in.
  if (reply.redirected) return location.assign(reply.url);
  // Somebody else has signed in here.
  if (reply.status === 403) return location.reload();
  if (!reply.ok) return;
  const fresh = new DOMParser().parseFromString(text, "text/html");
  const next = fresh.getElementById("checkout");
  if (!next) return location.reload();
  shownVersion = next.dataset.version;
  if (isNews(next.dataset.stage)) return show(next, fresh.title, askedAt);
  page.dataset.now = next.dataset.now;
  page.dataset.expires = next.dataset.expires;
  hold.set(askedAt);
  tick();
}

/**
 * Whether the server's stage is to be shown. Stripe knows of a card before the server does: an order that can still be
 * paid, or could until now, is older than a card that was accepted, or that Stripe is being asked about.
 */
function isNews(stage) {
  const isOlder = stage === "payable" || stage === "late";
  return !isStage(stage) && !(isOlder && (isStage("confirming") || card.busy));
}

function show(next, title, askedAt) {
  for (const noscript of next.querySelectorAll("noscript")) noscript.remove();
  card.forget();
  page.replaceWith(next);
  page = next;
  document.title = title;
  hold.set(askedAt);
  focusHeading();
  open();
}

/** The card was accepted; the rest is between the server and Stripe. */
function showConfirming() {
  if (isStage("confirming")) return;
  page.dataset.stage = "confirming";
  page.replaceChildren(document.getElementById("confirming").content.cloneNode(true));
  focusHeading();
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
  announce(word(isThere ? "online" : "offline"));
}

// ---- News from the server -------------------------------------------------------------------------------------------

const SUBJECTS = ["created", "awaiting-payment", "payment-accepted", "completed", "cancelled"];

let events;
let timer;

function listen() {
  events?.close();
  events = null;
  // A browser keeps six connections to a site: tabs that nobody looks at leave them to the one that is looked at.
  if (isStage("complete", "cancelled") || document.hidden) return;
  events = new EventSource(`/api/orders/${orderId}/events`);
  const heard = ({ data }) => {
    if (String(JSON.parse(data).version) !== shownVersion) refresh();
  };
  for (const subject of SUBJECTS) events.addEventListener(`order.${subject}`, heard);
  events.onmessage = heard;
  events.onerror = schedule;
}

/** Events are quick but can fail; asking is slow and cannot. */
function schedule() {
  clearTimeout(timer);
  if (isStage("complete", "cancelled")) return;
  const isHearing = events?.readyState === EventSource.OPEN;
  const isUrgent = !isStage("payable") || hold.secondsLeft === 0 || card.unsure;
  const wait = isUrgent ? 1000 : isHearing || document.hidden ? 60_000 : 3000;
  timer = setTimeout(async () => {
    if (events?.readyState === EventSource.CLOSED) listen();
    if (card.unsure || isStage("confirming")) await card.look();
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

/** Stripe draws its own fields; they shall look like ours, in the light and in the dark. */
function appearance() {
  const field = document.createElement("input");
  part("form").append(field);
  const like = getComputedStyle(field);
  const look = {
    theme: matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe",
    variables: {
      colorPrimary: getComputedStyle(part("submit")).backgroundColor,
      colorBackground: like.backgroundColor,
      colorText: like.color,
      colorDanger: getComputedStyle(part("problem")).color,
      fontFamily: like.fontFamily,
      fontSizeBase: "16px",
      borderRadius: like.borderTopLeftRadius,
    },
  };
  field.remove();
  return look;
}

const ACCEPTED = ["requires_capture", "processing", "succeeded"];

const card = {
  stripe: null,
  elements: null,
  element: null,
  secret: null,
  /** A try is on its way: nothing may be pressed twice. */
  busy: false,
  /** A try was sent and its answer was lost. */
  unsure: false,
  beginning: false,

  /** Fetches the payment, of which an order has one for ever, and Stripe's form. */
  async begin() {
    if (this.beginning || this.element || !isStage("payable")) return;
    this.beginning = true;
    part("retry").hidden = true;
    try {
      await this.prepare();
    } catch {
      if (isStage("payable")) this.fail(word("not-loaded"));
    }
    this.beginning = false;
  },

  async prepare() {
    let reply = await this.payment();
    if (reply.status === 401) {
      // The session's token has run out: fetching the page renews it, or leads to signing in.
      await refresh();
      reply = await this.payment();
    }
    // The order is not open any more; the page says what became of it.
    if (reply.status === 409) return refresh();
    if (!reply.ok) throw new Error(`payments answered ${reply.status}`);
    const payment = await reply.json();
    await load(payment.stripeJs);
    if (!isStage("payable")) return;
    this.stripe = window.Stripe(payment.publishableKey);
    this.secret = payment.clientSecret;
    this.elements = this.stripe.elements({ clientSecret: this.secret, appearance: appearance() });
    this.element = this.elements.create("payment");
    this.element.on("ready", () => this.ready());
    this.element.mount(part("card"));
    // Somebody has been here before: in another tab, before a reload, or on the way to the bank.
    if (reply.status === 200) await this.look();
  },

  /** The order's payment, begun now or before. */
  payment() {
    return fetch("/api/payments", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ orderId }),
    });
  },

  ready() {
    if (!this.element) return;
    part("submit").hidden = false;
    if (!this.busy) this.unlock();
  },

  fail(text) {
    part("status").textContent = "";
    part("retry").hidden = false;
    this.problem(text);
  },

  async pay() {
    if (this.busy || !this.element || hold.secondsLeft === 0) return;
    this.problem("");
    this.busy = true;
    this.lock(word("asking"));
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
      this.declined(error);
      return this.element.focus();
    }
    // Whatever else it was, the try may have arrived.
    this.unsure = true;
    this.lock(word("lost"));
    await this.look();
    schedule();
  },

  /** Asks Stripe what became of the last try. */
  async look() {
    if (!this.stripe) return;
    const { paymentIntent } = await this.stripe.retrievePaymentIntent(this.secret).catch(() => ({}));
    if (!paymentIntent) return;
    // Stripe was still thinking, and then the bank refused.
    if (isStage("confirming") && paymentIntent.status === "requires_payment_method") return location.reload();
    if (!isStage("payable")) return;
    const wasUnsure = this.unsure;
    if (ACCEPTED.includes(paymentIntent.status)) return showConfirming();
    if (paymentIntent.status === "canceled") return refresh();
    const error = paymentIntent.last_payment_error;
    if (error) return this.declined(error);
    if (paymentIntent.status === "requires_action") this.problem(word("unanswered"));
    else if (wasUnsure) this.problem(word("not-through"));
    this.unlock();
  },

  declined(error) {
    this.unlock();
    this.problem(`${error.message ?? word("declined")} ${word("not-charged")}`);
  },

  /** Shows what went wrong beside the form. */
  problem(text) {
    part("problem").textContent = text;
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

  forget() {
    this.element?.destroy();
    Object.assign(this, { stripe: null, elements: null, element: null, secret: null, busy: false, unsure: false });
  },
};

// ---- Coming and going -----------------------------------------------------------------------------------------------

/** Brings what the server showed to life. */
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
    part("retry").addEventListener("click", () => card.begin());
  }
  if (isStage("complete")) {
    part("print").hidden = false;
    part("print").addEventListener("click", () => window.print());
  }
  card.begin();
}

addEventListener("pagehide", () => {
  events?.close();
  clearTimeout(timer);
});

addEventListener("pageshow", async (event) => {
  if (!event.persisted) return;
  // Back from the bank by the back button: the form was left in the middle of a try.
  card.unsure = card.busy;
  listen();
  await card.look();
  refresh();
});

addEventListener("online", () => {
  listen();
  card.begin();
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

// What Stripe appends on the way back from the bank, a secret among it, belongs neither in the history nor in a link.
history.replaceState(null, "", address);
hold.set(performance.getEntriesByType("navigation")[0]?.requestStart ?? 0);
open();
