// People, their tickets and orders, made through the API.

import { randomUUID } from "node:crypto";

const PASSWORD = "seven wild geese at dawn";

/** A new, signed-in person: `{ email, cookie, call }`. */
export async function newPerson({ url }) {
  const email = `${randomUUID()}@example.com`;
  const reply = await send(url, "/api/users/signup", "POST", { email, password: PASSWORD });
  const [cookie] = reply.headers.get("set-cookie").split(";");
  const call = async (path, method = "GET", body) => {
    const reply = await send(url, path, method, body, { cookie });
    return reply.status === 204 ? null : reply.json();
  };
  return { email, password: PASSWORD, cookie, call };
}

/** Lists a ticket of this person. */
export function sells(person, { title = "Jazz in the cellar", amount = 2500, ...more } = {}) {
  return person.call("/api/tickets", "POST", { title, price: { amount, currency: "USD" }, ...more });
}

/** Orders a ticket for this person; resolves when the ticket is reserved. */
export async function holds(person, ticket) {
  let order = await person.call("/api/orders", "POST", { ticketId: ticket.id, price: ticket.price });
  while (order.status === "created") order = await person.call(`/api/orders/${order.id}`);
  return order;
}

/** Pays this person's order by card, as their browser would; resolves when the order is complete. */
export async function pays(person, { stripe }, order) {
  const { clientSecret } = await person.call("/api/payments", "POST", { orderId: order.id });
  const [intent] = clientSecret.split("_secret");
  const card = { client_secret: clientSecret, payment_method: "pm_card_visa" };
  await atStripe(stripe, `/v1/payment_intents/${intent}/confirm`, "pk_test_sim", card);
  let status = "";
  while (status !== "complete") ({ status } = await person.call(`/api/orders/${order.id}`));
  return intent;
}

/** Refunds money at Stripe; resolves when the buyer's order and the ticket show the refund, so no page changes any more. */
export async function refunds(buyer, { stripe }, order, payment_intent, amount) {
  await atStripe(stripe, "/v1/refunds", "sk_test_sim", { payment_intent, amount });
  let refunded = null;
  while (!refunded) ({ refunded } = await buyer.call(`/api/orders/${order.id}`));
  const isRefunded = ({ id, refunded }) => id === order.ticket.id && refunded;
  let bought = [];
  while (!bought.some(isRefunded)) ({ items: bought } = await buyer.call("/api/tickets/mine?role=bought"));
}

async function atStripe(stripe, path, key, form) {
  const headers = { authorization: `Bearer ${key}` };
  const reply = await fetch(stripe + path, { method: "POST", headers, body: new URLSearchParams(form) });
  if (!reply.ok) throw new Error(`${path}: ${reply.status} ${await reply.text()}`);
}

/**
 * An order that was cancelled for this `reason`, because the seller `changes` the ticket at the same moment. Only a race
 * produces one, so the race is repeated until it ends this way; the first one nearly always does.
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

/** Sets the faults that the simulator injects. */
export async function injectFaults({ stripe }, faults) {
  await send(stripe, "/sim/faults", "POST", faults);
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
