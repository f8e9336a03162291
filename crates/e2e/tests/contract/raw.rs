//! Requests that no polite client sends, written byte by byte.

use std::io::{Read, Write};
use std::net::TcpStream;

use e2e::Place;

/// Sends these bytes and reads the status and the body of what comes back.
pub(crate) async fn send(place: &Place, bytes: Vec<u8>) -> (u16, String) {
    let address = place.marketplace.trim_start_matches("http://").to_owned();
    let talk = move || -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(&bytes)?;
        let mut reply = Vec::new();
        // The connection may be reset once the reply is out, since the rest of the request is never read.
        let mut part = [0; 4096];
        while let Ok(read @ 1..) = stream.read(&mut part) {
            reply.extend_from_slice(&part[..read]);
        }
        Ok(reply)
    };
    let reply = tokio::task::spawn_blocking(talk).await.expect("it does not panic").expect("a connection");
    let reply = String::from_utf8_lossy(&reply).into_owned();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_default();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    (status, body.to_owned())
}
