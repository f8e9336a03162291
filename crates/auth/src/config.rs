//! The settings of the service.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

/// The settings that an operator may change: the limits of sign-ins, sign-ups, sessions, passkey challenges and requested
/// emails, and the key file.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// The number of failed sign-ins to one account from one IP address after which further ones are delayed.
    #[arg(long, env, default_value_t = Config::FAILURES_PER_ACCOUNT, value_parser = clap::value_parser!(u16).range(1..))]
    pub sign_in_failures_per_account: u16,
    /// The number of failed sign-ins to any account from one IP address after which further ones are delayed.
    #[arg(long, env, default_value_t = Config::FAILURES_PER_ADDRESS, value_parser = clap::value_parser!(u16).range(1..))]
    pub sign_in_failures_per_address: u16,
    /// The number of failed sign-ins in a row to one account, from anywhere, after which further ones are delayed. A
    /// browser that has signed in to the account before is exempt.
    #[arg(long, env, default_value_t = Config::FAILURES_IN_A_ROW, value_parser = clap::value_parser!(u16).range(1..))]
    pub sign_in_failures_in_a_row: u16,
    /// How long a failed sign-in counts, such as `15m`; also the longest delay.
    #[arg(long, env, default_value = "15m", value_parser = runtime::config::duration)]
    pub sign_in_window: Duration,
    /// The largest number of emails that an account, or a client address, can request in an hour; 0: no limit.
    #[arg(long, env = "MAX_EMAILS", default_value_t = Config::MAX_EMAILS)]
    pub max_emails: u32,
    /// The file of the key that encrypts signing keys, seeds and cookies: one key a line, each 32 random bytes in Base64; the
    /// first encrypts, all decrypt. With SQLite by default `auth.key` beside the database, created if it is missing.
    #[arg(long, env = "AUTH_KEY_FILE")]
    pub auth_key_file: Option<PathBuf>,
    /// The largest number of sign-ups from one IP address (IPv6: /64) in an hour; 0: no limit.
    #[arg(long, env = "MAX_SIGN_UPS", default_value_t = Config::MAX_SIGN_UPS)]
    pub max_sign_ups: u16,
    /// The largest number of passkey challenges that one IP address (IPv6: /64), or one person, can request in 5 minutes;
    /// 0: no limit.
    #[arg(long, env = "MAX_PASSKEY_CHALLENGES", default_value_t = Config::MAX_PASSKEY_CHALLENGES)]
    pub max_passkey_challenges: u16,
    /// The largest number of sessions of one person; one more ends the oldest. 0: no limit.
    #[arg(long, env = "MAX_SESSIONS", default_value_t = Config::MAX_SESSIONS)]
    pub max_sessions: u16,
}

impl Config {
    const FAILURES_PER_ACCOUNT: u16 = 10;
    const FAILURES_PER_ADDRESS: u16 = 100;
    const MAX_EMAILS: u32 = 5;
    const FAILURES_IN_A_ROW: u16 = 100;
    const WINDOW: Duration = Duration::from_mins(15);
    const MAX_SIGN_UPS: u16 = 60;
    const MAX_PASSKEY_CHALLENGES: u16 = 100;
    const MAX_SESSIONS: u16 = 50;
}

impl Default for Config {
    fn default() -> Self {
        Self {
            sign_in_failures_per_account: Self::FAILURES_PER_ACCOUNT,
            sign_in_failures_per_address: Self::FAILURES_PER_ADDRESS,
            sign_in_failures_in_a_row: Self::FAILURES_IN_A_ROW,
            sign_in_window: Self::WINDOW,
            max_emails: Self::MAX_EMAILS,
            auth_key_file: None,
            max_sign_ups: Self::MAX_SIGN_UPS,
            max_passkey_challenges: Self::MAX_PASSKEY_CHALLENGES,
            max_sessions: Self::MAX_SESSIONS,
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
