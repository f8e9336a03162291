// The whole purchase: two people, two browsers, one ticket.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import {
  CARDS,
  HEADINGS,
  moneyOf,
  openCheckout,
  payButton,
  payWith,
  seesHeading,
  setUpCheckout,
} from "./support/checkout.js";
import { refunds, holds, newPerson, pays, sells } from "./support/people.js";
import { program } from "./support/shared.js";
import { visit } from "./support/visit.js";

async function signUp(page) {
  await page.goto("/auth/signup");
  await page.getByLabel("Email address").fill(`${randomUUID()}@example.com`);
  await page.getByLabel("Password", { exact: true }).fill("seven wild geese at dawn");
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
}

test("one person sells a ticket and another buys it", async (t) => {
  const server = await program();
  const seller = await visit(t, server);
  await signUp(seller);
  await seller.goto("/tickets/new");
  await seller.getByLabel("Title").fill("Jazz in the cellar");
  await seller.getByLabel(/^Venue/).fill("Quasimodo, Berlin");
  await seller.getByLabel("Price").fill("25.00");
  await seller.getByRole("button", { name: "List the ticket" }).click();
  await seesHeading(seller, "Jazz in the cellar");
  const address = new URL(seller.url()).pathname;

  const buyer = await visit(t, server);
  await signUp(buyer);
  await buyer.goto(address);
  await buyer.getByRole("button", { name: "Buy for $25.00" }).click();
  await seesHeading(buyer, HEADINGS.pay);
  await payWith(buyer, CARDS.visa);
  await seesHeading(buyer, HEADINGS.complete);
  await buyer.getByRole("heading", { name: "Receipt" }).waitFor();
  const picture = buyer.getByRole("img", { name: "QR code of this order" });
  assert.ok(await picture.evaluate((image) => image.decode().then(() => image.naturalWidth > 0)));
  assert.equal(new URL(buyer.url()).search, "");

  await seller.reload();
  await seller.getByText("You sold this ticket.").waitFor();
});

test("a seller sees what a sale earned, and what was refunded", async (t) => {
  const server = await program();
  const [seller, buyer] = await Promise.all([newPerson(server), newPerson(server)]);
  const page = await visit(t, server, { person: seller });
  await page.goto("/sales");
  await page.getByText("Nothing sold yet").waitFor();
  const ticket = await sells(seller, { title: "Organ at noon" });
  const order = await holds(buyer, ticket);
  const intent = await pays(buyer, server, order);
  await page.goto("/mine");
  await page.getByRole("link", { name: "See what your sales earned" }).click();
  await seesHeading(page, "Your sales");
  const row = page.getByRole("listitem").filter({ hasText: "Organ at noon" });
  await row.getByText("The buyer paid $25.00.").waitFor();
  assert.equal(await row.locator(".ticket-price").textContent(), "$25.00");

  await refunds(buyer, server, order, intent, 1000);
  await page.reload();
  await row.getByText("$10.00 was refunded to the buyer.").waitFor();
  assert.equal(await row.locator(".ticket-price").textContent(), "$15.00");
  const marked = page.getByText("$10.00 was refunded to the buyer. The ticket stays theirs.");
  const isMarked = async () => {
    await page.goto(`/tickets/${ticket.id}`);
    return marked.isVisible();
  };
  while (!(await isMarked()));
});

test("a purchase needs nothing but the keyboard", async (t) => {
  const server = await program();
  const person = await newPerson(server);
  const ticket = await sells(await newPerson(server));
  const page = await visit(t, server, { person });
  await page.goto(`/tickets/${ticket.id}`);
  await tabTo(page, page.getByRole("button", { name: /^Buy for/ }));
  await page.keyboard.press("Enter");
  await payButton(page).waitFor();
  await tabTo(page, page.getByLabel("Card number"));
  await page.keyboard.type(CARDS.visa);
  await page.keyboard.press("Tab");
  await page.keyboard.type("12/34");
  await page.keyboard.press("Tab");
  await page.keyboard.type("123");
  await page.keyboard.press("Enter");
  await seesHeading(page, HEADINGS.complete);
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(focused, HEADINGS.complete, "the heading has the focus, for screen readers");
});

test("a double click charges once", async (t) => {
  const { server, order, page } = await setUpCheckout(t);
  const confirmations = [];
  page.on("request", (request) => /\/confirm$/.test(request.url()) && confirmations.push(request.url()));
  await openCheckout(page, order);
  await page.getByLabel("Card number").fill(CARDS.visa);
  await page.getByLabel("Expiry (MM/YY)").fill("12/34");
  await page.getByLabel("Security code").fill("123");
  await payButton(page).dblclick();
  await seesHeading(page, HEADINGS.complete);
  assert.equal(confirmations.length, 1);
  assert.deepEqual(await moneyOf(server, order), { intents: 1, received: 2500, open: 0 });
});

test("the receipt can be printed, the buttons and the navigation stay on the screen", async (t) => {
  const { order, page } = await setUpCheckout(t);
  await openCheckout(page, order);
  await payWith(page, CARDS.visa);
  await seesHeading(page, HEADINGS.complete);
  await page.getByRole("button", { name: "Print" }).waitFor();
  await page.emulateMedia({ media: "print" });
  assert.ok(await page.getByRole("button", { name: "Print" }).isHidden());
  assert.ok(await page.getByText(order.id).isVisible());
});

/** Presses Tab until `locator` has the focus. */
async function tabTo(page, locator) {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    const hasFocus = await locator.evaluate((element) => element === element.getRootNode().activeElement);
    if (hasFocus) return;
  }
  assert.fail("the keyboard does not lead there");
}
