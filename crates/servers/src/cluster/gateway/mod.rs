//! nginx's configuration: the ingress, and a stable address for each service.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::cluster::ROUTES;

/// A service and the ports of its replicas.
#[derive(Debug)]
pub(crate) struct Backend {
    pub(crate) service: &'static str,
    /// The stable port, for other services.
    pub(crate) port: u16,
    pub(crate) replicas: Vec<u16>,
}

/// Headers of every proxied request.
///
/// `proxy_set_header` in an inner block replaces all of these, so an inner block must repeat them.
const PROXY_HEADERS: &str = "proxy_set_header Host $http_host; proxy_set_header Connection \"\";";

/// Headers of requests from outside. Values that a client sent are replaced.
const FORWARDED_HEADERS: &str = "proxy_set_header X-Forwarded-For $remote_addr; proxy_set_header X-Real-IP $remote_addr; \
     proxy_set_header X-Forwarded-Proto $scheme; proxy_set_header X-Forwarded-Host $http_host;";

/// Settings of every request, as in the ingress. Responses are not buffered, so live events arrive at once.
const DEFAULTS: &str = "    server_tokens off;\n    proxy_http_version 1.1;\n    proxy_buffering off;\n    \
     proxy_connect_timeout 5s;\n    proxy_read_timeout 60s;\n    client_max_body_size 1m;\n";

/// The contents of nginx's `http` block for the cluster.
pub(crate) fn configuration(listen: SocketAddr, backends: &[Backend]) -> String {
    let upstreams = backends.iter().map(|backend| (backend.service, backend.replicas.as_slice()));
    let routes = ROUTES.iter().map(|route| (route.prefix, route.service));
    let mut text = ingress_config(listen, upstreams, routes);
    for Backend { service, port, .. } in backends {
        let location = format!("location / {{ proxy_pass http://{service}; }}");
        let _ = writeln!(text, "    server {{ listen 127.0.0.1:{port}; {PROXY_HEADERS} {location} }}");
    }
    text
}

/// The contents of nginx's `http` block for the ingress alone. `upstreams` are services with the ports of their replicas
/// on 127.0.0.1; `routes` are path prefixes with their services.
pub fn ingress_config<'a>(
    listen: SocketAddr,
    upstreams: impl IntoIterator<Item = (&'a str, &'a [u16])>,
    routes: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut text = DEFAULTS.to_owned();
    for (service, replicas) in upstreams {
        // Without `max_fails=0` a replica is skipped for a while after one failure; if the other one ended meanwhile, all
        // requests would fail.
        let servers: Vec<_> =
            replicas.iter().map(|port| format!("server 127.0.0.1:{port} max_fails=0;")).collect();
        let _ = writeln!(text, "    upstream {service} {{ {} keepalive 64; }}", servers.join(" "));
    }
    let _ = writeln!(
        text,
        "    server {{\n        {}\n        {PROXY_HEADERS}\n        {FORWARDED_HEADERS}",
        listen_directives(listen)
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

/// Listens on 127.0.0.1, too, for programs on this machine.
fn listen_directives(listen: SocketAddr) -> String {
    let local = SocketAddr::from((Ipv4Addr::LOCALHOST, listen.port()));
    let covers_local = listen == local || listen.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    if covers_local { format!("listen {listen};") } else { format!("listen {local}; listen {listen};") }
}

#[cfg(test)]
mod tests;
