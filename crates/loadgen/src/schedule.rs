//! The arrivals, fixed before the run: the target's speed moves none of them.

use std::iter::repeat_n;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::options::{Options, Scenario, Spread};

/// The time in which the crowd of an on-sale arrives.
const ON_SALE_PERIOD: Duration = Duration::from_secs(1);

/// A person who arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Arrival {
    /// The intended time, since the start.
    pub(crate) at: Duration,
    /// Counted from 0.
    pub(crate) number: usize,
    /// Whatever the person chooses follows from this number.
    pub(crate) choice: u64,
}

/// The arrivals of a run in their order. Contenders arrive in groups.
pub(crate) fn arrivals(options: &Options) -> Vec<Arrival> {
    let (duration, rate, group) = match options.scenario {
        Scenario::OnSale => (ON_SALE_PERIOD, options.crowd, 1),
        Scenario::Contention => (options.duration, options.rate, options.buyers.max(1)),
        _ => (options.duration, options.rate, 1),
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count is positive")]
    let groups = (f64::from(rate) * duration.as_secs_f64() / f64::from(group)).ceil() as u32;
    let mut random = StdRng::seed_from_u64(options.seed);
    let mut times: Vec<_> = match options.arrivals {
        Spread::Even => (0..groups).map(|number| f64::from(number) / f64::from(groups)).collect(),
        // A Poisson process is uniform, given the number of its arrivals.
        Spread::Poisson => (0..groups).map(|_| random.random::<f64>()).collect(),
    };
    times.sort_by(f64::total_cmp);
    let times = times.into_iter().flat_map(|at| repeat_n(duration.mul_f64(at), group as usize));
    times.enumerate().map(|(number, at)| Arrival { at, number, choice: random.random() }).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn arrivals_of(arguments: &[&str]) -> Vec<Arrival> {
        let program = ["loadgen", "--target", "http://127.0.0.1:1"];
        arrivals(&Options::parse_from(program.iter().chain(arguments)))
    }

    #[test]
    fn arrivals_follow_from_the_seed_and_their_number_from_the_rate() {
        let poisson = ["--rate", "200", "--duration", "10s", "--seed", "7"];
        let first = arrivals_of(&poisson);
        assert_eq!(first.len(), 2_000);
        assert_eq!(first, arrivals_of(&poisson));
        assert!(first.is_sorted_by_key(|arrival| arrival.at));
        // The distances of a Poisson process vary as much as their mean; those of even arrivals do not vary.
        let mean = 0.005;
        let distances: Vec<_> =
            first.windows(2).map(|two| two[1].at.as_secs_f64() - two[0].at.as_secs_f64()).collect();
        let variance = distances.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / 1_999.0;
        assert!((0.8..1.2).contains(&(variance.sqrt() / mean)), "{variance}");
        let even = arrivals_of(&["--rate", "4", "--duration", "1s", "--arrivals", "even"]);
        let times: Vec<_> = even.iter().map(|arrival| arrival.at.as_millis()).collect();
        assert_eq!(times, [0, 250, 500, 750]);
    }

    #[test]
    fn contenders_arrive_together_and_a_crowd_within_one_second() {
        let contenders = arrivals_of(&["--scenario", "contention", "--rate", "100", "--duration", "2s"]);
        let moments: std::collections::BTreeSet<_> = contenders.iter().map(|arrival| arrival.at).collect();
        assert_eq!((contenders.len(), moments.len()), (200, 4));
        let crowd = arrivals_of(&["--scenario", "on-sale"]);
        assert!(crowd.len() == 10_000 && crowd.iter().all(|arrival| arrival.at < ON_SALE_PERIOD));
    }
}
