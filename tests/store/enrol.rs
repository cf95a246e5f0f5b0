//! Enrolment: each use counts once, and an agent that asks again is the same agent.

use std::collections::BTreeMap;

use blindspot_store::{AgentState, EnrolError, EnrolRefusal, Store, StoreError};
use blindspot_telemetry::wire::AgentId;

use crate::{
    database::Database,
    sample::{NOW_HOUR, agent, arrival, at, claim, report, token},
};

async fn refusal(store: &Store, hash: u8, key: u8, second: i64) -> EnrolRefusal {
    match store.enrol([hash; 32], [key; 32], &claim("b1"), at(second)).await {
        Err(EnrolError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

async fn a_token_is_good_for_its_uses_and_its_time(database: &Database) {
    let store = database.store().await;
    store.create_token(&token(1, Some(1)), at(0)).await.unwrap();
    assert!(matches!(store.create_token(&token(1, None), at(0)).await, Err(StoreError::Exists("token"))));
    assert_eq!(refusal(&store, 9, 1, 0).await, EnrolRefusal::Wrong);
    let first = store.enrol([1; 32], [1; 32], &claim("b1"), at(1)).await.unwrap();
    assert!(first.is_new && first.group == "servers");
    assert_eq!(refusal(&store, 1, 2, 2).await, EnrolRefusal::Spent);
    let again = store.enrol([1; 32], [1; 32], &claim("b1"), at(99_999)).await.unwrap();
    assert!(!again.is_new && again.agent == first.agent, "spent and expired, but its own");
    store.create_token(&token(2, None), at(1)).await.unwrap();
    assert_eq!(refusal(&store, 2, 3, 3600).await, EnrolRefusal::Expired);
    let with_another = store.enrol([2; 32], [1; 32], &claim("b1"), at(2)).await.unwrap();
    assert_eq!(with_another.agent, first.agent, "the key names the agent");
    assert_eq!(store.revoke_token(&[]).await.unwrap(), None, "no prefix means both");
    assert_eq!(store.revoke_token(&[2, 2]).await.unwrap(), Some([2; 32]));
    assert_eq!(refusal(&store, 2, 4, 3).await, EnrolRefusal::Revoked);
    let tokens = store.tokens().await.unwrap();
    assert_eq!(tokens.iter().map(|row| row.token.uses_left).collect::<Vec<_>>(), [None, Some(0)]);
    store.set_agent_state(first.agent, AgentState::Revoked).await.unwrap();
    assert_eq!(refusal(&store, 1, 1, 4).await, EnrolRefusal::KeyRevoked);
}

async fn uses_are_exact_when_many_enrol_at_once(database: &Database) {
    let stores = [database.store().await, database.store().await];
    stores[0].create_token(&token(1, Some(7)), at(0)).await.unwrap();
    let tasks: Vec<_> = (0..40_u8)
        .map(|number| {
            // Each key asks twice at once: replies get lost.
            let (store, key) = (stores[usize::from(number % 2)].clone(), number / 2);
            tokio::spawn(async move { store.enrol([1; 32], [key; 32], &claim("b1"), at(1)).await })
        })
        .collect();
    let mut given = BTreeMap::new();
    for (number, task) in tasks.into_iter().enumerate() {
        match task.await.unwrap() {
            Ok(enrolment) => {
                let known = given.insert(number / 2, enrolment.agent);
                assert!(known.is_none_or(|known| known == enrolment.agent), "one key, two agents");
            }
            Err(EnrolError::Refused(refusal)) => assert_eq!(refusal, EnrolRefusal::Spent),
            Err(EnrolError::Store(error)) => panic!("{error:?}"),
        }
    }
    assert_eq!(given.len(), 7);
    assert_eq!(stores[1].agents().await.unwrap().len(), 7);
    assert_eq!(stores[1].tokens().await.unwrap()[0].token.uses_left, Some(0));
}

async fn an_agent_is_labelled_moved_and_deleted(database: &Database) {
    let store = database.store().await;
    let id = agent(&store, 1).await;
    store.store_reports(vec![arrival(id, (1, 1, 1), report(&[(NOW_HOUR, 1)]))]).await.unwrap();
    let labels = BTreeMap::from([("owner".to_owned(), "o'hara \"x\"".to_owned())]);
    assert!(store.set_agent_labels(id, &labels).await.unwrap());
    assert!(store.set_agent_group(id, "'; DROP TABLE agents; --").await.unwrap());
    let row = store.agent(id).await.unwrap().unwrap();
    assert_eq!((row.labels, row.group.as_str()), (labels, "'; DROP TABLE agents; --"));
    assert_eq!((row.name.as_str(), row.machine.as_str(), row.state), ("host-1", "m1", AgentState::Active));
    assert!(!store.set_agent_group(AgentId([9; 16]), "x").await.unwrap());
    let cursor = store.changed_since(Default::default()).await.unwrap().next;
    assert!(store.delete_agent(id, at(5)).await.unwrap());
    assert!(!store.delete_agent(id, at(5)).await.unwrap());
    assert_eq!(store.host(id).await.unwrap(), None);
    assert!(store.agents().await.unwrap().is_empty());
    assert_eq!(store.changed_since(cursor).await.unwrap().deleted, [id]);
}

crate::on_both!(
    a_token_is_good_for_its_uses_and_its_time,
    uses_are_exact_when_many_enrol_at_once,
    an_agent_is_labelled_moved_and_deleted,
);
