//! Random choices from a seed.

use common::{Entropy, SeededEntropy};

/// A random number generator: the same seed makes the same choices.
pub struct Rng(SeededEntropy);

impl Rng {
    /// A generator from this seed.
    pub fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    /// A number below `bound`.
    pub fn below(&self, bound: u32) -> u32 {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes);
        u32::from_le_bytes(bytes) % bound
    }

    /// One of these.
    ///
    /// # Panics
    /// There are none.
    pub fn pick<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.index(choices.len())]
    }

    /// Shuffles these (Fisher–Yates).
    pub fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }

    fn index(&self, len: usize) -> usize {
        self.below(u32::try_from(len).expect("a short list")) as usize
    }
}
