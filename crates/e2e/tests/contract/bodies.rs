//! Bodies that are none, of the wrong shape, too large or of another type. Whatever is refused changes nothing.

use serde_json::{Map, Value, json};

use crate::problem::{fields, refused};
use crate::raw;
use crate::routes::{Body, ROUTES, Route};
use crate::stage::{Ask, Stage};

/// The largest body, in bytes.
const LARGEST: usize = 64 * 1024;

fn with_json() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.body == Body::Json)
}

async fn valid(stage: &Stage, route: &'static Route) -> (Ask, Map<String, Value>) {
    let ask = stage.ask(route).await;
    let body = serde_json::from_slice(&ask.body).expect("an object");
    (ask, body)
}

/// The paths of all values of an object, objects within included.
fn paths(object: &Map<String, Value>) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for (name, value) in object {
        all.push(vec![name.clone()]);
        let inner = value.as_object().map(paths).unwrap_or_default();
        all.extend(inner.into_iter().map(|path| [vec![name.clone()], path].concat()));
    }
    all
}

fn at<'a>(body: &'a mut Value, path: &[String]) -> &'a mut Value {
    path.iter().fold(body, |value, name| &mut value[name])
}

#[tokio::test]
async fn what_is_not_json_is_malformed() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let name = body.keys().find(|name| body[*name].is_string()).expect("a text field");
        let text = Value::from(body.clone()).to_string();
        let mut malformed: Vec<Vec<u8>> = ["", " ", "{", "nonsense", "{'a':1}", "{\"a\":1,}", "NaN"]
            .map(|text| text.as_bytes().to_vec())
            .to_vec();
        malformed.push(format!("{text}x").into_bytes());
        malformed.push(format!("{text}{text}").into_bytes());
        malformed.push(text.as_bytes()[..text.len() - 1].to_vec());
        malformed.push(format!("{{\"{name}\":\"\u{1}\"}}").into_bytes());
        malformed.push([b"{\"", name.as_bytes(), b"\":\"\xff\"}"].concat());
        malformed.push([b"{\"", name.as_bytes(), b"\":\"\xed\xa0\x80\"}"].concat());
        malformed.push(format!("{{\"{name}\":\"\\ud800\"}}").into_bytes());
        let before = stage.seen().await;
        for body in malformed {
            let what = format!("{} {} with {:?}", route.method, route.path, String::from_utf8_lossy(&body));
            refused(&what, &stage.send(&ask.clone().body(body)).await, 400, "malformed-json");
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_fault_of_the_shape_names_its_field() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let before = stage.seen().await;
        for path in paths(&body) {
            let body = Value::from(body.clone());
            let good = at(&mut body.clone(), &path).clone();
            for wrong in wrong_shapes(&good) {
                let mut body = body.clone();
                *at(&mut body, &path) = wrong;
                let what = format!("{} {} with {body}", route.method, route.path);
                let reply = stage.send(&ask.clone().json(&body)).await;
                refused(&what, &reply, 400, "not-valid");
                let field = path.join(".");
                let named = fields(&reply);
                assert!(
                    named.iter().all(|name| name.starts_with(&field)) && !named.is_empty(),
                    "{what}: {named:?}"
                );
            }
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

/// Values of other shapes than this one.
fn wrong_shapes(good: &Value) -> Vec<Value> {
    let mut wrong = vec![json!({ "$gt": "" }), json!([]), json!([good]), json!(true)];
    match good {
        Value::String(text) => wrong.extend([json!(7), json!([text])]),
        Value::Number(number) => wrong.extend([json!(number.to_string()), json!(25.5), json!(1e300)]),
        Value::Object(members) => {
            // In the order of its fields: a list is no object.
            wrong.extend([json!("20.00"), json!(7), Value::Array(members.values().cloned().collect())]);
        }
        _ => {}
    }
    wrong
}

#[tokio::test]
async fn only_an_object_is_a_body() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let in_a_row = Value::Array(body.values().cloned().collect());
        let before = stage.seen().await;
        for wrong in [json!([]), json!([body]), in_a_row, json!(null), json!(7), json!("text"), json!(true)] {
            let reply = stage.send(&ask.clone().json(&wrong)).await;
            refused(&format!("{} {} with {wrong}", route.method, route.path), &reply, 400, "not-valid");
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_field_that_is_unknown_or_stands_twice_is_refused_by_name() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let text = Value::from(body.clone()).to_string();
        let before = stage.seen().await;
        for unknown in ["admin", "$gt", "__proto__", "id", "version"] {
            let text = format!("{{\"{unknown}\":true,{}", &text[1..]);
            let reply = stage.send(&ask.clone().body(text)).await;
            refused(&format!("{} {} with {unknown}", route.method, route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), [unknown], "{} {}", route.method, route.path);
        }
        for (name, value) in &body {
            let text = format!("{{\"{name}\":{value},{}", &text[1..]);
            let reply = stage.send(&ask.clone().body(text)).await;
            refused(&format!("{} {} with {name} twice", route.method, route.path), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), [name.as_str()], "{} {}", route.method, route.path);
        }
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn everything_that_is_missing_is_reported_together() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let names: Vec<_> = body.keys().cloned().collect();
        let nulls: Map<_, _> = names.iter().map(|name| (name.clone(), Value::Null)).collect();
        for empty in [json!({}), nulls.into()] {
            let reply = stage.send(&ask.clone().json(&empty)).await;
            refused(&format!("{} {} with {empty}", route.method, route.path), &reply, 400, "not-valid");
            let mut missing = fields(&reply);
            missing.sort();
            assert_eq!(missing, names, "{} {}", route.method, route.path);
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn deep_nesting_is_refused_and_hurts_nobody() {
    let stage = Stage::set().await;
    for route in with_json() {
        let (ask, body) = valid(&stage, route).await;
        let name = body.keys().next().expect("a field");
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = 10_000;
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for body in [nested.clone(), format!("{{\"{name}\":{nested}}}"), open.repeat(depth)] {
                let reply = stage.send(&ask.clone().body(body)).await;
                assert_eq!(reply.status, 400, "{} {}: {}", route.method, route.path, reply.json);
            }
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let stage = Stage::set().await;
    let wrong = [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "text/json",
        "application/json; charset=iso-8859-1",
        "json",
        "",
    ];
    for route in ROUTES.iter().filter(|route| route.changes() && !route.is_for_machines()) {
        let ask = stage.ask(route).await;
        let ask = if ask.body.is_empty() { ask.body("{}") } else { ask };
        let before = stage.seen().await;
        for kind in wrong {
            let reply = stage.send(&ask.clone().header("content-type", kind)).await;
            refused(
                &format!("{} {} as {kind:?}", route.method, route.path),
                &reply,
                415,
                "unsupported-media-type",
            );
        }
        let reply = stage.send(&ask.clone().without("content-type")).await;
        refused(
            &format!("{} {} as nothing", route.method, route.path),
            &reply,
            415,
            "unsupported-media-type",
        );
        assert_eq!(stage.seen().await, before, "{} {}", route.method, route.path);
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn json_may_be_called_so_in_several_ways() {
    let stage = Stage::set().await;
    for kind in
        ["application/json; charset=utf-8", "APPLICATION/JSON;Charset=\"UTF-8\"", "application/json ;a=b"]
    {
        for route in with_json() {
            let ask = stage.ask(route).await.header("content-type", kind);
            assert_eq!(stage.send(&ask).await.status, route.answers[2], "{} {kind}", route.path);
        }
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_body_over_64_kib_is_413_however_it_is_sent() {
    let stage = Stage::set().await;
    for route in ROUTES.iter().filter(|route| route.changes()) {
        let ask = stage.ask(route).await;
        let what = format!("{} {}", route.method, route.path);
        let before = stage.seen().await;
        let mut large = ask.body.clone();
        large.resize(LARGEST + 1, b' ');
        let reply =
            stage.send(&ask.clone().header("content-type", "application/json").body(large.clone())).await;
        refused(&what, &reply, 413, "body-too-large");

        let head = format!(
            "{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {}\r\ncontent-type: application/json\r\n",
            ask.method,
            ask.path,
            stage.owner(route).cookie()
        );
        let announced = format!("{head}content-length: 1000000000\r\n\r\n");
        let (status, body) = raw::send(&stage.world.place, announced.into_bytes()).await;
        assert!(status == 413 && body.contains("body-too-large"), "{what}, announced: {status} {body}");

        let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
        for chunk in large.chunks(8192) {
            chunked.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            chunked.extend(chunk);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        let (status, body) = raw::send(&stage.world.place, chunked).await;
        assert!(status == 413 && body.contains("body-too-large"), "{what}, in chunks: {status} {body}");
        assert_eq!(stage.seen().await, before, "{what}");
    }
    stage.world.ends_well().await;
}

#[tokio::test]
async fn a_body_of_64_kib_is_read() {
    let stage = Stage::set().await;
    for route in with_json() {
        let mut ask = stage.ask(route).await;
        ask.body.resize(LARGEST, b' ');
        assert_eq!(stage.send(&ask).await.status, route.answers[2], "{}", route.path);
    }
    stage.world.ends_well().await;
}
