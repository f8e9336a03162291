// The checkout: its setup, its steps and its outcome.

import { holds, newPerson, sells } from "./people.js";
import { program } from "./shared.js";
import { visit } from "./visit.js";

export const CARDS = {
  visa: "4242424242424242",
  declined: "4000000000000002",
  insufficientFunds: "4000000000009995",
  threeDSecure: "4000002500003155",
};

export const HEADINGS = {
  pay: "Pay for your ticket",
  confirming: "Confirming your payment",
  complete: "The ticket is yours",
  canceled: "You canceled this order",
  expired: "Your time ran out",
  failed: "Your payment failed",
  gone: "This ticket is gone",
  otherPrice: "The price has changed",
};

/** A seller, a buyer, a ticket on hold, and the buyer's page. */
export async function setUpCheckout(t, { on = program, ticket: offer, ...options } = {}) {
  const server = await on();
  const [seller, buyer] = await Promise.all([newPerson(server), newPerson(server)]);
  const ticket = await sells(seller, offer);
  const order = await holds(buyer, ticket);
  const page = await visit(t, server, { person: buyer, ...options });
  return { server, seller, buyer, ticket, order, page };
}

/** Opens an order's page and waits for the card form. */
export async function openCheckout(page, order) {
  await page.goto(`/orders/${order.id}`);
  await payButton(page).waitFor();
}

export function payButton(page) {
  return page.getByRole("button", { name: /^Pay / });
}

export async function enterCard(page, number) {
  await page.getByLabel("Card number").fill(number);
  await page.getByLabel("Expiry (MM/YY)").fill("12/34");
  await page.getByLabel("Security code").fill("123");
}

export async function payWith(page, number) {
  await enterCard(page, number);
  await payButton(page).click();
}

/** Waits for the page's heading. */
export async function seesHeading(page, heading) {
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Waits for an error beside the card form. */
export async function seesProblem(page, text) {
  await page.locator('[data-part="problem"]').filter({ hasText: text }).waitFor();
}

/** The money of an order at Stripe: payment intents, captured amount, open authorizations. */
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
