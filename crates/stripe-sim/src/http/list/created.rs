//! The `created` filters.

use common::Time;

use crate::error::ApiError;
use crate::param::Params;

/// The filters, which count whole seconds, as moments (both inclusive).
#[derive(Debug, Clone, Copy)]
pub(super) struct Created {
    pub(super) from: Time,
    pub(super) until: Time,
}

impl Created {
    /// Whenever.
    pub(super) fn any() -> Self {
        Self { from: Time::from_millis(i64::MIN), until: Time::from_millis(i64::MAX) }
    }

    pub(super) fn read(params: &Params) -> Result<Self, ApiError> {
        let begins = |second: i64| second.saturating_mul(1000);
        let (mut from, mut until) = (i64::MIN, i64::MAX);
        if let Some(exactly) = params.int("created")? {
            (from, until) = (begins(exactly), begins(exactly.saturating_add(1)) - 1);
        }
        if let Some(least) = params.int("created[gte]")? {
            from = from.max(begins(least));
        }
        if let Some(above) = params.int("created[gt]")? {
            from = from.max(begins(above.saturating_add(1)));
        }
        if let Some(most) = params.int("created[lte]")? {
            until = until.min(begins(most.saturating_add(1)).saturating_sub(1));
        }
        if let Some(below) = params.int("created[lt]")? {
            until = until.min(begins(below).saturating_sub(1));
        }
        Ok(Self { from: Time::from_millis(from), until: Time::from_millis(until) })
    }
}
