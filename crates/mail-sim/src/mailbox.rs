//! The mailbox: a bounded number of emails, newest first.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::Email;

/// The emails in memory. The oldest ones make room for new ones.
#[derive(Debug, Default)]
pub struct Mailbox {
    emails: VecDeque<Arc<Email>>,
    bytes: usize,
}

impl Mailbox {
    /// The largest number of emails: more than a test or a demonstration looks at.
    pub const MAX_EMAILS: usize = 1000;
    /// The largest size of all emails together, since the mailbox is in memory.
    pub const MAX_BYTES: usize = 64 * 1024 * 1024;

    /// The emails, newest first.
    pub fn emails(&self) -> impl Iterator<Item = &Arc<Email>> {
        self.emails.iter()
    }

    /// The number of emails.
    pub fn len(&self) -> usize {
        self.emails.len()
    }

    /// Whether there is no email.
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty()
    }

    /// The email of this id; `latest` is the newest one.
    pub fn get(&self, id: &str) -> Option<&Arc<Email>> {
        if id == "latest" {
            return self.emails.front();
        }
        self.emails.iter().find(|email| email.id == id)
    }

    /// Adds an email.
    pub fn add(&mut self, email: Email) {
        self.bytes += email.raw.len();
        self.emails.push_front(Arc::new(email));
        while self.emails.len() > Self::MAX_EMAILS || self.bytes > Self::MAX_BYTES {
            let Some(oldest) = self.emails.pop_back() else { break };
            self.bytes -= oldest.raw.len();
        }
    }

    /// Removes the emails of these ids; all, if there are none.
    pub fn remove(&mut self, ids: &[String]) {
        self.emails.retain(|email| !ids.is_empty() && !ids.contains(&email.id));
        self.bytes = self.emails.iter().map(|email| email.raw.len()).sum();
    }

    /// The emails that match every term of a query, newest first. A term is `to:…`, `from:…`, `subject:…`, or a word of any
    /// of these; each matches a part, and case is ignored.
    pub fn search(&self, query: &str) -> Vec<Arc<Email>> {
        let query = query.to_lowercase();
        let terms: Vec<_> = query.split_whitespace().map(|term| term.replace('"', "")).collect();
        let matches = |email: &&Arc<Email>| terms.iter().all(|term| email.matches(term));
        self.emails.iter().filter(matches).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use common::Time;

    use super::*;

    fn email(number: usize, size: usize) -> Email {
        let mut raw = format!("To: p{number}@example.com\r\n\r\n").into_bytes();
        raw.resize(size.max(raw.len()), b'x');
        Email::parse(number.to_string(), Time::from_millis(0), "", Vec::new(), raw)
    }

    #[test]
    fn the_oldest_emails_make_room_for_new_ones() {
        let mut mailbox = Mailbox::default();
        for number in 0..=Mailbox::MAX_EMAILS {
            mailbox.add(email(number, 0));
        }
        assert_eq!(mailbox.len(), Mailbox::MAX_EMAILS);
        assert!(mailbox.get("0").is_none() && mailbox.get("1").is_some());
        mailbox.add(email(5000, Mailbox::MAX_BYTES - 1000));
        assert!(mailbox.len() < 100 && mailbox.get("5000").is_some(), "{}", mailbox.len());
        assert!(mailbox.bytes <= Mailbox::MAX_BYTES);
    }

    #[test]
    fn ids_select_what_is_removed_and_none_is_all() {
        let mut mailbox = Mailbox::default();
        for number in 0..3 {
            mailbox.add(email(number, 0));
        }
        mailbox.remove(&["1".into()]);
        assert_eq!(mailbox.emails().map(|email| email.id.as_str()).collect::<Vec<_>>(), ["2", "0"]);
        mailbox.remove(&[]);
        assert!(mailbox.is_empty() && mailbox.bytes == 0);
    }
}
