// People and their things, made through the API, as quickly as possible.

import { randomUUID } from "node:crypto";

const PASSWORD = "seven wild geese at dawn";

/** Somebody who is signed in: `{ email, cookie, call }`. */
export async function newPerson({ url }) {
  const email = `${randomUUID()}@example.com`;
  const reply = await send(url, "/api/users/signup", "POST", { email, password: PASSWORD });
  const [cookie] = reply.headers.get("set-cookie").split(";");
  const call = async (path, method = "GET", body) => {
    const answer = await send(url, path, method, body, { cookie });
    return answer.status === 204 ? null : answer.json();
  };
  return { email, password: PASSWORD, cookie, call };
}

/** A ticket that this person sells. */
export function sells(person, { title = "Jazz in the cellar", amount = 2500, ...more } = {}) {
  return person.call("/api/tickets", "POST", { title, price: { amount, currency: "USD" }, ...more });
}

/** This person's order of a ticket, when the ticket is locked for it. */
export async function holds(person, ticket) {
  let order = await person.call("/api/orders", "POST", { ticketId: ticket.id, price: ticket.price });
  while (order.status === "created") order = await person.call(`/api/orders/${order.id}`);
  return order;
}

/** Pays this person's order by card, as their browser would; done when the ticket is theirs. */
export async function pays(person, { stripe }, order) {
  const { clientSecret } = await person.call("/api/payments", "POST", { orderId: order.id });
  const [intent] = clientSecret.split("_secret");
  const card = { client_secret: clientSecret, payment_method: "pm_card_visa" };
  await atStripe(stripe, `/v1/payment_intents/${intent}/confirm`, "pk_test_sim", card);
  let status = "";
  while (status !== "complete") ({ status } = await person.call(`/api/orders/${order.id}`));
  return intent;
}

/** Somebody gives money back at Stripe; done when the buyer's order shows it. */
export async function givesBack(buyer, { stripe }, order, payment_intent, amount) {
  await atStripe(stripe, "/v1/refunds", "sk_test_sim", { payment_intent, amount });
  let refunded = null;
  while (!refunded) ({ refunded } = await buyer.call(`/api/orders/${order.id}`));
}

async function atStripe(stripe, path, key, form) {
  const headers = { authorization: `Bearer ${key}` };
  const reply = await fetch(stripe + path, { method: "POST", headers, body: new URLSearchParams(form) });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
}

/**
 * The buyer's order of a ticket that the seller `changes` at the same moment, cancelled for this `reason`. Only a race
 * makes one, so it is run until it ends this way, which it nearly always does at once.
 */
export async function loses(buyer, seller, reason, changes) {
  for (let races = 0; races < 50; races += 1) {
    const ticket = await sells(seller);
    const orders = () => holds(buyer, ticket).catch(() => null);
    const [order] = await Promise.all([orders(), changes(ticket).catch(() => null)]);
    if (order?.status === "cancelled" && order.cancelReason === reason) return order;
    if (order) await buyer.call(`/api/orders/${order.id}`, "DELETE");
  }
  throw new Error(`no race ended as ${reason}`);
}

/** What the simulator shall do wrong. */
export async function faults({ stripe }, wanted) {
  await send(stripe, "/sim/faults", "POST", wanted);
}

async function send(url, path, method, body, headers = {}) {
  const reply = await fetch(url + path, {
    method,
    headers: { ...(body && { "content-type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${await reply.text()}`);
  return reply;
}
