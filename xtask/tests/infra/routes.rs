//! Ingress and Gateway have the routes of `servers::cluster::ROUTES`, and the Ingress is portable.

use std::collections::BTreeSet;

use ::pods::manifests::{Environment, Object};
use serde_json::{Value, json};
use servers::cluster::{ROUTES, SERVICES};

use super::{assert_everywhere, assert_violation, environment, environments};

type Routes = BTreeSet<(String, String)>;

fn expected() -> Routes {
    ROUTES.iter().map(|route| (route.prefix.to_owned(), route.service.to_owned())).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The Ingress uses no feature of one router only.
fn portable(environment: &Environment) -> Vec<String> {
    let mut violations = Vec::new();
    for ingress in environment.of_kind("Ingress") {
        let mut add = |violation: &str| violations.push(format!("{ingress} {violation}"));
        let annotations = ingress.at("/metadata/annotations").as_object().into_iter().flatten();
        for (name, _) in annotations.into_iter().filter(|(name, _)| *name != "cert-manager.io/issuer") {
            add(&format!("has the annotation {name}, which not every router supports"));
        }
        if ingress.text("/spec/ingressClassName") != "nginx" || ingress.list("/spec/rules").len() != 1 {
            add("is not of class nginx with one rule");
        }
        let paths = ingress.list("/spec/rules/0/http/paths");
        if paths
            .iter()
            .any(|path| path["pathType"] != "Prefix" || path["backend"]["service"]["port"]["name"] != "http")
        {
            add("has a path that is not a Prefix to a port `http`");
        }
        let routes =
            paths.iter().map(|path| (text(&path["path"]), text(&path["backend"]["service"]["name"])));
        if routes.collect::<Routes>() != expected() {
            add("has other routes than crates/servers/src/cluster/services.rs");
        }
    }
    violations
}

#[test]
fn the_ingress_has_the_routes_of_the_cluster_and_is_portable() {
    let has_router = |environment: &Environment| {
        ["Ingress", "HTTPRoute"].iter().any(|kind| environment.find(kind, "marketplace").is_some())
    };
    assert!(environments().iter().all(has_router), "every environment has a router");
    assert_everywhere(portable);
}

#[test]
fn staging_and_production_share_no_registrable_domain() {
    let domain = |name: &str| {
        let environment = environment(name);
        let host =
            environment.find("Ingress", "marketplace").expect("the ingress").text("/spec/rules/0/host");
        host.rsplitn(3, '.').take(2).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_ne!(domain("staging"), domain("production"), "a sibling host sets cookies and is the same site");
}

#[test]
fn the_gateway_has_the_routes_of_the_cluster() {
    let environment = environment("production + router-gateway");
    let route = environment.find("HTTPRoute", "marketplace").expect("its route");
    let routes = route.list("/spec/rules").iter().map(|rule| {
        let (path, backend) = (&rule["matches"][0]["path"], &rule["backendRefs"][0]);
        assert_eq!((&path["type"], &backend["port"]), (&json!("PathPrefix"), &json!(8080)));
        (text(&path["value"]), text(&backend["name"]))
    });
    assert_eq!(routes.collect::<Routes>(), expected());
    let gateway = environment.find("Gateway", "marketplace").expect("the gateway");
    let ingress = environment.find("Ingress", "marketplace").expect("the ingress");
    let host = ingress.text("/spec/rules/0/host");
    assert!(!host.is_empty() && host != "host", "the host comes from PUBLIC_URL");
    for name in [
        gateway.text("/spec/listeners/1/hostname"),
        route.text("/spec/hostnames/0"),
        ingress.text("/spec/tls/0/hosts/0"),
    ] {
        assert_eq!(name, host);
    }
}

#[test]
fn every_service_of_the_cluster_is_deployed_and_no_other() {
    assert_everywhere(|environment| {
        let services = SERVICES.iter().map(|service| service.name);
        let simulated = ["stripe-sim", "mailpit"].into_iter();
        let simulated = simulated.filter(|name| environment.find("Service", name).is_some());
        let expected: BTreeSet<_> = services.chain(simulated).collect();
        let deployed: BTreeSet<_> = environment.of_kind("Deployment").map(Object::name).collect();
        let addressed = SERVICES
            .iter()
            .filter(|service| service.is_addressed != environment.find("Service", service.name).is_some());
        let wrong = addressed
            .map(|service| format!("{} has a Service and should not, or the other way round", service.name));
        wrong.chain((deployed != expected).then(|| format!("{deployed:?} are deployed"))).collect()
    });
}

#[test]
fn a_violation_is_found() {
    const INGRESS: (&str, &str) = ("Ingress", "marketplace");
    assert_violation(portable, INGRESS, "/spec/ingressClassName", json!("traefik"), "class");
    assert_violation(
        portable,
        INGRESS,
        "/spec/rules/0/http/paths/0/path",
        json!("/api/users/(.*)"),
        "other routes",
    );
    assert_violation(
        portable,
        INGRESS,
        "/spec/rules/0/http/paths/0/pathType",
        json!("ImplementationSpecific"),
        "Prefix",
    );
    let rewriting = json!({"nginx.ingress.kubernetes.io/rewrite-target": "/$1"});
    assert_violation(portable, INGRESS, "/metadata/annotations", rewriting, "rewrite-target");
}
