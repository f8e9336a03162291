//! The JSON of emails, in the shape of Mailpit's API (<https://mailpit.axllent.org/docs/api-v1/>).

use std::sync::Arc;

use serde::Serialize;

use crate::{Address, Attachment, Email};

/// A page of a list.
#[derive(Serialize)]
pub(super) struct List {
    total: usize,
    unread: usize,
    count: usize,
    messages_count: usize,
    messages_unread: usize,
    start: usize,
    tags: [String; 0],
    messages: Vec<Summary>,
}

impl List {
    /// The page of `matching` emails that begins at `start`, in a mailbox of `total`.
    pub(super) fn new(total: usize, matching: &[Arc<Email>], start: usize, limit: usize) -> Self {
        let messages: Vec<_> =
            matching.iter().skip(start).take(limit).map(|email| Summary::of(email)).collect();
        Self {
            total,
            unread: total,
            count: messages.len(),
            messages_count: matching.len(),
            messages_unread: matching.len(),
            start,
            tags: [],
            messages,
        }
    }
}

/// An email in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    header_id: String,
    read: bool,
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    reply_to: Vec<Address>,
    subject: String,
    created: String,
    username: &'static str,
    tags: [String; 0],
    size: usize,
    attachments: usize,
    snippet: String,
}

impl Summary {
    /// The length of a snippet, in characters: Mailpit's.
    const MAX_SNIPPET_LENGTH: usize = 250;

    fn of(email: &Email) -> Self {
        let words = email.text.split_whitespace().collect::<Vec<_>>().join(" ");
        Self {
            id: email.id.clone(),
            header_id: email.message_id.clone(),
            read: false,
            from: email.from.clone(),
            to: email.to.clone(),
            cc: email.cc.clone(),
            bcc: email.bcc.clone(),
            reply_to: email.reply_to.clone(),
            subject: email.subject.clone(),
            created: email.received.to_string(),
            username: "",
            tags: [],
            size: email.raw.len(),
            attachments: email.attachments.len(),
            snippet: words.chars().take(Self::MAX_SNIPPET_LENGTH).collect(),
        }
    }
}

/// An email.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Message {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    header_id: String,
    from: Option<Address>,
    to: Vec<Address>,
    cc: Vec<Address>,
    bcc: Vec<Address>,
    reply_to: Vec<Address>,
    return_path: String,
    subject: String,
    date: String,
    tags: [String; 0],
    username: &'static str,
    text: String,
    #[serde(rename = "HTML")]
    html: String,
    size: usize,
    inline: [File; 0],
    attachments: Vec<File>,
}

/// A file in an email.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    #[serde(rename = "PartID")]
    part: String,
    #[serde(rename = "FileName")]
    name: String,
    content_type: String,
    #[serde(rename = "ContentID")]
    content_id: String,
    size: usize,
}

impl File {
    fn of(attachment: &Attachment) -> Self {
        let Attachment { part, name, media_type, content_id, bytes } = attachment.clone();
        Self { part, name, content_type: media_type, content_id, size: bytes.len() }
    }
}

impl Message {
    pub(super) fn of(email: &Email) -> Self {
        Self {
            id: email.id.clone(),
            header_id: email.message_id.clone(),
            from: email.from.clone(),
            to: email.to.clone(),
            cc: email.cc.clone(),
            bcc: email.bcc.clone(),
            reply_to: email.reply_to.clone(),
            return_path: email.return_path.clone(),
            subject: email.subject.clone(),
            date: email.date.to_string(),
            tags: [],
            username: "",
            text: email.text.clone(),
            html: email.html.clone(),
            size: email.raw.len(),
            inline: [],
            attachments: email.attachments.iter().map(File::of).collect(),
        }
    }
}
