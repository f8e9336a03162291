//! A wire between the services and a server, which can be cut and mended.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Whoever connects to its address is connected to the server behind it, unless it is cut.
pub(crate) struct Wire {
    address: SocketAddr,
    is_whole: Arc<watch::Sender<bool>>,
    carrying: JoinHandle<()>,
}

impl Wire {
    #[expect(clippy::disallowed_methods, reason = "it ends with the test")]
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let is_whole = Arc::new(watch::Sender::new(true));
        let watched = Arc::clone(&is_whole);
        let carrying = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if *watched.borrow() {
                    tokio::spawn(carry(near, server, watched.subscribe()));
                }
            }
        });
        Self { address, is_whole, carrying }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Every connection breaks, and none can be made.
    pub(crate) fn cut(&self) {
        self.is_whole.send_replace(false);
    }

    pub(crate) fn mend(&self) {
        self.is_whole.send_replace(true);
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.carrying.abort();
    }
}

async fn carry(mut near: TcpStream, server: SocketAddr, mut is_whole: watch::Receiver<bool>) {
    let Ok(mut far) = TcpStream::connect(server).await else { return };
    tokio::select! {
        // Either end may close it.
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = is_whole.wait_for(|is_whole| !is_whole) => {}
    }
}
