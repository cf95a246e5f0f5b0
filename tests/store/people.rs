//! Users, tokens of programs, the audit log, exceptions and leases.

use blindspot_store::{ApiToken, AuditCheck, AuditEntry, NewException, Role, Scope, Store, StoreError, User};
use blindspot_telemetry::wire::AgentId;
use jiff::SignedDuration;

use crate::{database::Database, sample::at};

fn user(name: &str) -> User {
    User {
        name: name.to_owned(),
        password_hash: "$argon2id$v=19$secret".to_owned(),
        role: Role::Analyst,
        disabled: false,
        created: at(0),
    }
}

async fn users_and_their_tokens(database: &Database) {
    let store = database.store().await;
    store.create_user(&user("ada")).await.unwrap();
    assert!(matches!(store.create_user(&user("ada")).await, Err(StoreError::Exists("user"))));
    let mut changed = user("ada");
    (changed.role, changed.disabled) = (Role::Admin, true);
    assert!(store.update_user(&changed).await.unwrap());
    assert!(!store.update_user(&user("bob")).await.unwrap());
    assert_eq!(store.user("ada").await.unwrap(), Some(changed.clone()));
    assert!(!format!("{changed:?}").contains("secret"));
    let token = ApiToken {
        hash: [5; 32],
        label: "grafana".to_owned(),
        user: Some("ada".to_owned()),
        role: Role::Viewer,
        created: at(0),
        expires: Some(at(100)),
        last_used: None,
    };
    store.create_api_token(&token).await.unwrap();
    store
        .create_api_token(&ApiToken { hash: [6; 32], user: None, expires: None, ..token.clone() })
        .await
        .unwrap();
    store.touch_api_token(&[5; 32], at(7)).await.unwrap();
    let used = ApiToken { last_used: Some(at(7)), ..token };
    assert_eq!(store.api_token(&[5; 32]).await.unwrap(), Some(used));
    assert!(store.delete_user("ada").await.unwrap());
    assert_eq!(store.api_token(&[5; 32]).await.unwrap(), None, "goes with its user");
    assert!(store.revoke_api_token(&[6; 32]).await.unwrap());
    assert!(store.api_tokens().await.unwrap().is_empty() && store.users().await.unwrap().is_empty());
}

fn entry(number: i64) -> AuditEntry {
    AuditEntry {
        at: at(number),
        who: "ada".to_owned(),
        action: "token.create".to_owned(),
        subject: format!("token {number}"),
        detail: String::new(),
    }
}

async fn the_audit_log_shows_what_was_changed(database: &Database) {
    let stores = [database.store().await, database.store().await];
    let append = |store: Store| async move {
        for number in 0..10 {
            store.append_audit(&entry(number)).await.unwrap();
        }
    };
    let tasks = stores.clone().map(|store| tokio::spawn(append(store)));
    for task in tasks {
        task.await.unwrap();
    }
    let store = &stores[0];
    assert_eq!(store.verify_audit_log().await.unwrap(), AuditCheck { intact: 20, broken_at: None });
    let log = store.audit_log(3).await.unwrap();
    assert_eq!(log.iter().map(|row| row.n).collect::<Vec<_>>(), [20, 19, 18]);
    database.tamper("UPDATE audit_log SET who = 'eve' WHERE n = 7").await;
    assert_eq!(store.verify_audit_log().await.unwrap(), AuditCheck { intact: 6, broken_at: Some(7) });
    database.tamper("DELETE FROM audit_log WHERE n = 5").await;
    assert_eq!(store.verify_audit_log().await.unwrap(), AuditCheck { intact: 4, broken_at: Some(6) });
}

async fn exceptions_come_back_as_they_were_made(database: &Database) {
    let store = database.store().await;
    let agent = AgentId([3; 16]);
    let scopes = [Scope::Everything, Scope::Group("servers".to_owned()), Scope::Agent(agent)];
    let mut made = Vec::new();
    for (second, scope) in (0..).zip(scopes) {
        made.push(NewException {
            detection: "rule-1".to_owned(),
            scope,
            reason: "a lab".to_owned(),
            who: "ada".to_owned(),
            created: at(second),
            expires: (second == 1).then(|| at(100)),
        });
    }
    for exception in &made {
        store.add_exception(exception).await.unwrap();
    }
    let kept = store.exceptions().await.unwrap();
    assert_eq!(kept.iter().map(|row| row.exception.clone()).collect::<Vec<_>>(), made);
    assert!(store.remove_exception(&kept[0].id).await.unwrap());
    assert!(!store.remove_exception(&kept[0].id).await.unwrap());
    assert_eq!(store.exceptions().await.unwrap().len(), 2);
}

async fn a_lease_has_one_holder(database: &Database) {
    let store = database.store().await;
    let minute = SignedDuration::from_mins(1);
    assert!(store.take_lease("sweep", "one", minute, at(0)).await.unwrap());
    assert!(!store.take_lease("sweep", "two", minute, at(59)).await.unwrap());
    assert!(store.take_lease("sweep", "one", minute, at(30)).await.unwrap(), "prolonged");
    assert!(!store.take_lease("sweep", "two", minute, at(89)).await.unwrap());
    assert!(store.take_lease("sweep", "two", minute, at(90)).await.unwrap(), "run out");
    store.release_lease("sweep", "one").await.unwrap();
    assert!(!store.take_lease("sweep", "one", minute, at(91)).await.unwrap(), "not its to give back");
    store.release_lease("sweep", "two").await.unwrap();
    assert!(store.take_lease("sweep", "one", minute, at(91)).await.unwrap());
    let takers: Vec<_> = (0..8)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .take_lease("job", &number.to_string(), SignedDuration::from_mins(1), at(0))
                    .await
                    .unwrap()
            })
        })
        .collect();
    let mut taken = 0;
    for taker in takers {
        taken += i32::from(taker.await.unwrap());
    }
    assert_eq!(taken, 1);
}

crate::on_both!(
    users_and_their_tokens,
    the_audit_log_shows_what_was_changed,
    exceptions_come_back_as_they_were_made,
    a_lease_has_one_holder,
);
