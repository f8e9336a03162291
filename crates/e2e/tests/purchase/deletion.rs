//! The deletion of accounts, through all services.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use e2e::audit::captured_amount;
use e2e::{Person, Reply, World, WorldConfig, cards};
use reqwest::Method;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};
use serde_json::{Value, json};
use store::Backend;
use store::sqlite::SqliteBackend;

use crate::deployment::Deployment;
use crate::endings::{set, with_outage};
use crate::flows::{becomes, id, is_cancelled, ticket, ticket_becomes, two_people, usd};

pub(crate) async fn deletes_account(person: &Person) -> Reply {
    let password = json!({ "password": Person::PASSWORD });
    person.request(Method::DELETE, "/api/users", Some(password)).await
}

/// Every row of the services' databases that contains one of these texts: documents, keys and events.
fn rows_with(folder: &Path, texts: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
        // The simulator's database is the card processor's.
        if file.extension().is_none_or(|extension| extension != "db") || file.ends_with("stripe.db") {
            continue;
        }
        let database = Connection::open(&file).expect("a database");
        let tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'");
        let mut tables = tables.expect("SQL");
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).expect("rows");
        for table in tables.map(|table| table.expect("a name")) {
            let mut rows = database.prepare(&format!("SELECT * FROM \"{table}\"")).expect("SQL");
            let columns = rows.column_count();
            let text = |row: &Row<'_>| {
                let values = (0..columns).map(|column| match row.get_ref(column)? {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        Ok(String::from_utf8_lossy(bytes).into_owned())
                    }
                    other => Ok(format!("{other:?}")),
                });
                Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" "))
            };
            let rows = rows.query_map([], text).expect("rows").map(|row| row.expect("a row"));
            let with_text = rows.filter(|row| texts.iter().any(|text| row.contains(text)));
            found.extend(with_text.map(|row| format!("{} {table}: {row}", file.display())));
        }
    }
    found
}

/// Also on the cluster.
pub(crate) async fn a_deleted_account_ends_its_listings_and_open_orders(on: &impl Deployment) {
    let (seller, buyer) = two_people(on).await;
    let (held, listed) = (seller.sells("Concert", usd(20_00)).await, seller.sells("Opera", usd(20_00)).await);
    let order = buyer.buys(&held).await;
    becomes(on, &buyer, &order, "awaiting-payment").await;
    let export = seller.get("/api/users/export").await;
    assert_eq!(export.json["ticketsListed"].as_array().map(Vec::len), Some(2), "{}", export.json);
    let cookie = seller.cookie();

    assert_eq!(deletes_account(&seller).await.status, 204);
    on.forget(&seller);
    is_cancelled(on, &buyer, &order, "account-closed").await;
    for ticket in [&held, &listed] {
        ticket_becomes(on, ticket, "withdrawn").await;
    }
    // Within a second in every process.
    let copied = Person::signed_in(&on.endpoints(), &seller.email, &seller.id, &cookie);
    on.poll_until("the session is revoked", async || copied.get("/api/orders").await.status == 401).await;
    let name = seller.email.split('@').next().unwrap_or_default();
    let again = Person::sign_up(&on.endpoints(), name).await;
    assert_ne!(again.id, seller.id);
}

#[tokio::test]
async fn an_account_is_deleted_with_its_listings_and_open_orders() {
    let world = World::start().await;
    a_deleted_account_ends_its_listings_and_open_orders(&world).await;
    world.advance(Duration::from_mins(2)).await;
    world.finish().await;
}

#[tokio::test]
async fn a_deleted_account_leaves_orders_without_a_person_and_no_personal_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = folder.path().to_owned();
    let open = move |service: &str| -> Arc<dyn Backend> {
        SqliteBackend::open(files.join(format!("{service}.db"))).expect("a database")
    };
    let world = World::with(WorldConfig { open_store: Box::new(open), ..WorldConfig::default() }).await;
    let (ann, bob) = (world.person("ann").await, world.person("bob").await);
    // Ann sells one ticket, and has one that is held for Bob, one on sale, and an order of her own.
    let sold = ann.sells("Concert", usd(20_00)).await;
    let order = bob.buys(&sold).await;
    becomes(&world, &bob, &order, "awaiting-payment").await;
    bob.pays(&order, cards::VISA).await;
    becomes(&world, &bob, &order, "complete").await;
    let held = ann.sells("Opera of Ann", usd(30_00)).await;
    let wanted = bob.buys(&held).await;
    becomes(&world, &bob, &wanted, "awaiting-payment").await;
    let offer = json!({ "title": "Call Ann", "description": "Call Ann: 555-0199", "price": usd(30_00) });
    let listed = ann.post("/api/tickets", offer).await.json;
    let own = ann.buys(&bob.sells("Ballet", usd(10_00)).await).await;
    becomes(&world, &ann, &own, "awaiting-payment").await;
    ann.begins_to_pay(&own).await;
    let personal = [ann.email.as_str(), "555-0199", "Call Ann"];
    world.settle().await;
    assert!(rows_with(folder.path(), &personal).len() > 4, "there is something to erase");

    let reply = deletes_account(&ann).await;
    assert_eq!(reply.status, 204, "{}", reply.json);
    world.forget(&ann);
    for request in ["/api/orders", "/api/tickets/mine"] {
        assert_eq!(ann.get(request).await.status, 401);
    }
    is_cancelled(&world, &bob, &wanted, "account-closed").await;
    for ticket in [&held, &listed] {
        ticket_becomes(&world, ticket, "withdrawn").await;
    }
    assert_eq!(ticket(&world, &sold).await["status"], "sold");
    assert_eq!(bob.order(&order).await["status"], "complete");
    world.settle().await;
    assert_eq!(rows_with(folder.path(), &personal), Vec::<String>::new());
    // The records of the sale name the seller by the id alone.
    assert!(!rows_with(folder.path(), &[&ann.id]).is_empty());

    // The address is free for another account.
    let again = Person::sign_up(&world.endpoints, "ann").await;
    assert_ne!(again.id, ann.id);
    assert_eq!(again.all("/api/orders").await, Vec::<Value>::new());
    world.advance(Duration::from_hours(24)).await;
    world.finish().await;
}

#[tokio::test]
async fn an_account_whose_sale_is_being_paid_is_deleted_only_afterwards() {
    let (world, outage) = with_outage().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    set(&outage, Some("/capture"));
    buyer.pays(&order, cards::VISA).await;
    becomes(&world, &buyer, &order, "paying").await;
    for person in [&seller, &buyer] {
        let reply = deletes_account(person).await;
        assert_eq!((reply.status, reply.text("code").as_str()), (409, "order-paying"));
        assert_eq!(person.get("/api/orders").await.status, 200, "the account stays");
    }
    set(&outage, None);
    becomes(&world, &buyer, &order, "complete").await;
    assert_eq!(deletes_account(&seller).await.status, 204);
    world.forget(&seller);
    world.finish().await;
}

#[tokio::test]
async fn an_authorized_payment_of_a_deleted_account_is_voided() {
    let (world, outage) = with_outage().await;
    let (seller, buyer) = world.two_people().await;
    let order = buyer.buys(&seller.sells("Concert", usd(20_00)).await).await;
    becomes(&world, &buyer, &order, "awaiting-payment").await;
    // The card is accepted, and payments does not learn of it before the deletion.
    let payment = buyer.begins_to_pay(&order).await;
    set(&outage, Some("/v1/"));
    buyer.enters_card(&payment.json, cards::VISA).await;
    assert_eq!(deletes_account(&seller).await.status, 204);
    world.forget(&seller);
    set(&outage, None);
    is_cancelled(&world, &buyer, &order, "account-closed").await;
    world.advance(Duration::from_mins(2)).await;
    assert_eq!(captured_amount(&world.endpoints, id(&order)).await, 0);
    world.finish().await;
}
