// Stripe's own Node library against the simulator, whose address is in STRIPE_SIM.
import assert from "node:assert/strict";
import { Agent } from "node:http";
import { after, before, describe, test } from "node:test";

import Stripe from "stripe";

import { receiver } from "./receiver.js";

const url = new URL(process.env.STRIPE_SIM);
const CARD = { currency: "usd", capture_method: "manual", payment_method_types: ["card"] };

function client(key = "sk_test_sim", options = {}) {
  const address = { protocol: "http", host: url.hostname, port: Number(url.port) };
  // Without persistent connections, which would keep the tests from ending.
  const httpClient = Stripe.createNodeHttpClient(new Agent());
  return new Stripe(key, { ...address, httpClient, maxNetworkRetries: 0, telemetry: false, ...options });
}

const stripe = client();

// Calls a control that Stripe does not have.
async function control(path, body = "", headers = {}) {
  const reply = await fetch(new URL(`/sim/${path}`, url), { method: "POST", body, headers });
  assert.ok(reply.ok, `${path}: ${reply.status}`);
  return reply.json();
}

const pay = (card = "pm_card_visa", more = {}) =>
  stripe.paymentIntents.create({ ...CARD, amount: 2500, confirm: true, payment_method: card, ...more });

async function captured(card) {
  const intent = await stripe.paymentIntents.capture((await pay(card)).id);
  assert.equal(intent.status, "succeeded");
  return intent;
}

async function all(list) {
  const found = [];
  for await (const one of list) found.push(one);
  return found;
}

async function fails(act, kind, expected) {
  const error = await act().then(() => assert.fail("it was taken"), (error) => error);
  assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
  for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value, name);
  assert.match(error.requestId, /^req_/);
  return error;
}

const { errors } = Stripe;

describe("payments", () => {
  test("an authorization is captured and stands in the balance", async () => {
    const intent = await pay();
    assert.deepEqual([intent.status, intent.amount_capturable], ["requires_capture", 2500]);
    const taken = await stripe.paymentIntents.capture(intent.id, {
      amount_to_capture: 2000,
      expand: ["latest_charge.balance_transaction"],
    });
    const charge = taken.latest_charge;
    assert.deepEqual([taken.status, taken.amount_received], ["succeeded", 2000]);
    assert.deepEqual([charge.amount, charge.amount_captured, charge.amount_refunded], [2500, 2000, 0]);
    assert.deepEqual([charge.outcome.type, charge.payment_method_details.card.last4], ["authorized", "4242"]);
    assert.deepEqual([charge.balance_transaction.net, charge.balance_transaction.source], [2000, charge.id]);
    const found = await stripe.balanceTransactions.retrieve(charge.balance_transaction.id, { expand: ["source"] });
    assert.deepEqual([found.type, found.source.id], ["charge", charge.id]);
  });

  test("the balance is the sum of its transactions", async () => {
    await captured();
    const balance = await stripe.balance.retrieve();
    const parts = [...balance.available, ...balance.pending].filter((part) => part.currency === "usd");
    const transactions = await all(stripe.balanceTransactions.list({ currency: "usd", limit: 100 }));
    const sum = (amounts) => amounts.reduce((total, amount) => total + amount, 0);
    assert.equal(sum(parts.map((part) => part.amount)), sum(transactions.map((one) => one.net)));
  });

  test("a declined card is an error, and another card pays", async () => {
    const error = await fails(() => pay("pm_card_chargeDeclinedInsufficientFunds"), errors.StripeCardError, {
      statusCode: 402,
      code: "card_declined",
      decline_code: "insufficient_funds",
    });
    assert.equal(error.payment_method.object, "payment_method");
    assert.equal(error.payment_intent.status, "requires_payment_method");
    assert.equal(error.payment_intent.last_payment_error.charge, error.charge);
    assert.equal((await stripe.charges.retrieve(error.charge)).failure_code, "card_declined");
    const intent = await stripe.paymentIntents.confirm(error.payment_intent.id, { payment_method: "pm_card_visa" });
    assert.equal(intent.status, "requires_capture");
  });

  for (const [answer, status] of [
    ["accept", "requires_capture"],
    ["refuse", "requires_payment_method"],
    ["abandon", "requires_action"],
  ]) {
    test(`3-D Secure: ${answer}`, async () => {
      const intent = await pay("pm_card_threeDSecure2Required", { return_url: "https://shop.example/done" });
      assert.equal(intent.next_action.type, "redirect_to_url");
      assert.ok(intent.next_action.redirect_to_url.url.endsWith(`/sim/3ds/${intent.id}`));
      await control(`3ds/${intent.id}/${answer}`);
      assert.equal((await stripe.paymentIntents.retrieve(intent.id)).status, status);
    });
  }

  test("a canceled payment is over", async () => {
    const intent = await stripe.paymentIntents.cancel((await pay()).id, { cancellation_reason: "abandoned" });
    assert.deepEqual([intent.status, intent.cancellation_reason], ["canceled", "abandoned"]);
    const error = await fails(() => stripe.paymentIntents.capture(intent.id), errors.StripeInvalidRequestError, {
      code: "payment_intent_unexpected_state",
    });
    assert.equal(error.payment_intent.status, "canceled");
  });

  test("metadata is added to, and removed by an empty value", async () => {
    const intent = await pay("pm_card_visa", { metadata: { order: "7", buyer: "b" } });
    const changed = await stripe.paymentIntents.update(intent.id, { metadata: { order: "", ticket: "t" } });
    assert.deepEqual(changed.metadata, { buyer: "b", ticket: "t" });
    assert.deepEqual((await stripe.paymentIntents.update(intent.id, { metadata: "" })).metadata, {});
  });
});

describe("requests", () => {
  test("a key does a thing once", async () => {
    const options = { idempotencyKey: `node-${process.pid}-${process.hrtime.bigint()}` };
    const first = await stripe.paymentIntents.create({ ...CARD, amount: 700 }, options);
    const again = await stripe.paymentIntents.create({ ...CARD, amount: 700 }, options);
    assert.equal(first.id, again.id);
    assert.equal(again.lastResponse.headers["idempotent-replayed"], "true");
    assert.equal(again.lastResponse.idempotencyKey, options.idempotencyKey);
    const other = () => stripe.paymentIntents.create({ ...CARD, amount: 701 }, options);
    await fails(other, errors.StripeIdempotencyError, { statusCode: 400 });
  });

  test("the library retries failures", async () => {
    const set = (api) => control("faults", JSON.stringify({ api }));
    await set({ rateLimit: 1 });
    await fails(() => stripe.balance.retrieve(), errors.StripeRateLimitError, { statusCode: 429, code: "rate_limit" });
    await set({ failBefore: 1 });
    await fails(() => stripe.balance.retrieve(), errors.StripeAPIError, { statusCode: 500 });
    await set({ failBefore: 1 });
    const patient = client("sk_test_sim", { maxNetworkRetries: 2 });
    assert.equal((await patient.paymentIntents.create({ ...CARD, amount: 900 })).amount, 900);
  });

  test("errors have their classes", async () => {
    await fails(() => client("sk_test_other").balance.retrieve(), errors.StripeAuthenticationError, {});
    const payment_intent = (await captured()).id;
    for (const [act, statusCode, code, param] of [
      [() => stripe.paymentIntents.retrieve("pi_missing"), 404, "resource_missing", "intent"],
      [() => stripe.charges.retrieve("ch_missing"), 404, "resource_missing", "id"],
      [() => stripe.paymentIntents.create({ currency: "usd" }), 400, "parameter_missing", "amount"],
      [() => stripe.paymentIntents.create({ ...CARD, amount: 1 }), 400, "amount_too_small", "amount"],
      [() => stripe.refunds.create({ payment_intent, colour: "red" }), 400, "parameter_unknown", "colour"],
      [() => stripe.paymentIntents.list({ expand: ["latest_charge"] }), 400, undefined, "expand"],
      [() => stripe.balance.retrieve({}, { apiVersion: "2026-1-1" }), 400, undefined, undefined],
    ]) {
      const error = await fails(act, errors.StripeInvalidRequestError, { statusCode, code, param });
      if (code) assert.ok(error.doc_url.endsWith(code.replaceAll("_", "-")));
    }
  });

  test("the version is answered", async () => {
    const { lastResponse } = await stripe.balance.retrieve();
    assert.equal(lastResponse.apiVersion, stripe.getApiField("version"));
  });
});

describe("money back", () => {
  test("refunds in parts until nothing is left", async () => {
    const intent = await captured();
    const reason = "requested_by_customer";
    const part = await stripe.refunds.create({ payment_intent: intent.id, amount: 1000, reason });
    assert.deepEqual([part.status, part.amount, part.charge], ["succeeded", 1000, intent.latest_charge]);
    const rest = await stripe.refunds.create({ charge: intent.latest_charge, expand: ["charge", "payment_intent"] });
    assert.deepEqual([rest.amount, rest.charge.refunded, rest.payment_intent.id], [1500, true, intent.id]);
    const once_more = () => stripe.refunds.create({ payment_intent: intent.id });
    await fails(once_more, errors.StripeInvalidRequestError, { code: "charge_already_refunded" });
    const listed = await all(stripe.refunds.list({ payment_intent: intent.id, limit: 1 }));
    assert.deepEqual(listed.map((one) => one.id), [rest.id, part.id]);
    const expand = ["refunds.data.balance_transaction"];
    const charge = await stripe.charges.retrieve(intent.latest_charge, { expand });
    assert.deepEqual(charge.refunds.data.map((one) => one.balance_transaction.amount), [-1500, -1000]);
    const noted = await stripe.refunds.update(part.id, { metadata: { why: "rain" } });
    assert.equal(noted.metadata.why, "rain");
  });

  for (const [text, status, held] of [
    ["winning_evidence", "won", 2500],
    ["losing_evidence", "lost", 0],
  ]) {
    test(`a dispute is ${status}`, async () => {
      const intent = await captured();
      await control(`charges/${intent.latest_charge}/dispute`, "reason=product_not_received");
      const [dispute] = (await stripe.disputes.list({ payment_intent: intent.id })).data;
      assert.deepEqual([dispute.status, dispute.reason, dispute.amount], ["needs_response", "product_not_received", 2500]);
      assert.equal((await stripe.charges.retrieve(intent.latest_charge)).disputed, true);
      const refund = () => stripe.refunds.create({ payment_intent: intent.id });
      await fails(refund, errors.StripeInvalidRequestError, { code: "charge_disputed" });
      const staged = await stripe.disputes.update(dispute.id, { evidence: { customer_name: "Ada" }, submit: false });
      assert.deepEqual([staged.status, staged.evidence.customer_name], ["needs_response", "Ada"]);
      const closed = await stripe.disputes.update(dispute.id, { evidence: { uncategorized_text: text } });
      assert.equal(closed.status, status);
      const moved = closed.balance_transactions.reduce((total, one) => total + one.amount, 0);
      assert.equal(2500 + moved, held);
    });
  }

  test("a dispute may be accepted", async () => {
    const intent = await captured();
    await control(`charges/${intent.latest_charge}/dispute`);
    const [dispute] = (await stripe.disputes.list({ charge: intent.latest_charge })).data;
    assert.equal((await stripe.disputes.close(dispute.id)).status, "lost");
  });
});

describe("lists", () => {
  test("pages lead through everything both ways", async () => {
    const newest = [];
    for (let count = 0; count < 5; count += 1) newest.unshift((await pay()).id);
    const ids = (list) => list.map((one) => one.id);
    const forward = await all(stripe.paymentIntents.list({ limit: 2 }));
    assert.deepEqual(ids(forward).slice(0, 5), newest);
    const back = await stripe.paymentIntents.list({ limit: 2, ending_before: newest[4] });
    assert.deepEqual(ids(back.data), newest.slice(2, 4));
    const rest = await all(stripe.paymentIntents.list({ limit: 2, ending_before: newest[4] }));
    assert.deepEqual(ids(rest), newest.slice(0, 4).reverse());
    const page = await stripe.charges.list({ payment_intent: newest[0], expand: ["data.payment_intent"] });
    assert.deepEqual(page.data.map((one) => one.payment_intent.id), [newest[0]]);
  });

  test("time bounds a list", async () => {
    const intent = await pay();
    const then = { gte: intent.created, lte: intent.created };
    const found = await all(stripe.paymentIntents.list({ created: then, limit: 100 }));
    assert.ok(found.some((one) => one.id === intent.id));
    const later = await stripe.paymentIntents.list({ created: { gt: intent.created + 3600 } });
    assert.deepEqual(later.data, []);
  });
});

describe("events", () => {
  let hook;
  let endpoint;

  before(async () => {
    hook = await receiver();
    const api_version = stripe.getApiField("version");
    endpoint = await stripe.webhookEndpoints.create({ url: hook.url, enabled_events: ["*"], api_version });
  });

  after(async () => {
    await stripe.webhookEndpoints.del(endpoint.id);
    hook.close();
  });

  // The next event of this type about this object, its signature checked by the library.
  async function received(type, about) {
    for (;;) {
      const { body, signature } = await hook.next();
      const event = stripe.webhooks.constructEvent(body, signature, endpoint.secret);
      const { id, payment_intent } = event.data.object;
      if (event.type === type && [id, payment_intent].includes(about)) return { event, body, signature };
    }
  }

  test("events are signed as the library wants them", async () => {
    const intent = await pay();
    const { event, body, signature } = await received("payment_intent.created", intent.id);
    assert.equal(event.api_version, stripe.getApiField("version"));
    const { StripeSignatureVerificationError } = errors;
    const check = (body, secret) => () => stripe.webhooks.constructEvent(body, signature, secret);
    assert.throws(check(Buffer.concat([body, Buffer.from(" ")]), endpoint.secret), StripeSignatureVerificationError);
    assert.throws(check(body, "whsec_other"), StripeSignatureVerificationError);
    await received("payment_intent.amount_capturable_updated", intent.id);
    const found = await stripe.events.retrieve(event.id);
    assert.deepEqual([found.type, found.request.id], [event.type, event.request.id]);
    const listed = await stripe.events.list({ types: ["charge.*"], limit: 100 });
    assert.ok(listed.data.some((one) => one.data.object.id === intent.latest_charge));
  });

  test("the event of a capture contains the former values", async () => {
    const intent = await captured();
    const { event } = await received("charge.captured", intent.id);
    assert.equal(event.data.previous_attributes.captured, false);
  });

  test("a refund fails later, and the money is back", async () => {
    const intent = await captured("pm_card_refundFail");
    const refund = await stripe.refunds.create({ payment_intent: intent.id });
    assert.equal(refund.status, "succeeded");
    const { event } = await received("refund.failed", refund.id);
    assert.equal(event.data.object.failure_reason, "expired_or_canceled_card");
    assert.equal(event.request.id, null);
    const charge = await stripe.charges.retrieve(intent.latest_charge);
    assert.deepEqual([charge.amount_refunded, charge.refunded], [0, false]);
    const moved = await stripe.balanceTransactions.list({ source: refund.id });
    assert.deepEqual(moved.data.map((one) => one.type), ["refund_failure", "refund"]);
  });

  test("a disputed card is disputed, and its money withdrawn", async () => {
    const intent = await captured("pm_card_createDispute");
    const { event } = await received("charge.dispute.created", intent.id);
    await received("charge.dispute.funds_withdrawn", intent.id);
    const dispute = event.data.object;
    assert.deepEqual([dispute.reason, dispute.charge], ["fraudulent", intent.latest_charge]);
    await control(`disputes/${dispute.id}/win`);
    assert.equal((await received("charge.dispute.closed", intent.id)).event.data.object.status, "won");
    await received("charge.dispute.funds_reinstated", intent.id);
  });

  test("while a secret is rolled both sign", async () => {
    const former = endpoint.secret;
    const headers = {
      authorization: "Bearer sk_test_sim",
      "content-type": "application/x-www-form-urlencoded",
    };
    const rolled = await control(`webhook_endpoints/${endpoint.id}/roll`, "expires_in=3600", headers);
    assert.notEqual(rolled.secret, former);
    const intent = await pay();
    const { body, signature } = await received("payment_intent.created", intent.id);
    for (const secret of [former, rolled.secret]) {
      assert.equal(stripe.webhooks.constructEvent(body, signature, secret).type, "payment_intent.created");
    }
  });

  test("an endpoint receives only its events", async () => {
    const wanted = { enabled_events: ["payment_intent.canceled"], metadata: { a: "b" } };
    const changed = await stripe.webhookEndpoints.update(endpoint.id, wanted);
    assert.deepEqual([changed.enabled_events, changed.metadata.a, changed.status], [wanted.enabled_events, "b", "enabled"]);
    const endpoints = await all(stripe.webhookEndpoints.list());
    assert.ok(endpoints.some((one) => one.id === endpoint.id));
    const intent = await stripe.paymentIntents.cancel((await pay()).id);
    await received("payment_intent.canceled", intent.id);
  });
});
