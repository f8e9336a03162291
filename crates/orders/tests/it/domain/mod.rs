mod order;
mod ticket;
