mod expiration_completed;
mod payment_authorized;
mod payment_captured;
mod payment_failed;
mod payment_voided;
mod ticket;
mod ticket_reservation_refused;
mod ticket_reserved;
