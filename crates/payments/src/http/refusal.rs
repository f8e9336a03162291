//! Why an order cannot be paid, as the caller is told.

use common::Problem;
use common::event::OrderStatus;

/// The order's state that does not allow a payment to be begun, if it is one.
pub(super) fn of(status: OrderStatus) -> Option<Problem> {
    let (code, detail) = match status {
        OrderStatus::Created | OrderStatus::AwaitingPayment => return None,
        OrderStatus::Cancelled => ("order-cancelled", "The order is cancelled; place a new one."),
        OrderStatus::Paying => {
            ("order-paying", "The order is being paid; wait a moment, then look at it again.")
        }
        OrderStatus::Complete => ("order-complete", "The order is paid; there is nothing left to pay."),
    };
    Some(Problem::conflict(code, detail))
}

/// The order ended while its payment began.
pub(super) fn cancelled() -> Problem {
    Problem::conflict("order-cancelled", "The order is cancelled; place a new one.")
}
