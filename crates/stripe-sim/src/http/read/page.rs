//! One page of a list. An index names a payment once for each of its objects of the kind; the order of the rows shows
//! the object for which a row stands.

use std::collections::HashMap;
use std::sync::Arc;

use common::Time;
use store::{Part, Range, StoreError};
use uuid::Uuid;

use super::filter::{Created, Filter};
use crate::id::Kind;
use crate::record::Record;
use crate::sim::StripeSim;

/// The position of an object among all of its kind: its creation, its payment, and its position there.
pub(super) type Position = (Time, Uuid, u32);

/// An object: its payment and its position there.
pub(in crate::http) type Item = (Arc<Record>, u32);

/// The selection of a page.
pub(super) struct PageQuery {
    pub(super) kind: Kind,
    pub(super) limit: usize,
    pub(super) created: Created,
    /// The page starts after this position (earlier in time).
    pub(super) after: Option<Position>,
    /// The page ends before this position (later in time).
    pub(super) before: Option<Position>,
    pub(super) filter: Filter,
}

impl PageQuery {
    /// Reads the page, newest first, and whether more follow in its direction.
    pub(super) async fn page(&self, sim: &StripeSim) -> Result<(Vec<Item>, bool), StoreError> {
        let backwards = self.before.is_some() && self.after.is_none();
        let mut found = match self.filter.owner() {
            Some(owner) => {
                let record = sim.0.records.get(owner.0).await?.map(Arc::new);
                self.matching(record.iter(), backwards)
            }
            None => self.search(sim, backwards).await?,
        };
        let has_more = found.len() > self.limit;
        found.truncate(self.limit);
        if backwards {
            found.reverse();
        }
        Ok((found.into_iter().map(|(_, item)| item).collect(), has_more))
    }

    /// Scans the index until the page is full and one more is found.
    async fn search(&self, sim: &StripeSim, backwards: bool) -> Result<Vec<(Position, Item)>, StoreError> {
        let range = self.range();
        let range = if backwards { range } else { range.descending() };
        let (mut found, mut next, mut last_position) = (Vec::new(), None, None::<Position>);
        loop {
            // The range contains the cursors themselves; one more shows whether anything follows.
            let page = sim.0.records.page(range.clone().after(next).limit(self.limit + 3)).await?;
            let rows = page.items.len();
            let records: HashMap<Uuid, Arc<Record>> =
                page.items.into_iter().map(|record| (record.intent.id.0, Arc::new(record))).collect();
            // After the former rows, as many of these payments' objects belong to this page as it has rows.
            let mut items = self.items(records.values(), backwards);
            if let Some(last_position) = last_position {
                items.retain(
                    |(position, _)| {
                        if backwards { *position > last_position } else { *position < last_position }
                    },
                );
            }
            items.truncate(rows);
            last_position = items.last().map(|(position, _)| *position).or(last_position);
            items.retain(|(position, (record, at))| {
                self.is_between(*position) && self.filter.matches(record, self.kind, *at)
            });
            found.extend(items);
            next = page.next;
            if next.is_none() || found.len() > self.limit {
                return Ok(found);
            }
        }
    }

    fn range(&self) -> Range {
        let part =
            |(created, owner, position): Position| [created.into(), owner.into(), i64::from(position).into()];
        let range = Range::of(self.kind.index(), []);
        let range = match self.before.filter(|before| before.0 >= self.created.from) {
            Some(before) => range.at_least::<3>(part(before)),
            None => range.at_least([Part::from(self.created.from)]),
        };
        match self.after.filter(|after| after.0 <= self.created.until) {
            Some(after) => range.at_most::<3>(part(after)),
            None => range.at_most([Part::from(self.created.until)]),
        }
    }

    /// All objects in the range, in the order of the query.
    fn items<'a>(
        &self,
        records: impl Iterator<Item = &'a Arc<Record>>,
        backwards: bool,
    ) -> Vec<(Position, Item)> {
        let mut items: Vec<(Position, Item)> = records
            .flat_map(|record| {
                let positioned = record.items(self.kind).into_iter();
                positioned.map(|(created, at)| ((created, record.intent.id.0, at), (Arc::clone(record), at)))
            })
            .filter(|((created, ..), _)| (self.created.from..=self.created.until).contains(created))
            .filter(|(position, _)| {
                self.after.is_none_or(|after| *position <= after)
                    && self.before.is_none_or(|before| *position >= before)
            })
            .collect();
        items.sort_by_key(|(position, _)| *position);
        if !backwards {
            items.reverse();
        }
        items
    }

    fn matching<'a>(
        &self,
        records: impl Iterator<Item = &'a Arc<Record>>,
        backwards: bool,
    ) -> Vec<(Position, Item)> {
        let mut items = self.items(records, backwards);
        items.retain(|(position, (record, at))| {
            self.is_between(*position) && self.filter.matches(record, self.kind, *at)
        });
        items
    }

    /// Whether the position is between the cursors, which are not on the page themselves.
    fn is_between(&self, position: Position) -> bool {
        self.after.is_none_or(|after| position < after) && self.before.is_none_or(|before| position > before)
    }
}
