//! Reading a page. An index names payments, once for each object of the kind: which object a row stands for is told by
//! the order of the rows.

use std::collections::HashMap;
use std::sync::Arc;

use common::Time;
use store::{Part, Range, StoreError};
use uuid::Uuid;

use super::created::Created;
use super::filter::Filter;
use crate::StripeSim;
use crate::id::Kind;
use crate::record::Record;

/// Where an object lies among all of its kind: when it was created, whose it is, and its place there.
pub(super) type Place = (Time, Uuid, u32);

/// An object: whose it is, and its place there.
pub(in crate::http) type Item = (Arc<Record>, u32);

/// A page to be read.
pub(super) struct Walk {
    pub(super) kind: Kind,
    pub(super) limit: usize,
    pub(super) created: Created,
    /// The page begins behind (before in time).
    pub(super) after: Option<Place>,
    /// The page ends before (behind in time).
    pub(super) before: Option<Place>,
    pub(super) filter: Filter,
}

impl Walk {
    /// The page, newest first, and whether more follows in the direction of the walk.
    pub(super) async fn page(&self, sim: &StripeSim) -> Result<(Vec<Item>, bool), StoreError> {
        let backwards = self.before.is_some() && self.after.is_none();
        let mut found = match self.filter.owner() {
            Some(owner) => {
                let record = sim.0.records.get(owner.0).await?.map(Arc::new);
                self.fitting(record.iter(), backwards)
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

    /// Walks along the index until one more than the page holds was found.
    async fn search(&self, sim: &StripeSim, backwards: bool) -> Result<Vec<(Place, Item)>, StoreError> {
        let range = self.range();
        let range = if backwards { range } else { range.descending() };
        let (mut found, mut next, mut position) = (Vec::new(), None, None::<Place>);
        loop {
            // The cursors themselves are in the range, and one more tells whether anything follows.
            let page = sim.0.records.page(range.clone().after(next).limit(self.limit + 3)).await?;
            let rows = page.items.len();
            let records: HashMap<Uuid, Arc<Record>> =
                page.items.into_iter().map(|record| (record.intent.id.0, Arc::new(record))).collect();
            // Of all that these payments have behind the former rows, as many as there are rows stand on this page.
            let mut items = self.items(records.values(), backwards);
            if let Some(position) = position {
                items.retain(|(place, _)| if backwards { *place > position } else { *place < position });
            }
            items.truncate(rows);
            position = items.last().map(|(place, _)| *place).or(position);
            items.retain(|(place, (record, at))| {
                self.is_between(*place) && self.filter.fits(record, self.kind, *at)
            });
            found.extend(items);
            next = page.next;
            if next.is_none() || found.len() > self.limit {
                return Ok(found);
            }
        }
    }

    fn range(&self) -> Range {
        let part = |(created, owner, place): Place| [created.into(), owner.into(), i64::from(place).into()];
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

    /// Everything that is in the range, in the order of the walk.
    fn items<'a>(
        &self,
        records: impl Iterator<Item = &'a Arc<Record>>,
        backwards: bool,
    ) -> Vec<(Place, Item)> {
        let mut items: Vec<(Place, Item)> = records
            .flat_map(|record| {
                let placed = record.items(self.kind).into_iter();
                placed.map(|(created, at)| ((created, record.intent.id.0, at), (Arc::clone(record), at)))
            })
            .filter(|((created, ..), _)| (self.created.from..=self.created.until).contains(created))
            .filter(|(place, _)| {
                self.after.is_none_or(|after| *place <= after)
                    && self.before.is_none_or(|before| *place >= before)
            })
            .collect();
        items.sort_by_key(|(place, _)| *place);
        if !backwards {
            items.reverse();
        }
        items
    }

    fn fitting<'a>(
        &self,
        records: impl Iterator<Item = &'a Arc<Record>>,
        backwards: bool,
    ) -> Vec<(Place, Item)> {
        let mut items = self.items(records, backwards);
        items.retain(|(place, (record, at))| {
            self.is_between(*place) && self.filter.fits(record, self.kind, *at)
        });
        items
    }

    /// Whether it lies between the cursors, which are not on the page themselves.
    fn is_between(&self, place: Place) -> bool {
        self.after.is_none_or(|after| place < after) && self.before.is_none_or(|before| place > before)
    }
}
