// Where most tests begin: a seller, a buyer, and a ticket on hold.

import { holds, newPerson, sells } from "./people.js";
import { program } from "./stage.js";
import { visit } from "./visit.js";

/** A buyer at the browser, with an order that waits for a card. */
export async function checkoutScene(t, { on = program, ticket: offer, ...options } = {}) {
  const place = await on();
  const [seller, buyer] = await Promise.all([newPerson(place), newPerson(place)]);
  const ticket = await sells(seller, offer);
  const order = await holds(buyer, ticket);
  const page = await visit(t, place, { person: buyer, ...options });
  return { place, seller, buyer, ticket, order, page };
}

/** How the money of an order ended, from Stripe's side: the amount that was taken, and how many charges there were. */
export async function moneyOf({ stripe }, order) {
  const reply = await fetch(`${stripe}/v1/payment_intents?limit=100`, {
    headers: { authorization: "Bearer sk_test_sim" },
  });
  const { data } = await reply.json();
  const intents = data.filter((intent) => intent.metadata.order === order.id);
  return {
    intents: intents.length,
    received: intents.reduce((sum, intent) => sum + intent.amount_received, 0),
    open: intents.filter((intent) => intent.status === "requires_capture").length,
  };
}
