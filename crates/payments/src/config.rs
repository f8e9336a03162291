//! How this service reaches Stripe, and how Stripe reaches it.

use std::fmt;

/// How this service reaches Stripe, and how Stripe reaches it.
#[derive(Clone)]
pub struct Config {
    /// Where Stripe's API is; `None`: at Stripe.
    pub stripe_url: Option<String>,
    /// Stripe's secret key, `sk_...`.
    pub secret_key: String,
    /// The key that the buyer's browser uses, `pk_...`.
    pub publishable_key: String,
    /// The secrets with which webhooks may be signed: more than one while they are exchanged.
    pub webhook_secrets: Vec<String>,
    /// The address of the script that takes the card in the buyer's browser.
    pub stripe_js: String,
    /// Whether a key that moves real money is accepted.
    pub allow_live: bool,
}

/// Config with which the service does not start.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A live key where none was announced: perhaps a copied configuration.
    #[error("the Stripe key moves real money; allow live keys if that is meant, else use a test key")]
    LiveKey,
    /// Nobody could tell a true webhook from a forged one.
    #[error("no webhook secret is set; name at least one, and none may be empty")]
    NoWebhookSecret,
    /// The client cannot be built.
    #[error("Stripe's address or key cannot be used; check both")]
    Client,
}

impl Config {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let live = |key: &str| key.starts_with("sk_live_") || key.starts_with("rk_live_");
        if live(&self.secret_key) && !self.allow_live {
            return Err(ConfigError::LiveKey);
        }
        // An empty secret would be one that everybody knows.
        if self.webhook_secrets.is_empty() || self.webhook_secrets.iter().any(String::is_empty) {
            return Err(ConfigError::NoWebhookSecret);
        }
        Ok(())
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("stripe_url", &self.stripe_url)
            .field("publishable_key", &self.publishable_key)
            .field("stripe_js", &self.stripe_js)
            .field("allow_live", &self.allow_live)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(secret_key: &str, allow_live: bool) -> Config {
        Config {
            stripe_url: None,
            secret_key: secret_key.into(),
            publishable_key: "pk_test_sim".into(),
            webhook_secrets: vec!["whsec_sim".into()],
            stripe_js: "https://js.stripe.com/v3/".into(),
            allow_live,
        }
    }

    #[test]
    fn a_key_that_moves_real_money_must_be_meant() {
        assert!(config("sk_test_1", false).check().is_ok());
        assert!(config("sk_live_1", true).check().is_ok());
        for key in ["sk_live_1", "rk_live_1"] {
            assert!(matches!(config(key, false).check(), Err(ConfigError::LiveKey)), "{key}");
        }
    }

    #[test]
    fn webhooks_cannot_be_signed_with_nothing() {
        for webhook_secrets in [vec![], vec![String::new()], vec!["whsec_sim".into(), String::new()]] {
            let config = Config { webhook_secrets, ..config("sk_test_1", false) };
            assert!(matches!(config.check(), Err(ConfigError::NoWebhookSecret)));
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", config("sk_test_hidden", false));
        assert!(!shown.contains("sk_test_hidden") && !shown.contains("whsec_sim"), "{shown}");
    }
}
