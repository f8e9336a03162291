//! A minimal HTTP/1.1 client (RFC 9112): keep-alive, `Content-Length`, one request at a time. Its cost is far below that
//! of any server, so the figures are the servers'.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A connection that stays open.
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// A reply, still in the connection's buffer.
pub(crate) struct Reply<'a> {
    pub(crate) status: u16,
    pub(crate) head: &'a str,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(32 * 1024) })
    }

    /// Sends a request and reads the whole reply.
    pub(crate) async fn send(&mut self, request: &[u8]) -> io::Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut frame = None;
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            if frame.is_none() {
                frame = Frame::find(&self.buffer)?;
            }
            if let Some(frame) = frame.as_ref().filter(|frame| self.buffer.len() >= frame.end()) {
                let head = std::str::from_utf8(&self.buffer[..frame.head]).map_err(|_| garbage())?;
                return Ok(Reply { status: frame.status, head, body: &self.buffer[frame.head..frame.end()] });
            }
        }
    }

    /// Sends a request whose reply does not end, and reads the reply up to `word`.
    pub(crate) async fn read_until(&mut self, request: &[u8], word: &str) -> io::Result<()> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        while !self.buffer.windows(word.len()).any(|part| part == word.as_bytes()) {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }
}

/// The status of a reply, and the lengths of its head and body.
struct Frame {
    status: u16,
    head: usize,
    body: usize,
}

impl Frame {
    fn end(&self) -> usize {
        self.head + self.body
    }

    fn find(bytes: &[u8]) -> io::Result<Option<Self>> {
        let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { return Ok(None) };
        let head = std::str::from_utf8(&bytes[..end]).map_err(|_| garbage())?;
        let status = head.get(9..12).and_then(|status| status.parse().ok()).ok_or_else(garbage)?;
        let body = header(head, "content-length").and_then(|length| length.parse().ok());
        // 204 has no length and no body.
        Ok(Some(Self { status, head: end + 4, body: body.unwrap_or_default() }))
    }
}

/// The value of a header in a reply's head.
pub(crate) fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

/// A `GET` request.
pub(crate) fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n").into_bytes()
}

/// A `GET` request with this cookie.
pub(crate) fn get_as(path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\n\r\n").into_bytes()
}

/// A `POST` request with this cookie and a JSON body.
pub(crate) fn post(path: &str, cookie: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncookie: {cookie}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

/// A `POST` request with this bearer token and a form.
pub(crate) fn post_form(path: &str, token: &str, form: &str) -> Vec<u8> {
    let length = form.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
    )
    .into_bytes()
}

fn garbage() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the reply is not HTTP")
}
