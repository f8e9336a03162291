//! The settings of the service.

use std::time::Duration;

use clap::Args;

/// The settings that an operator may change: the limits of failed sign-ins and of requested emails.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The number of failed sign-ins to one account from one IP address after which further ones are delayed.
    #[arg(long, env, default_value_t = Config::FAILURES_PER_ACCOUNT, value_parser = clap::value_parser!(u16).range(1..))]
    pub sign_in_failures_per_account: u16,
    /// The number of failed sign-ins to any account from one IP address after which further ones are delayed.
    #[arg(long, env, default_value_t = Config::FAILURES_PER_ADDRESS, value_parser = clap::value_parser!(u16).range(1..))]
    pub sign_in_failures_per_address: u16,
    /// How long a failed sign-in counts, such as `15m`; also the longest delay.
    #[arg(long, env, default_value = "15m", value_parser = runtime::config::duration)]
    pub sign_in_window: Duration,
    /// The largest number of emails that an account, or a client address, can request in an hour; 0: no limit.
    #[arg(long, env = "MAX_EMAILS", default_value_t = Config::MAX_EMAILS)]
    pub max_emails: u32,
}

impl Config {
    const FAILURES_PER_ACCOUNT: u16 = 10;
    const FAILURES_PER_ADDRESS: u16 = 100;
    const MAX_EMAILS: u32 = 5;
    const WINDOW: Duration = Duration::from_mins(15);
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sign_in_failures_per_account: Self::FAILURES_PER_ACCOUNT,
            sign_in_failures_per_address: Self::FAILURES_PER_ADDRESS,
            sign_in_window: Self::WINDOW,
            max_emails: Self::MAX_EMAILS,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        config: Config,
    }

    #[test]
    fn what_is_not_configured_is_the_default() {
        let parsed = Program::parse_from(["auth"]).config;
        assert_eq!(format!("{parsed:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn a_limit_of_nothing_is_refused() {
        assert!(Program::try_parse_from(["auth", "--sign-in-failures-per-account", "0"]).is_err());
        assert!(Program::try_parse_from(["auth", "--sign-in-window", "0s"]).is_err());
    }
}
