//! Records in pages, and following what changed.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_store::{Cursor, Store};
use blindspot_telemetry::wire::AgentId;

use crate::{
    database::Database,
    sample::{NOW_HOUR, agent, arrival, report},
};

async fn pages_hold_every_host_once(database: &Database) {
    let store = database.store().await;
    let mut ids = BTreeSet::new();
    for key in 0..7 {
        let id = agent(&store, key).await;
        store.store_reports(vec![arrival(id, (1, 1, 1), report(&[(NOW_HOUR, 1)]))]).await.unwrap();
        ids.insert(id);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.hosts_page(after, 3).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        seen.extend(page.iter().map(|(id, _)| *id));
    }
    assert_eq!(seen, ids.into_iter().collect::<Vec<_>>());
    let some = store.hosts_of(&[seen[2], seen[0], AgentId([0; 16])]).await.unwrap();
    assert_eq!(some.iter().map(|(row, _)| row.id).collect::<Vec<_>>(), [seen[0], seen[2]]);
    assert!(some.iter().all(|(_, record)| record.is_some()));
}

async fn a_follower_misses_nothing_of_many_writers(database: &Database) {
    let store = database.store().await;
    let mut ids = Vec::new();
    for key in 0..8 {
        ids.push(agent(&store, key).await);
    }
    let write = |store: Store, id: AgentId| async move {
        for seq in 1..=20 {
            let report = arrival(id, (1, seq, 1), report(&[(NOW_HOUR, seq)]));
            store.store_reports(vec![report]).await.unwrap();
        }
    };
    let mut writers = Vec::new();
    for id in &ids {
        writers.push(tokio::spawn(write(database.store().await, *id)));
    }
    let follower = database.store().await;
    let (mut cursor, mut latest) = (Cursor::default(), BTreeMap::new());
    while writers.iter().any(|writer| !writer.is_finished()) {
        follow(&follower, &mut cursor, &mut latest).await;
    }
    follow(&follower, &mut cursor, &mut latest).await;
    let all: BTreeMap<AgentId, i64> =
        store.agents().await.unwrap().into_iter().map(|row| (row.id, row.revision)).collect();
    assert_eq!(latest, all);
    for writer in writers {
        writer.await.unwrap();
    }
    let quiet = follower.changed_since(cursor).await.unwrap();
    assert!(quiet.next >= cursor);
}

async fn follow(store: &Store, cursor: &mut Cursor, latest: &mut BTreeMap<AgentId, i64>) {
    let changes = store.changed_since(*cursor).await.unwrap();
    latest.extend(changes.changed);
    *cursor = changes.next;
}

crate::on_both!(pages_hold_every_host_once, a_follower_misses_nothing_of_many_writers);
