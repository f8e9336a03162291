"""Stripe's own Python library against the simulator, whose address is in STRIPE_SIM."""

import json
import os
import time
import unittest
import urllib.request

import stripe
from receiver import Receiver

URL = os.environ["STRIPE_SIM"]
CARD = {"currency": "usd", "capture_method": "manual", "payment_method_types": ["card"]}


def client(key="sk_test_sim", retries=0):
    return stripe.StripeClient(key, base_addresses={"api": URL}, max_network_retries=retries)


def control(path, body=b"", method="POST"):
    """Calls a control that Stripe does not have."""
    request = urllib.request.Request(f"{URL}/sim/{path}", data=body, method=method)
    with urllib.request.urlopen(request) as reply:
        return reply.read()


class Scenario(unittest.TestCase):
    def setUp(self):
        self.stripe = client()
        self.v1 = self.stripe.v1

    def pay(self, card="pm_card_visa", **more):
        params = {**CARD, "amount": 2500, "confirm": True, "payment_method": card, **more}
        return self.v1.payment_intents.create(params)

    def captured(self, card="pm_card_visa", **more):
        intent = self.v1.payment_intents.capture(self.pay(card, **more).id)
        self.assertEqual(intent.status, "succeeded")
        return intent


class Payments(Scenario):
    def test_an_authorization_is_captured_and_stands_in_the_balance(self):
        intent = self.pay()
        self.assertEqual((intent.status, intent.amount_capturable), ("requires_capture", 2500))
        intent = self.v1.payment_intents.capture(
            intent.id, {"amount_to_capture": 2000, "expand": ["latest_charge.balance_transaction"]}
        )
        charge = intent.latest_charge
        self.assertEqual((intent.status, intent.amount_received), ("succeeded", 2000))
        self.assertEqual((charge.amount, charge.amount_captured, charge.amount_refunded), (2500, 2000, 0))
        self.assertEqual((charge.outcome.type, charge.payment_method_details.card.last4), ("authorized", "4242"))
        self.assertEqual((charge.balance_transaction.net, charge.balance_transaction.source), (2000, charge.id))
        found = self.v1.balance_transactions.retrieve(charge.balance_transaction.id, {"expand": ["source"]})
        self.assertEqual((found.type, found.source.id), ("charge", charge.id))

    def test_the_balance_is_the_sum_of_its_transactions(self):
        self.captured()
        balance = self.v1.balance.retrieve()
        held = sum(part.amount for part in [*balance.available, *balance.pending] if part.currency == "usd")
        transactions = self.v1.balance_transactions.list({"currency": "usd", "limit": 100})
        self.assertEqual(held, sum(one.net for one in transactions.auto_paging_iter()))

    def test_a_declined_card_is_an_error_and_another_card_pays(self):
        with self.assertRaises(stripe.CardError) as caught:
            self.pay("pm_card_chargeDeclinedInsufficientFunds")
        error = caught.exception
        self.assertEqual((error.http_status, error.code), (402, "card_declined"))
        self.assertEqual(error.error.decline_code, "insufficient_funds")
        self.assertEqual(error.error.payment_method.object, "payment_method")
        intent = error.error.payment_intent
        self.assertEqual((intent.status, intent.last_payment_error.charge), ("requires_payment_method", error.error.charge))
        self.assertEqual(self.v1.charges.retrieve(error.error.charge).failure_code, "card_declined")
        intent = self.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
        self.assertEqual(intent.status, "requires_capture")

    def test_3d_secure_is_accepted_refused_or_left(self):
        for answer, status in [
            ("accept", "requires_capture"),
            ("refuse", "requires_payment_method"),
            ("abandon", "requires_action"),
        ]:
            with self.subTest(answer):
                intent = self.pay("pm_card_threeDSecure2Required", return_url="https://shop.example/done")
                self.assertEqual(intent.next_action.type, "redirect_to_url")
                self.assertIn(f"/sim/3ds/{intent.id}", intent.next_action.redirect_to_url.url)
                control(f"3ds/{intent.id}/{answer}")
                self.assertEqual(self.v1.payment_intents.retrieve(intent.id).status, status)

    def test_a_canceled_payment_is_over(self):
        intent = self.v1.payment_intents.cancel(self.pay().id, {"cancellation_reason": "abandoned"})
        self.assertEqual((intent.status, intent.cancellation_reason), ("canceled", "abandoned"))
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.payment_intents.capture(intent.id)
        self.assertEqual(caught.exception.code, "payment_intent_unexpected_state")
        self.assertEqual(caught.exception.error.payment_intent.status, "canceled")

    def test_metadata_is_added_to_and_removed_by_an_empty_value(self):
        intent = self.pay(metadata={"order": "7", "buyer": "b"})
        changed = self.v1.payment_intents.update(intent.id, {"metadata": {"order": "", "ticket": "t"}})
        self.assertEqual(changed.metadata.to_dict(), {"buyer": "b", "ticket": "t"})
        emptied = self.v1.payment_intents.update(intent.id, {"metadata": ""})
        self.assertEqual(emptied.metadata.to_dict(), {})

    def test_the_old_global_style_works_too(self):
        intent = stripe.PaymentIntent.create(**CARD, amount=1000, api_key="sk_test_sim", stripe_version="2026-10-28.endive")
        self.assertEqual(intent.last_response.headers["stripe-version"], "2026-10-28.endive")


class Keys(Scenario):
    def test_a_key_does_a_thing_once(self):
        params = {**CARD, "amount": 700}
        options = {"idempotency_key": f"python-{time.time_ns()}"}
        first = self.v1.payment_intents.create(params, options)
        again = self.v1.payment_intents.create(params, options)
        self.assertEqual(first.id, again.id)
        self.assertEqual(again.last_response.headers["idempotent-replayed"], "true")
        self.assertEqual(again.last_response.idempotency_key, options["idempotency_key"])
        with self.assertRaises(stripe.IdempotencyError):
            self.v1.payment_intents.create({**params, "amount": 701}, options)

    def test_the_library_retries_failures(self):
        for fault in [b'{"api":{"rateLimit":1}}', b'{"api":{"failBefore":1}}']:
            control("faults", fault)
            with self.assertRaises((stripe.RateLimitError, stripe.APIError)):
                self.v1.balance.retrieve()
        control("faults", b'{"api":{"failBefore":1}}')
        intent = client(retries=2).v1.payment_intents.create({**CARD, "amount": 900})
        self.assertEqual(intent.amount, 900)

    def test_errors_have_their_classes(self):
        with self.assertRaises(stripe.AuthenticationError):
            client("sk_test_other").v1.balance.retrieve()
        for act, status, code, param in [
            (lambda: self.v1.payment_intents.retrieve("pi_missing"), 404, "resource_missing", "intent"),
            (lambda: self.v1.charges.retrieve("ch_missing"), 404, "resource_missing", "id"),
            (lambda: self.v1.payment_intents.create({"currency": "usd"}), 400, "parameter_missing", "amount"),
            (lambda: self.v1.payment_intents.create({**CARD, "amount": 1}), 400, "amount_too_small", "amount"),
            (lambda: self.v1.refunds.create({"payment_intent": self.captured().id, "colour": "red"}), 400, "parameter_unknown", "colour"),
            (lambda: self.v1.payment_intents.list({"expand": ["latest_charge"]}), 400, None, "expand"),
            (lambda: client().v1.balance.retrieve(options={"stripe_version": "2026-1-1"}), 400, None, None),
        ]:
            with self.assertRaises(stripe.InvalidRequestError) as caught:
                act()
            error = caught.exception
            self.assertEqual((error.http_status, error.code, error.param), (status, code, param))
            self.assertTrue(error.request_id.startswith("req_"))
            if code:
                self.assertIn(code.replace("_", "-"), error.error.doc_url)


class MoneyBack(Scenario):
    def test_refunds_in_parts_until_nothing_is_left(self):
        intent = self.captured()
        part = self.v1.refunds.create({"payment_intent": intent.id, "amount": 1000, "reason": "requested_by_customer"})
        self.assertEqual((part.status, part.amount, part.charge), ("succeeded", 1000, intent.latest_charge))
        rest = self.v1.refunds.create({"charge": intent.latest_charge, "expand": ["charge", "payment_intent"]})
        self.assertEqual((rest.amount, rest.charge.refunded, rest.payment_intent.id), (1500, True, intent.id))
        with self.assertRaises(stripe.InvalidRequestError) as caught:
            self.v1.refunds.create({"payment_intent": intent.id})
        self.assertEqual(caught.exception.code, "charge_already_refunded")
        listed = self.v1.refunds.list({"payment_intent": intent.id, "limit": 1})
        self.assertEqual([one.id for one in listed.auto_paging_iter()], [rest.id, part.id])
        charge = self.v1.charges.retrieve(intent.latest_charge, {"expand": ["refunds.data.balance_transaction"]})
        self.assertEqual([one.balance_transaction.amount for one in charge.refunds.data], [-1500, -1000])
        noted = self.v1.refunds.update(part.id, {"metadata": {"why": "rain"}})
        self.assertEqual(noted.metadata["why"], "rain")

    def test_disputes_are_won_and_lost(self):
        for text, status, held in [("winning_evidence", "won", 2500), ("losing_evidence", "lost", 0)]:
            with self.subTest(status):
                intent = self.captured()
                control(f"charges/{intent.latest_charge}/dispute", b"reason=product_not_received")
                [dispute] = self.v1.disputes.list({"payment_intent": intent.id}).data
                self.assertEqual((dispute.status, dispute.reason, dispute.amount), ("needs_response", "product_not_received", 2500))
                self.assertTrue(self.v1.charges.retrieve(intent.latest_charge).disputed)
                with self.assertRaises(stripe.InvalidRequestError) as caught:
                    self.v1.refunds.create({"payment_intent": intent.id})
                self.assertEqual(caught.exception.code, "charge_disputed")
                staged = self.v1.disputes.update(dispute.id, {"evidence": {"customer_name": "Ada"}, "submit": False})
                self.assertEqual((staged.status, staged.evidence.customer_name), ("needs_response", "Ada"))
                closed = self.v1.disputes.update(dispute.id, {"evidence": {"uncategorized_text": text}})
                self.assertEqual(closed.status, status)
                moved = sum(one.amount for one in closed.balance_transactions)
                self.assertEqual(2500 + moved, held)

    def test_a_dispute_may_be_accepted(self):
        intent = self.captured()
        control(f"charges/{intent.latest_charge}/dispute")
        [dispute] = self.v1.disputes.list({"charge": intent.latest_charge}).data
        self.assertEqual(self.v1.disputes.close(dispute.id).status, "lost")


class Lists(Scenario):
    def test_pages_lead_through_everything_both_ways(self):
        made = [self.pay().id for _ in range(5)]
        newest = list(reversed(made))
        forward = [one.id for one in self.v1.payment_intents.list({"limit": 2}).auto_paging_iter()]
        self.assertEqual(forward[:5], newest)
        back = self.v1.payment_intents.list({"limit": 2, "ending_before": newest[4]})
        self.assertEqual([one.id for one in back.data], newest[2:4])
        self.assertEqual([one.id for one in back.auto_paging_iter()], list(reversed(newest[:4])))
        page = self.v1.charges.list({"payment_intent": made[0], "expand": ["data.payment_intent"]})
        self.assertEqual([one.payment_intent.id for one in page.data], [made[0]])

    def test_time_bounds_a_list(self):
        intent = self.pay()
        bounds = {"created": {"gte": intent.created, "lte": intent.created}, "limit": 100}
        self.assertIn(intent.id, [one.id for one in self.v1.payment_intents.list(bounds).auto_paging_iter()])
        later = {"created": {"gt": intent.created + 3600}}
        self.assertEqual(self.v1.payment_intents.list(later).data, [])


class Events(Scenario):
    def setUp(self):
        super().setUp()
        self.receiver = Receiver()
        self.addCleanup(self.receiver.close)
        self.endpoint = self.v1.webhook_endpoints.create({"url": self.receiver.url, "enabled_events": ["*"], "api_version": "2026-10-28.endive"})
        self.addCleanup(lambda: self.v1.webhook_endpoints.delete(self.endpoint.id))

    def received(self, kind, of, secret=None):
        """The next event of this type about this object, its signature checked by the library."""
        while True:
            body, signature = self.receiver.next()
            event = self.stripe.construct_event(body, signature, secret or self.endpoint.secret)
            if event.type == kind and of in (event.data.object.id, getattr(event.data.object, "payment_intent", None)):
                return event

    def test_events_are_signed_as_the_library_wants_them(self):
        intent = self.pay()
        body, signature = self.receiver.next()
        event = self.stripe.construct_event(body, signature, self.endpoint.secret)
        self.assertEqual((event.type, event.data.object.id, event.api_version), ("payment_intent.created", intent.id, "2026-10-28.endive"))
        for forged_body, forged_secret in [(body + b" ", self.endpoint.secret), (body, "whsec_other")]:
            with self.assertRaises(stripe.SignatureVerificationError):
                self.stripe.construct_event(forged_body, signature, forged_secret)
        self.received("payment_intent.amount_capturable_updated", intent.id)
        found = self.v1.events.retrieve(event.id)
        self.assertEqual((found.type, found.request.id), (event.type, event.request.id))
        listed = self.v1.events.list({"types": ["charge.*"], "limit": 100})
        self.assertIn(intent.latest_charge, [one.data.object.id for one in listed.data])

    def test_while_a_secret_is_rolled_both_sign(self):
        former = self.endpoint.secret
        request = urllib.request.Request(f"{URL}/sim/webhook_endpoints/{self.endpoint.id}/roll", data=b"expires_in=3600")
        request.add_header("Authorization", "Bearer sk_test_sim")
        with urllib.request.urlopen(request) as reply:
            secret = json.load(reply)["secret"]
        self.assertNotEqual(former, secret)
        self.pay()
        body, signature = self.receiver.next()
        self.assertEqual(signature.count("v1="), 2)
        for one in (former, secret):
            self.assertEqual(self.stripe.construct_event(body, signature, one).type, "payment_intent.created")

    def test_an_endpoint_receives_only_its_events(self):
        changed = self.v1.webhook_endpoints.update(self.endpoint.id, {"enabled_events": ["charge.captured"], "metadata": {"a": "b"}})
        self.assertEqual((changed.enabled_events, changed.metadata["a"], changed.status), (["charge.captured"], "b", "enabled"))
        self.assertIn(self.endpoint.id, [one.id for one in self.v1.webhook_endpoints.list().auto_paging_iter()])
        intent = self.captured()
        body, signature = self.receiver.next()
        event = self.stripe.construct_event(body, signature, self.endpoint.secret)
        self.assertEqual((event.type, event.data.object.id), ("charge.captured", intent.latest_charge))
        self.assertEqual(event.data.previous_attributes["captured"], False)

    def test_a_refund_fails_later_and_the_money_is_back(self):
        intent = self.captured("pm_card_refundFail")
        refund = self.v1.refunds.create({"payment_intent": intent.id})
        self.assertEqual(refund.status, "succeeded")
        event = self.received("refund.failed", refund.id)
        self.assertEqual(event.data.object.failure_reason, "expired_or_canceled_card")
        self.assertIsNone(event.request.id)
        charge = self.v1.charges.retrieve(intent.latest_charge)
        self.assertEqual((charge.amount_refunded, charge.refunded), (0, False))
        kinds = [one.type for one in self.v1.balance_transactions.list({"source": refund.id}).data]
        self.assertEqual(kinds, ["refund_failure", "refund"])

    def test_a_pending_refund_succeeds_later(self):
        intent = self.captured("pm_card_pendingRefund")
        refund = self.v1.refunds.create({"payment_intent": intent.id})
        self.assertEqual(refund.status, "pending")
        self.assertEqual(self.received("refund.updated", refund.id).data.object.status, "succeeded")

    def test_a_disputed_card_is_disputed_and_its_money_withdrawn(self):
        intent = self.captured("pm_card_createDispute")
        created = self.received("charge.dispute.created", intent.id)
        self.received("charge.dispute.funds_withdrawn", intent.id)
        dispute = created.data.object
        self.assertEqual((dispute.reason, dispute.charge), ("fraudulent", intent.latest_charge))
        control(f"disputes/{dispute.id}/win")
        self.assertEqual(self.received("charge.dispute.closed", intent.id).data.object.status, "won")
        self.received("charge.dispute.funds_reinstated", intent.id)


if __name__ == "__main__":
    # The global style has one address for all.
    stripe.api_base = URL
    unittest.main(verbosity=2)
