// Failures of the card, the bank, the deadline and the connection.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  CARDS,
  HEADINGS,
  enterCard,
  moneyOf,
  openCheckout,
  payButton,
  payWith,
  seesHeading,
  seesProblem,
  setUpCheckout,
} from "./support/checkout.js";
import { injectFaults, loses, newPerson } from "./support/people.js";
import { shortHoldProgram, program } from "./support/shared.js";
import { anotherTab, screenshot, visit } from "./support/visit.js";

// The browser logs every 4xx response and every failed request. 402: Stripe declines the card. 409: the order was paid
// while the page loaded.
const REFUSED = [/status of 40[29]/];
const OFFLINE = [/ERR_INTERNET_DISCONNECTED|ERR_FAILED|ERR_NETWORK|Failed to fetch/];

for (const [name, number, words] of [
  ["a declined card", CARDS.declined, /declined/],
  ["a card without money", CARDS.insufficientFunds, /insufficient funds/],
]) {
  test(`${name} can be followed by another one`, async (t) => {
    const { server, order, page } = await setUpCheckout(t, { expects: REFUSED });
    await openCheckout(page, order);
    await payWith(page, number);
    await seesProblem(page, words);
    await seesProblem(page, /You were not charged/);
    assert.equal(await page.evaluate(() => document.activeElement.closest('[data-part="card"]') !== null), true);
    await payWith(page, CARDS.visa);
    await seesHeading(page, HEADINGS.complete);
    assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
  });
}

test("an accepted card makes the server poll Stripe though no webhook comes", async (t) => {
  const { server, order, page } = await setUpCheckout(t);
  await injectFaults(server, { webhooks: { drop: 100 } });
  t.after(() => injectFaults(server, { webhooks: { drop: 0 } }));
  await openCheckout(page, order);
  const read = page.waitForResponse((reply) => /\/api\/payments\/[0-9a-f-]+$/.test(reply.url()));
  await payWith(page, CARDS.visa);
  assert.equal((await read).status(), 200);
  await seesHeading(page, HEADINGS.complete);
});

test("a declined card is still shown after a reload", async (t) => {
  const { order, page } = await setUpCheckout(t, { expects: REFUSED });
  await openCheckout(page, order);
  await payWith(page, CARDS.declined);
  await seesProblem(page, /declined/);
  await page.reload();
  await seesProblem(page, /declined/);
});

test("an incomplete card is not sent", async (t) => {
  const { order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  await payWith(page, "4242");
  await page.getByText("Your card number is incomplete.").waitFor();
  await enterCard(page, CARDS.visa);
  await payButton(page).click();
  await seesHeading(page, HEADINGS.complete);
});

test("3-D Secure leads to the bank and, accepted, back to the ticket", async (t) => {
  const { server, order, page } = await setUpCheckout(t, { expects: REFUSED });
  await openCheckout(page, order);
  await payWith(page, CARDS.threeDSecure);
  await page.getByRole("button", { name: "Accept" }).click();
  await seesHeading(page, HEADINGS.complete);
  assert.equal(new URL(page.url()).search, "", "the payment's secret does not stay in the address");
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("3-D Secure, refused, leads back to the form and to another card", async (t) => {
  const { order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  await payWith(page, CARDS.threeDSecure);
  await page.getByRole("button", { name: "Refuse" }).click();
  await seesProblem(page, /did not confirm/);
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
});

test("3-D Secure, left by the back button, leads back to the form and to another card", async (t) => {
  const { server, order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  await payWith(page, CARDS.threeDSecure);
  await page.getByRole("button", { name: "Accept" }).waitFor();
  await page.goBack();
  await seesProblem(page, /You did not confirm the payment/);
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("an order that is not paid in time expires on the open page", async (t) => {
  const { server, order, ticket, page } = await setUpCheckout(t, { on: shortHoldProgram });
  await page.goto(`/orders/${order.id}`);
  await page.getByRole("timer").waitFor();
  await seesHeading(page, HEADINGS.expired);
  await page.getByText("No money was taken.").waitFor();
  assert.equal((await moneyOf(server, order)).received, 0);
  await page.getByRole("link", { name: "See the ticket" }).click();
  await seesHeading(page, ticket.title);
  await page.getByRole("button", { name: /^Buy for/ }).waitFor();
});

test("an order that is canceled in one tab is over in the other", async (t) => {
  const { order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  const other = await anotherTab(page);
  await openCheckout(other, order);
  await other.getByRole("button", { name: "Cancel this order" }).click();
  await seesHeading(other, HEADINGS.canceled);
  await seesHeading(page, HEADINGS.canceled);
});

test("an order that is paid in one tab is paid in the other", async (t) => {
  const { server, order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  const other = await anotherTab(page);
  await openCheckout(other, order);
  await payWith(other, CARDS.visa);
  await seesHeading(other, HEADINGS.complete);
  await seesHeading(page, HEADINGS.complete);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("signed out elsewhere, the checkout leads to signing in and back", async (t) => {
  const { buyer, order, page } = await setUpCheckout(t, { expects: [/status of 401/] });
  await openCheckout(page, order);
  await buyer.call("/api/users/signout", "POST");
  // As when the tab becomes visible again.
  await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange")));
  await seesHeading(page, "Sign in");
  await page.getByLabel("Email address").fill(buyer.email);
  await page.getByLabel("Password", { exact: true }).fill(buyer.password);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
});

test("a reload in the middle of paying ends in the truth and charges once", async (t) => {
  const { server, order, page } = await setUpCheckout(t, { expects: [...REFUSED, ...OFFLINE] });
  await openCheckout(page, order);
  const sent = page.waitForResponse(/\/confirm$/);
  await payWith(page, CARDS.visa);
  await sent;
  await page.reload();
  await seesHeading(page, HEADINGS.complete);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("the back button after a purchase leads to no second payment", async (t) => {
  const { server, order, ticket, page } = await setUpCheckout(t);
  await page.goto(`/tickets/${ticket.id}`);
  await page.getByRole("link", { name: "Go to your order" }).click();
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  await page.goto("/");
  await page.goBack();
  await seesHeading(page, HEADINGS.complete);
  await page.goBack();
  await page.reload();
  await page.getByText("This ticket is yours.").waitFor();
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("a connection that is lost while paying charges nothing, and paying goes on when it is back", async (t) => {
  const { server, order, page } = await setUpCheckout(t, { expects: OFFLINE });
  await openCheckout(page, order);
  await page.context().setOffline(true);
  await page.getByText("There is no connection right now.").first().waitFor();
  await payWith(page, CARDS.visa);
  await page.getByText("you will not be charged twice").waitFor();
  await page.context().setOffline(false);
  await seesProblem(page, /did not get through/);
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("a payment whose answer is lost is found again and charged once", async (t) => {
  const { server, order, page } = await setUpCheckout(t, { expects: OFFLINE });
  await openCheckout(page, order);
  await page.route(/\/confirm$/, async (route) => {
    await route.fetch();
    await route.abort();
  });
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("a card form that cannot be loaded can be tried again", async (t) => {
  const { order, page } = await setUpCheckout(t, { expects: OFFLINE });
  await page.route(/stripe\.js$/, (route) => route.abort());
  await page.goto(`/orders/${order.id}`);
  await seesProblem(page, /cannot be loaded/);
  await page.unroute(/stripe\.js$/);
  await page.getByRole("button", { name: "Try again" }).click();
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
});

test("a capture that the bank refuses takes no money and says so", async (t) => {
  const { server, order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  await injectFaults(server, { captureFails: 1 });
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.failed);
  await page.getByText("No money was taken.").waitFor();
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 0, open: 0 });
});

for (const [name, reason, heading, change] of [
  ["changes the price", "price-changed", HEADINGS.otherPrice, ["PUT", { title: "Jazz", price: { amount: 2600, currency: "USD" } }]],
  ["takes the ticket back", "ticket-unavailable", HEADINGS.gone, ["DELETE"]],
]) {
  test(`a seller who ${name} in the moment of buying costs the buyer nothing, and the page says what happened`, async (t) => {
    const server = await program();
    const [seller, buyer] = await Promise.all([newPerson(server), newPerson(server)]);
    const order = await loses(buyer, seller, reason, ({ id }) => seller.call(`/api/tickets/${id}`, ...change));
    const page = await visit(t, server, { person: buyer });
    await page.goto(`/orders/${order.id}`);
    await seesHeading(page, heading);
    await page.getByText("No money was taken.").waitFor();
    await screenshot(page, reason);
    assert.deepEqual(await moneyOf(server, order), { intents: 0, received: 0, open: 0 });
  });
}

test("hidden tabs leave the connections to the visible one", async (t) => {
  const { order, page } = await setUpCheckout(t);
  const setHidden = (tab, hidden) =>
    tab.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  // More tabs than a browser has connections to one site.
  for (let tabs = 0; tabs < 8; tabs += 1) {
    const tab = await anotherTab(page);
    await openCheckout(tab, order);
    await setHidden(tab, true);
  }
  await openCheckout(page, order);
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  const [, behind] = page.context().pages();
  await setHidden(behind, false);
  await seesHeading(behind, HEADINGS.complete);
});
