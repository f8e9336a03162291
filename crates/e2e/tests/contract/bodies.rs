//! Bodies that are not JSON, of the wrong shape, too large or of another type. A refused request changes nothing.

use serde_json::{Map, Value, json};

use crate::fixture::Fixture;
use crate::http::{Request, assert_refused, fields, send_raw};
use crate::routes::{Body, ROUTES, Route};

/// In bytes.
const MAX_BODY: usize = 64 * 1024;

fn with_json() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.body == Body::Json)
}

async fn valid(fixture: &Fixture, route: &'static Route) -> (Request, Map<String, Value>) {
    let request = fixture.request(route).await;
    let body = serde_json::from_slice(&request.body).expect("an object");
    (request, body)
}

/// The paths of all values of an object, those of nested objects included.
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
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
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
        let before = fixture.state().await;
        for body in malformed {
            let what = format!("{route} with {:?}", String::from_utf8_lossy(&body));
            assert_refused(&what, &fixture.send(&request.clone().body(body)).await, 400, "malformed-json");
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn an_error_of_the_shape_names_its_field() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
        let before = fixture.state().await;
        for path in paths(&body) {
            let body = Value::from(body.clone());
            let good = at(&mut body.clone(), &path).clone();
            for wrong in wrong_shapes(&good) {
                let mut body = body.clone();
                *at(&mut body, &path) = wrong;
                let what = format!("{route} with {body}");
                let reply = fixture.send(&request.clone().json(&body)).await;
                assert_refused(&what, &reply, 400, "not-valid");
                let field = path.join(".");
                let named = fields(&reply);
                assert!(
                    named.iter().all(|name| name.starts_with(&field)) && !named.is_empty(),
                    "{what}: {named:?}"
                );
            }
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

/// Values of other shapes than this one.
fn wrong_shapes(good: &Value) -> Vec<Value> {
    let mut wrong = vec![json!({ "$gt": "" }), json!([]), json!([good]), json!(true)];
    match good {
        Value::String(text) => wrong.extend([json!(7), json!([text])]),
        Value::Number(number) => wrong.extend([json!(number.to_string()), json!(25.5), json!(1e300)]),
        Value::Object(members) => {
            // A list of the fields in their order is no object.
            wrong.extend([json!("20.00"), json!(7), Value::Array(members.values().cloned().collect())]);
        }
        _ => {}
    }
    wrong
}

#[tokio::test]
async fn only_an_object_is_a_body() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
        let in_a_row = Value::Array(body.values().cloned().collect());
        let before = fixture.state().await;
        for wrong in [json!([]), json!([body]), in_a_row, json!(null), json!(7), json!("text"), json!(true)] {
            let reply = fixture.send(&request.clone().json(&wrong)).await;
            assert_refused(&format!("{route} with {wrong}"), &reply, 400, "not-valid");
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_field_that_is_unknown_or_stands_twice_is_refused_by_name() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
        let text = Value::from(body.clone()).to_string();
        let before = fixture.state().await;
        for unknown in ["admin", "$gt", "__proto__", "id", "version"] {
            let text = format!("{{\"{unknown}\":true,{}", &text[1..]);
            let reply = fixture.send(&request.clone().body(text)).await;
            assert_refused(&format!("{route} with {unknown}"), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), [unknown], "{route}");
        }
        for (name, value) in &body {
            let text = format!("{{\"{name}\":{value},{}", &text[1..]);
            let reply = fixture.send(&request.clone().body(text)).await;
            assert_refused(&format!("{route} with {name} twice"), &reply, 400, "not-valid");
            assert_eq!(fields(&reply), [name.as_str()], "{route}");
        }
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn all_missing_fields_are_reported_together() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
        let names: Vec<_> = body.keys().cloned().collect();
        let nulls: Map<_, _> = names.iter().map(|name| (name.clone(), Value::Null)).collect();
        for empty in [json!({}), nulls.into()] {
            let reply = fixture.send(&request.clone().json(&empty)).await;
            assert_refused(&format!("{route} with {empty}"), &reply, 400, "not-valid");
            let mut missing = fields(&reply);
            missing.sort();
            assert_eq!(missing, names, "{route}");
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn deep_nesting_is_refused_and_does_no_harm() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let (request, body) = valid(&fixture, route).await;
        let name = body.keys().next().expect("a field");
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let depth = 10_000;
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for body in [nested.clone(), format!("{{\"{name}\":{nested}}}"), open.repeat(depth)] {
                let reply = fixture.send(&request.clone().body(body)).await;
                assert_eq!(reply.status, 400, "{route}: {}", reply.json);
            }
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_body_of_another_type_is_415() {
    let fixture = Fixture::new().await;
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
    for route in ROUTES.iter().filter(|route| route.changes() && !route.is_webhook()) {
        let request = fixture.request(route).await;
        let request = if request.body.is_empty() { request.body("{}") } else { request };
        let before = fixture.state().await;
        for kind in wrong {
            let reply = fixture.send(&request.clone().header("content-type", kind)).await;
            assert_refused(&format!("{route} as {kind:?}"), &reply, 415, "unsupported-media-type");
        }
        let reply = fixture.send(&request.clone().without("content-type")).await;
        assert_refused(&format!("{route} as nothing"), &reply, 415, "unsupported-media-type");
        assert_eq!(fixture.state().await, before, "{route}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn json_may_be_called_so_in_several_ways() {
    let fixture = Fixture::new().await;
    for kind in
        ["application/json; charset=utf-8", "APPLICATION/JSON;Charset=\"UTF-8\"", "application/json ;a=b"]
    {
        for route in with_json() {
            let request = fixture.request(route).await.header("content-type", kind);
            assert_eq!(fixture.send(&request).await.status, route.statuses[2], "{} {kind}", route.path);
        }
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_body_over_64_kib_is_413_however_it_is_sent() {
    let fixture = Fixture::new().await;
    for route in ROUTES.iter().filter(|route| route.changes()) {
        let request = fixture.request(route).await;
        let what = route.to_string();
        let before = fixture.state().await;
        let mut large = request.body.clone();
        large.resize(MAX_BODY + 1, b' ');
        let reply = fixture
            .send(&request.clone().header("content-type", "application/json").body(large.clone()))
            .await;
        assert_refused(&what, &reply, 413, "body-too-large");

        let head = format!(
            "{} {} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {}\r\ncontent-type: application/json\r\n",
            request.method,
            request.path,
            fixture.owner(route).cookie()
        );
        let announced = format!("{head}content-length: 1000000000\r\n\r\n");
        let (status, body) = send_raw(&fixture.world.endpoints, announced.into_bytes()).await;
        assert!(status == 413 && body.contains("body-too-large"), "{what}, announced: {status} {body}");

        let mut chunked = format!("{head}transfer-encoding: chunked\r\n\r\n").into_bytes();
        for chunk in large.chunks(8192) {
            chunked.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
            chunked.extend(chunk);
            chunked.extend(b"\r\n");
        }
        chunked.extend(b"0\r\n\r\n");
        let (status, body) = send_raw(&fixture.world.endpoints, chunked).await;
        assert!(status == 413 && body.contains("body-too-large"), "{what}, in chunks: {status} {body}");
        assert_eq!(fixture.state().await, before, "{what}");
    }
    fixture.world.finish().await;
}

#[tokio::test]
async fn a_body_of_64_kib_is_read() {
    let fixture = Fixture::new().await;
    for route in with_json() {
        let mut request = fixture.request(route).await;
        request.body.resize(MAX_BODY, b' ');
        assert_eq!(fixture.send(&request).await.status, route.statuses[2], "{}", route.path);
    }
    fixture.world.finish().await;
}
