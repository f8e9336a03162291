//! The simulator at an address that stays the same, which a test stops and starts again.

use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd;
use std::sync::Arc;

use axum::Router;
use axum::serve::ListenerExt;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub(crate) struct StripeServer {
    pub(crate) address: SocketAddr,
    tasks: JoinSet<()>,
    /// Handles of the accepted connections: their tasks outlive the server's.
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

async fn listen(address: SocketAddr) -> TcpListener {
    TcpListener::bind(address).await.expect("a free port")
}

impl StripeServer {
    pub(crate) async fn start(router: Router) -> Self {
        let listener = listen(([127, 0, 0, 1], 0).into()).await;
        let address = listener.local_addr().expect("an address");
        let mut server = Self { address, tasks: JoinSet::new(), connections: Arc::default() };
        server.serve(listener, router);
        server
    }

    fn serve(&mut self, listener: TcpListener, router: Router) {
        let connections = Arc::clone(&self.connections);
        let listener = listener.tap_io(move |connection| {
            let handle = connection.as_fd().try_clone_to_owned().expect("a second handle");
            connections.lock().push(handle.into());
        });
        self.tasks.spawn(async move { axum::serve(listener, router).await.expect("it serves") });
    }

    /// Breaks all connections and refuses new ones.
    pub(crate) async fn stop(&mut self) {
        self.tasks.shutdown().await;
        for connection in self.connections.lock().drain(..) {
            // Fails if the other side has closed it.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    pub(crate) async fn restart(&mut self, router: Router) {
        self.serve(listen(self.address).await, router);
    }

    /// Breaks all connections, and accepts new ones without a reply.
    pub(crate) async fn hang(&mut self) {
        self.stop().await;
        let listener = listen(self.address).await;
        self.tasks.spawn(async move {
            let mut held = Vec::new();
            while let Ok(connection) = listener.accept().await {
                held.push(connection);
            }
        });
    }

    /// The number of connections that were accepted since the last start.
    pub(crate) fn connections(&self) -> usize {
        self.connections.lock().len()
    }
}
