// What people do at the checkout.

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
  givenUp: "You gave this order up",
  expired: "Your time ran out",
  failed: "Your payment failed",
  gone: "This ticket is gone",
  otherPrice: "The price has changed",
};

/** Opens an order's page, with the card form ready. */
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

/** Waits until the page's heading is this one. */
export async function seesHeading(page, heading) {
  await page.getByRole("heading", { level: 1, name: heading }).waitFor();
}

/** Waits until what went wrong is shown, in words that match. */
export async function seesProblem(page, words) {
  await page.locator('[data-part="problem"]').filter({ hasText: words }).waitFor();
}
