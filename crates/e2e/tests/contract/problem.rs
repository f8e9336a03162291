//! What stands in every reply, and in every refusal.

use e2e::Reply;

const MEMBERS: [&str; 7] = ["code", "detail", "errors", "requestId", "status", "title", "type"];

const SECURITY: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
];

/// Fails unless the reply has what every reply has; a refusal must be a whole problem, and no reply is a defect.
pub(crate) fn check_reply(what: &str, reply: &Reply) {
    assert!(reply.status != 0 && reply.status != 500, "{what}: {} {}", reply.status, reply.json);
    for (name, value) in SECURITY {
        assert_eq!(reply.header(name), value, "{what}: {name}");
    }
    assert!(!reply.header("permissions-policy").is_empty(), "{what}: no Permissions-Policy");
    assert!(!reply.header("x-request-id").is_empty(), "{what}: no x-request-id");
    assert!(!reply.header("cache-control").is_empty(), "{what}: no Cache-Control");
    if reply.status >= 400 {
        check_problem(what, reply);
    }
}

fn check_problem(what: &str, reply: &Reply) {
    let what = format!("{what}: {} {}", reply.status, reply.json);
    assert_eq!(reply.header("content-type"), "application/problem+json", "{what}");
    assert_eq!(reply.header("cache-control"), "private, no-store", "{what}");
    let members: Vec<&str> = reply.json.as_object().expect("an object").keys().map(String::as_str).collect();
    assert_eq!(members, MEMBERS, "{what}");
    assert_eq!(reply.json["status"], reply.status, "{what}");
    if reply.header("idempotent-replayed").is_empty() {
        assert_eq!(reply.json["requestId"], reply.header("x-request-id"), "{what}");
    }
    for member in ["type", "title", "detail"] {
        assert!(reply.json[member].as_str().is_some_and(|words| !words.is_empty()), "{what}: {member}");
    }
    let code = reply.text("code");
    let is_kebab =
        code.split('-').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase()));
    assert!(is_kebab, "{what}: {code}");
    let errors = reply.json["errors"].as_array().expect("a list of errors");
    assert!(!errors.is_empty(), "{what}");
    for error in errors {
        assert!(error["message"].as_str().is_some_and(|words| !words.is_empty()), "{what}");
        let known = |name: &String| name == "message" || (name == "field" && error["field"].is_string());
        assert!(error.as_object().expect("an object").keys().all(known), "{what}");
    }
    if matches!(reply.status, 429 | 503) {
        assert!(reply.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0), "{what}");
    }
}

/// The fields that a refusal names.
pub(crate) fn fields(reply: &Reply) -> Vec<String> {
    let errors = reply.json["errors"].as_array().cloned().unwrap_or_default();
    errors.iter().filter_map(|error| error["field"].as_str().map(str::to_owned)).collect()
}

/// Fails unless the reply refuses for this reason.
pub(crate) fn refused(what: &str, reply: &Reply, status: u16, code: &str) {
    let got = (reply.status, reply.json["code"].as_str().unwrap_or_default());
    assert_eq!(got, (status, code), "{what}: {}", reply.json);
}
