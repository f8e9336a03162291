// A substitute for Stripe's script (https://docs.stripe.com/js): the calls of a card payment, without frames.
(() => {
  "use strict";

  const base = new URL(".", document.currentScript.src).href;

  const FIELDS = [
    { name: "number", label: "Card number", autocomplete: "cc-number", placeholder: "4242 4242 4242 4242" },
    { name: "expiry", label: "Expiry (MM/YY)", autocomplete: "cc-exp", placeholder: "12/34" },
    { name: "cvc", label: "Security code", autocomplete: "cc-csc", placeholder: "123" },
  ];

  // The field of each of Stripe's parameters.
  const FIELD_OF = { number: "number", exp_month: "expiry", exp_year: "expiry", cvc: "cvc" };

  // The variables of Stripe's Appearance API (https://docs.stripe.com/elements/appearance-api) that are supported.
  const LOOK = {
    colorPrimary: "#0570de",
    colorBackground: "#ffffff",
    colorText: "#30313d",
    colorDanger: "#b3093c",
    fontFamily: "system-ui, sans-serif",
    fontSizeBase: "1rem",
    borderRadius: "5px",
    spacingUnit: "4px",
  };

  // Adopted, not inline, so that a shop's content security policy need not allow inline styles.
  const SHEET = new CSSStyleSheet();
  SHEET.replaceSync(`
    :host { display: block; color: var(--colorText); font-family: var(--fontFamily); font-size: var(--fontSizeBase); }
    [role="group"] { display: grid; grid-template-columns: 1fr 1fr; gap: calc(4 * var(--spacingUnit)); }
    .field { margin: 0; min-width: 0; }
    .field:first-child, [role="alert"] { grid-column: 1 / -1; }
    label { display: block; margin-bottom: var(--spacingUnit); }
    input {
      box-sizing: border-box; width: 100%; min-height: 2.75rem; padding: calc(2 * var(--spacingUnit)) calc(3 * var(--spacingUnit));
      font: inherit; font-variant-numeric: tabular-nums; color: inherit; background: var(--colorBackground);
      border: 1px solid color-mix(in srgb, var(--colorText) 55%, var(--colorBackground)); border-radius: var(--borderRadius);
    }
    input::placeholder { color: color-mix(in srgb, var(--colorText) 70%, var(--colorBackground)); opacity: 1; }
    input:focus-visible { outline: 2px solid var(--colorPrimary); outline-offset: 1px; }
    input[aria-invalid="true"] { border-color: var(--colorDanger); }
    [role="alert"] { margin: 0; color: var(--colorDanger); }
    [role="alert"]:empty { display: none; }
  `);

  const fault = (code, message, param) => ({ type: "validation_error", code, message, param });

  class PaymentElement {
    #inputs = {};
    #alert = null;
    #host = null;
    #listeners = {};
    #look;

    constructor(appearance) {
      this.#look = appearance?.variables;
    }

    mount(target) {
      const place = typeof target === "string" ? document.querySelector(target) : target;
      if (!place) throw new Error(`stripe.js: there is no element ${target} to mount on.`);
      this.#host = document.createElement("div");
      const shadow = this.#host.attachShadow({ mode: "open" });
      shadow.adoptedStyleSheets = [SHEET];
      const group = document.createElement("div");
      group.setAttribute("role", "group");
      group.setAttribute("aria-label", "Card");
      for (const field of FIELDS) group.append(this.#field(field));
      this.#alert = document.createElement("p");
      this.#alert.setAttribute("role", "alert");
      this.#alert.id = "alert";
      group.append(this.#alert);
      shadow.append(group);
      this.applyAppearance(this.#look);
      place.replaceChildren(this.#host);
      queueMicrotask(() => this.#emit("ready", { elementType: "payment" }));
    }

    // Applies the shop's colors and fonts.
    applyAppearance(variables) {
      this.#look = variables;
      for (const [name, value] of Object.entries({ ...LOOK, ...variables })) {
        this.#host?.style.setProperty(`--${name}`, value);
      }
    }

    unmount() {
      this.#host?.remove();
      this.#host = null;
    }

    destroy() {
      this.unmount();
    }

    focus() {
      this.#inputs.number?.focus();
    }

    on(event, listener) {
      (this.#listeners[event] ??= []).push(listener);
      return this;
    }

    // The card data, or the error of the first incomplete field.
    read() {
      if (!this.#host) return { error: fault("not_mounted", "The payment element is not mounted.") };
      const number = this.#inputs.number.value.replace(/[\s-]/g, "");
      const expiry = /^(\d{1,2})\s*\/?\s*(\d{2}|\d{4})$/.exec(this.#inputs.expiry.value.trim());
      const cvc = this.#inputs.cvc.value.trim();
      if (number.length < 12) {
        return { error: fault("incomplete_number", "Your card number is incomplete.", "number") };
      }
      if (!expiry) {
        return { error: fault("incomplete_expiry", "Your card's expiration date is incomplete.", "exp_month") };
      }
      if (!cvc) {
        return { error: fault("incomplete_cvc", "Your card's security code is incomplete.", "cvc") };
      }
      return { card: { number, exp_month: expiry[1], exp_year: expiry[2], cvc } };
    }

    // Marks the field of an error; null clears.
    show(error) {
      for (const input of Object.values(this.#inputs)) {
        input.removeAttribute("aria-invalid");
        input.removeAttribute("aria-describedby");
      }
      const input = this.#inputs[FIELD_OF[error?.param]];
      if (this.#alert) this.#alert.textContent = input ? error.message : "";
      input?.setAttribute("aria-invalid", "true");
      input?.setAttribute("aria-describedby", this.#alert.id);
      input?.focus();
    }

    #field({ name, label, autocomplete, placeholder }) {
      const wrapper = document.createElement("p");
      const caption = document.createElement("label");
      const input = document.createElement("input");
      wrapper.className = "field";
      Object.assign(input, { id: name, autocomplete, placeholder, inputMode: "numeric" });
      input.setAttribute("aria-required", "true");
      input.addEventListener("input", () => this.#changed());
      input.addEventListener("keydown", (event) => event.key === "Enter" && this.#submitForm());
      caption.htmlFor = input.id;
      caption.textContent = label;
      wrapper.append(caption, input);
      this.#inputs[name] = input;
      return wrapper;
    }

    // A field in a shadow tree does not submit its form by itself.
    #submitForm() {
      this.#host.closest("form")?.requestSubmit();
    }

    #changed() {
      const values = Object.values(this.#inputs).map((input) => input.value);
      const complete = !this.read().error;
      const empty = values.every((value) => value === "");
      this.#emit("change", { elementType: "payment", complete, empty, value: { type: "card" } });
    }

    #emit(event, detail) {
      for (const listener of this.#listeners[event] ?? []) listener(detail);
    }
  }

  function elements(options = {}) {
    let element = null;
    return {
      clientSecret: options.clientSecret,
      create(type) {
        if (type !== "payment") throw new Error(`stripe.js: the element "${type}" is not supported.`);
        return (element = new PaymentElement(options.appearance));
      },
      getElement: () => element,
      update: ({ appearance } = {}) => element?.applyAppearance(appearance?.variables),
      fetchUpdates: async () => ({}),
      async submit() {
        const error = element?.read().error;
        element?.show(error);
        return error ? { error } : { selectedPaymentMethod: "card" };
      },
    };
  }

  async function call(key, method, path, params) {
    const form = new URLSearchParams(params);
    const headers = { Authorization: `Bearer ${key}` };
    const url = `${base}v1/payment_intents/${path}`;
    try {
      const reply = method === "GET"
        ? await fetch(`${url}?${form}`, { headers })
        : await fetch(url, { method, headers, body: form });
      const body = await reply.json();
      return reply.ok ? { paymentIntent: body } : { error: body.error };
    } catch {
      return { error: { type: "api_connection_error", message: "The payment service cannot be reached; try again." } };
    }
  }

  const idOf = (clientSecret) => encodeURIComponent(String(clientSecret).split("_secret_")[0]);

  // The browser leaves the page, so as with Stripe the caller's promise never settles.
  function leave(url) {
    window.location.assign(url);
    return new Promise(() => {});
  }

  function backTo(url, intent) {
    const target = new URL(url, window.location.href);
    target.searchParams.set("payment_intent", intent.id);
    target.searchParams.set("payment_intent_client_secret", intent.client_secret);
    target.searchParams.set("redirect_status", "succeeded");
    return target.href;
  }

  window.Stripe = function Stripe(key) {
    if (!key) throw new Error("stripe.js: give the publishable key.");
    return {
      elements,

      async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
        const secret = clientSecret ?? elements?.clientSecret;
        const element = elements?.getElement();
        const { card, error: incomplete } = element ? element.read() : {};
        element?.show(incomplete);
        if (incomplete) return { error: incomplete };

        const params = { client_secret: secret };
        if (confirmParams.return_url) params.return_url = new URL(confirmParams.return_url, window.location.href).href;
        if (confirmParams.payment_method) params.payment_method = confirmParams.payment_method;
        if (card) {
          params["payment_method_data[type]"] = "card";
          for (const [name, value] of Object.entries(card)) params[`payment_method_data[card][${name}]`] = value;
        }
        const { paymentIntent, error } = await call(key, "POST", `${idOf(secret)}/confirm`, params);
        element?.show(error);
        if (error) return { error };
        const challenge = paymentIntent.next_action?.redirect_to_url?.url;
        if (challenge) return leave(challenge);
        if (redirect === "if_required" || !params.return_url) return { paymentIntent };
        return leave(backTo(params.return_url, paymentIntent));
      },

      retrievePaymentIntent: (clientSecret) =>
        call(key, "GET", idOf(clientSecret), { client_secret: clientSecret }),
    };
  };
})();
