//! Backup and restore, within one kind of database and across both.

use std::{io::Read as _, sync::Arc};

use blindspot_store::{
    AuditEntry, Decision, NewException, Role, Scope, Store, StoreError, User, VerdictChange,
};
use blindspot_telemetry::{Hour, Settings};

use crate::{
    database::Database,
    sample::{NOW_HOUR, agent, arrival, at, report},
};

/// The lines of a backup, in order but for the rows of one table, whose order is the database's.
pub(crate) fn lines(file: &[u8]) -> Vec<String> {
    let mut text = String::new();
    zstd::stream::read::Decoder::with_buffer(file).unwrap().take(1 << 28).read_to_string(&mut text).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort_unstable();
    lines
}

async fn export(store: &Store) -> Vec<u8> {
    let mut out = Vec::new();
    store.export(&mut out).await.unwrap();
    out
}

/// Something of everything.
async fn fill(store: &Store) {
    for key in 0..3 {
        let id = agent(store, key).await;
        let mut report = report(&[(NOW_HOUR - 30, 2), (NOW_HOUR, 3)]);
        report.settings = Some(Settings::default());
        store.store_reports(vec![arrival(id, (1, 1, 1), report)]).await.unwrap();
        let (ids, verdicts) = (Arc::from(["a\u{202e}".to_owned()]), vec![key]);
        let change = VerdictChange { agent: id, subject: "h".to_owned(), at: at(0), ids, verdicts };
        store.record_verdicts(&[change]).await.unwrap();
    }
    store.set_meta("name", "ours").await.unwrap();
    let text = |text: &str| text.to_owned();
    let (who, detail) = (text("ada"), text("line\nbreak"));
    let entry = AuditEntry { at: at(0), who, action: text("x"), subject: text("y"), detail };
    store.append_audit(&entry).await.unwrap();
    let (name, password_hash) = (text("ada"), text("$argon2id$"));
    let user = User { name, password_hash, role: Role::Admin, disabled: true, created: at(0) };
    store.create_user(&user).await.unwrap();
    let exception = NewException {
        detection: text("a"),
        scope: Scope::Group(text("g")),
        reason: text("r"),
        who: text("ada"),
        created: at(0),
        expires: None,
    };
    store.add_exception(&exception).await.unwrap();
}

async fn a_backup_is_the_same_in_either_database(database: &Database) {
    let store = database.store().await;
    fill(&store).await;
    let file = export(&store).await;
    let differs = |line: &String| line.starts_with(r#"["server_epoch""#);
    let mut expected = lines(&file);
    expected.retain(|line| !differs(line));
    assert!(expected.len() > 30);
    for other in [database.another(), database.of_the_other_kind()] {
        let restored = Store::restore(&other.url, &*file).await.unwrap();
        assert_ne!(restored.server_epoch(), store.server_epoch());
        let mut kept = lines(&export(&restored).await);
        kept.retain(|line| !differs(line));
        assert_eq!(kept, expected);
        assert_eq!(restored.verify_audit_log().await.unwrap().intact, 1);
        let id = store.agents().await.unwrap()[0].id;
        let hours = |store: Store| async move { store.host_with_hours(id, Hour(0)).await.unwrap().unwrap() };
        assert_eq!(hours(restored.clone()).await, hours(store.clone()).await);
        // Reports go on where they were.
        let again = arrival(id, (1, 2, 9), report(&[(NOW_HOUR, 9)]));
        assert_eq!(restored.store_reports(vec![again]).await.unwrap()[0].decision, Decision::Store);
        let cursor = restored.changed_since(Default::default()).await.unwrap();
        assert_eq!(cursor.changed.len(), 3);
        let refused = Store::restore(&other.url, &*file).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotEmpty), "{refused:?}");
    }
}

async fn a_damaged_backup_leaves_the_database_empty(database: &Database) {
    let another = database.another();
    let store = another.store().await;
    fill(&store).await;
    let file = export(&store).await;
    for cut in [0, 10, file.len() / 2, file.len() - 5] {
        let refused = Store::restore(&database.url, &file[..cut]).await.unwrap_err();
        assert!(matches!(refused, StoreError::Backup(_)), "{refused:?}");
    }
    let plain = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let header = r#"{"schema":"blindspot.backup/1","version":1}"#;
    for (text, is_newer) in [
        (r#"{"schema":"blindspot.backup/2","version":1}"#.to_owned(), false),
        (r#"{"schema":"blindspot.backup/1","version":99}"#.to_owned(), true),
        (format!("{header}\n{{\"end\":1}}"), false),
        (format!("{header}\n[1]"), false),
        (format!("{header}\n{{\"table\":\"_sqlx_migrations\",\"columns\":[\"version\"]}}"), false),
        (format!("{header}\n{{\"table\":\"meta\",\"columns\":[\"name) --\"]}}"), false),
        (format!("{header}\n{{\"table\":\"meta\",\"columns\":[\"name\",\"value\"]}}\n[\"a\"]"), false),
        (format!("{header}\n{{\"table\":\"meta\",\"columns\":[\"name\",\"value\"]}}\n[\"a\",1]"), false),
    ] {
        let refused = Store::restore(&database.url, &*plain(&format!("{text}\n"))).await.unwrap_err();
        let as_expected = match refused {
            StoreError::Newer { .. } => is_newer,
            StoreError::Backup(_) => !is_newer,
            _ => false,
        };
        assert!(as_expected, "{text}: {refused:?}");
    }
    Store::restore(&database.url, &*file).await.unwrap();
}

crate::on_both!(a_backup_is_the_same_in_either_database, a_damaged_backup_leaves_the_database_empty);
