//! Dice from a seed.

use common::{Entropy, SeededEntropy};

pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// From 0 on, below `sides`.
    pub(crate) fn roll(&self, sides: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) % sides
    }

    pub(crate) fn pick<T: Copy>(&self, of: &[T]) -> T {
        let sides = u32::try_from(of.len()).expect("a few");
        of[self.roll(sides) as usize]
    }

    pub(crate) fn shuffle<T>(&self, cards: &mut [T]) {
        for last in (1..cards.len()).rev() {
            let sides = u32::try_from(last + 1).expect("a few");
            cards.swap(last, self.roll(sides) as usize);
        }
    }
}
