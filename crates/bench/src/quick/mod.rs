//! `bench --quick`: the operations that people wait for, each beside its bound, within a few minutes. With a baseline,
//! another build of the program is measured in the same rounds.

mod bound;
mod operation;
mod purchase;
mod report;
mod side;

use std::path::PathBuf;

use crate::figures;
use crate::program::{self, Failure};
use crate::quick::bound::Bounds;
use crate::quick::operation::Operation;
use crate::quick::report::Report;
use crate::quick::side::Side;

/// Rounds of each operation. The first is a warm-up.
const ROUNDS: usize = 7;

/// The options of a quick measurement.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// The file for the figures.
    json: Option<PathBuf>,
    /// The program of another build.
    baseline: Option<PathBuf>,
}

impl Options {
    /// The options of these arguments; `None` if they ask for another measurement.
    ///
    /// # Errors
    /// An argument is unknown, or lacks its value.
    pub(crate) fn parse(arguments: &[String]) -> Result<Option<Self>, Failure> {
        let Some((first, rest)) = arguments.split_first() else { return Ok(None) };
        if first != "--quick" {
            return Ok(None);
        }
        let (mut options, mut rest) = (Self::default(), rest.iter());
        while let Some(name) = rest.next() {
            let mut value = || rest.next().map(PathBuf::from).ok_or_else(|| format!("`{name}` needs a path"));
            match name.as_str() {
                "--json" => options.json = Some(value()?),
                "--baseline" => options.baseline = Some(value()?),
                unknown => return Err(format!("there is no option `{unknown}` of --quick").into()),
            }
        }
        Ok(Some(options))
    }
}

/// Measures each operation, and writes the figures.
pub(crate) async fn measure(options: &Options) -> Result<(), Failure> {
    let folder = program::folder()?;
    let mut ours = Side::start(&program::path()?, &folder.path().join("ours")).await?;
    let mut baseline = match &options.baseline {
        Some(path) => Some(Side::start(path, &folder.path().join("baseline")).await?),
        None => None,
    };
    let mut bounds = Bounds::of(&ours, folder.path()).await?;
    let mut report = Report::default();
    for operation in Operation::ALL {
        let mut rounds = report::Rounds::default();
        for round in 0..ROUNDS {
            let mine = ours.run(operation).await?;
            let other = match &mut baseline {
                Some(side) => Some(side.run(operation).await?),
                None => None,
            };
            let bound = bounds.run(operation).await?;
            if round > 0 {
                rounds.add(mine, other, bound);
            }
        }
        report.add(operation, &rounds);
    }
    ours.stop()?;
    baseline.map_or(Ok(()), Side::stop)?;
    figures::title("quick: each operation of the public API beside its bound, in alternating rounds");
    report.print();
    match &options.json {
        Some(file) => Ok(std::fs::write(file, report.json()?)?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_parsed_and_unknown_ones_refused() {
        let parse = |words: &str| {
            let words: Vec<_> = words.split_whitespace().map(str::to_owned).collect();
            Options::parse(&words).map_err(|error| error.to_string())
        };
        assert_eq!(parse(""), Ok(None));
        assert_eq!(parse("tickets"), Ok(None));
        let json = Some(PathBuf::from("a.json"));
        assert_eq!(parse("--quick --json a.json"), Ok(Some(Options { json, baseline: None })));
        assert_eq!(parse("--quick --json"), Err("`--json` needs a path".to_owned()));
        assert_eq!(parse("--quick --fast"), Err("there is no option `--fast` of --quick".to_owned()));
    }
}
