//! What Stripe takes for its work.

/// What Stripe takes. The default is nothing, so that books can be compared with the balance without them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fees {
    /// Of what is captured, in hundredths of a percent: 290 is 2.9 %.
    pub basis_points: i64,
    /// For every capture, in minor units of its currency.
    pub fixed: i64,
    /// For every dispute, in minor units of its currency; given back when the dispute is won.
    pub dispute: i64,
}

impl Fees {
    /// Half a minor unit is rounded up. A refund does not give it back
    /// (<https://docs.stripe.com/refunds#refund-requests>).
    pub(crate) const fn of_charge(self, amount: i64) -> i64 {
        (amount * self.basis_points + 5_000) / 10_000 + self.fixed
    }
}

#[cfg(test)]
mod tests {
    use super::Fees;

    #[test]
    fn a_fee_is_a_share_and_a_fixed_part() {
        let usual = Fees { basis_points: 290, fixed: 30, dispute: 1500 };
        assert_eq!(usual.of_charge(20_00), 88);
        assert_eq!(usual.of_charge(50), 31);
        assert_eq!(Fees::default().of_charge(20_00), 0);
    }
}
