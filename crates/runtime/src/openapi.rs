//! The parts of `openapi.json` that all services share.

use std::collections::BTreeMap;

use common::http::ProblemBody;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Content, InfoBuilder, ObjectBuilder, OpenApi, PathItem, Ref, RefOr, Required, Response, Type,
};
use utoipa::{PartialSchema, ToSchema};

use crate::idempotency::holds_secret;

/// The media type of every error (RFC 9457).
const PROBLEM: &str = "application/problem+json";

/// The name of the security scheme: the session cookie.
const SESSION: &str = "session";

/// Completes a service's description: the title, the security requirements with the session cookie, the errors of the
/// shared middleware, and the body of every error.
pub(crate) fn describe(openapi: &mut OpenApi, prefix: &str, cookie: &str, signed_paths: &[&str]) {
    let title = format!("Ticketing: {}", prefix.trim_start_matches("/api/"));
    openapi.info = InfoBuilder::new().title(title).version(env!("CARGO_PKG_VERSION")).build();
    let components = openapi.components.get_or_insert_default();
    let mut schemas = vec![(ProblemBody::name().into_owned(), ProblemBody::schema())];
    ProblemBody::schemas(&mut schemas);
    for (name, schema) in schemas {
        components.schemas.entry(name).or_insert(schema);
    }
    let session = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(cookie)));
    components.security_schemes.insert(SESSION.to_owned(), session.into());
    for (path, item) in &mut openapi.paths.paths {
        complete(item, signed_paths.contains(&path.as_str()), holds_secret(path));
    }
}

fn complete(item: &mut PathItem, is_signed: bool, holds_secret: bool) {
    let PathItem { get, put, post, delete, patch, .. } = item;
    for operation in [&mut *put, post, delete, patch].into_iter().flatten() {
        error(operation, "413", "`body-too-large`: over 64 KiB");
        if !is_signed {
            error(operation, "403", "`cross-site`");
            error(operation, "429", "`too-many-requests`: see `Retry-After`");
            error(
                operation,
                "415",
                "`unsupported-media-type`: a body, if there is one, must be `application/json`",
            );
        }
    }
    // The routes that begin something for a signed-in user have 401, and one of the others; keys count if no secret is stored.
    let is_idempotent = |post: &Operation| {
        let has = |status| post.responses.responses.contains_key(status);
        !holds_secret && has("401") && (has("201") || has("202"))
    };
    if let Some(post) = post
        && is_idempotent(post)
    {
        error(post, "400", "`not-valid`");
        error(post, "409", "`idempotency-key-reused`");
        post.parameters.get_or_insert_default().push(idempotency_key());
    }
    for operation in [get, put, post, delete, patch].into_iter().flatten() {
        if needs_session(operation) {
            operation.security = Some(vec![SecurityRequirement::new(SESSION, Vec::<String>::new())]);
        }
        error(operation, "503", "`unavailable`: see `Retry-After`");
        set_problem_bodies(&mut operation.responses.responses);
    }
}

/// Whether an operation refuses callers without a session.
fn needs_session(operation: &Operation) -> bool {
    let refusal = operation.responses.responses.get("401");
    matches!(refusal, Some(RefOr::T(response)) if response.description.contains("`not-signed-in`"))
}

/// Adds an error. Errors of one status share its entry.
fn error(operation: &mut Operation, status: &str, text: &str) {
    let entry = operation.responses.responses.entry(status.to_owned());
    let RefOr::T(response) = entry.or_insert_with(|| RefOr::T(Response::default())) else { return };
    if response.description.is_empty() {
        text.clone_into(&mut response.description);
    } else if !response.description.contains(text.split(':').next().unwrap_or(text)) {
        let others = response.description.trim_end_matches('.');
        response.description = format!("{others}; {text}");
    }
}

fn set_problem_bodies(responses: &mut BTreeMap<String, RefOr<Response>>) {
    for (_, response) in responses.iter_mut().filter(|(status, _)| status.as_str() >= "400") {
        let RefOr::T(response) = response else { continue };
        response.content.clear();
        let content = Content::new(Some(Ref::from_schema_name(ProblemBody::name())));
        response.content.insert(PROBLEM.to_owned(), content.into());
    }
}

fn idempotency_key() -> RefOr<utoipa::openapi::path::Parameter> {
    let key = ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(255));
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .required(Required::False)
        .description(Some(
            "The same key with an equal body gets the first reply again, for 24 hours, with `Idempotent-Replayed: true`",
        ))
        .schema(Some(key))
        .build()
        .into()
}
