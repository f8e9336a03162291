//! nginx's configuration: the ingress, and an address for each service that leads to its replicas.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::cluster::ROUTES;

/// A service and where its replicas listen.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) service: &'static str,
    /// Its stable address, for other services.
    pub(crate) port: u16,
    pub(crate) replicas: Vec<u16>,
}

/// What every proxied request is sent with.
///
/// A header set anywhere deeper would replace all of these, so whoever adds one repeats them.
const PASSED_ON: &str = "proxy_set_header Host $http_host; proxy_set_header Connection \"\";";

/// The same for requests from outside. What strangers claim about themselves is replaced.
const FROM_OUTSIDE: &str = "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Real-IP $remote_addr; \
     proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;";

/// What holds for every request. Defaults are those of the ingress: nothing is buffered on its way out, so that live
/// events arrive at once.
const DEFAULTS: &str = "    server_tokens off;\n    proxy_http_version 1.1;\n    proxy_buffering off;\n    \
     proxy_connect_timeout 5s;\n    proxy_read_timeout 60s;\n    client_max_body_size 1m;\n";

/// What stands inside nginx's `http` block.
pub(crate) fn configuration(listen: SocketAddr, backends: &[Backend]) -> String {
    let upstreams = backends.iter().map(|backend| (backend.service, backend.replicas.as_slice()));
    let routes = ROUTES.iter().map(|route| (route.prefix, route.service));
    let mut text = front(listen, upstreams, routes);
    for Backend { service, port, .. } in backends {
        let location = format!("location / {{ proxy_pass http://{service}; }}");
        let _ = writeln!(text, "    server {{ listen 127.0.0.1:{port}; {PASSED_ON} {location} }}");
    }
    text
}

/// The same for the ingress alone: services with the ports of their replicas on 127.0.0.1, and which of them answers
/// what begins with a prefix.
pub fn front<'a>(
    listen: SocketAddr,
    upstreams: impl IntoIterator<Item = (&'a str, &'a [u16])>,
    routes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = DEFAULTS.to_owned();
    for (service, replicas) in upstreams {
        // One that is away is tried again each time: were it left alone for a while, the other one's end in that
        // while would be everybody's.
        let servers: Vec<_> =
            replicas.iter().map(|port| format!("server 127.0.0.1:{port} max_fails=0;")).collect();
        let _ = writeln!(text, "    upstream {service} {{ {} keepalive 64; }}", servers.join(" "));
    }
    let _ = writeln!(
        text,
        "    server {{\n        {}\n        {PASSED_ON}\n        {FROM_OUTSIDE}",
        listening(listen)
    );
    for (prefix, service) in routes {
        let pass = format!("proxy_pass http://{service};");
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            let _ = writeln!(text, "        location = {prefix} {{ {pass} }}");
        }
        let _ = writeln!(text, "        location {prefix}/ {{ {pass} }}");
    }
    text.push_str("    }\n");
    text
}

/// Always on 127.0.0.1 as well, where everything on this machine looks for it.
fn listening(listen: SocketAddr) -> String {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port()));
    let covers_local = listen == local || listen.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if covers_local { format!("listen {listen};") } else { format!("listen {local}; listen {listen};") }
}

#[cfg(test)]
mod tests;
