//! Two collectors of one PostgreSQL database: it does not matter which one an agent reaches.

use std::time::Duration;

use blindspot_agent::send::Sent;
use blindspot_tests::{
    postgres,
    stage::{Collector, within},
};

use crate::{Host, folder};

/// How soon both answer alike.
const ALIKE: Duration = Duration::from_secs(5);

#[test]
fn two_collectors_of_one_database_lose_nothing_where_one_dies() {
    let (folder, server) = (folder(), postgres::shared());
    let database = server.database();
    let one = Collector::start(&folder.path().join("c"), Some(&database));
    let mut two = one.second(&database);
    let mut hosts: Vec<Host> =
        (0..4).map(|number| Host::new(folder.path(), &format!("web{number}"), &one)).collect();
    let mut puppets: Vec<_> = hosts.iter().map(|host| host.start(None)).collect();
    // The second one hears of the new agents within a second or two.
    within(ALIKE, "the second collector knows no agents", || {
        puppets[0].go_by(&two.url);
        matches!(puppets[0].report(), Sent::Stored(_)).then_some(())
    });
    let (mut stored, mut lost) = (0, 0);
    for round in 0..24_u64 {
        if round == 8 {
            two.kill();
        }
        if round == 14 {
            two.restart();
            two.until_it_answers();
        }
        for (number, (host, puppet)) in hosts.iter_mut().zip(&mut puppets).enumerate() {
            host.write(["sshd", "cron"][number % 2], 1 + round % 3);
            puppet.go_by(if (round + number as u64).is_multiple_of(2) { &one.url } else { &two.url });
            match puppet.report() {
                Sent::Stored(_) => stored += 1,
                Sent::Lost(_) => lost += 1,
                Sent::Refused(refusal, _) => panic!("{refusal:?}"),
            }
        }
    }
    println!("{stored} stored, {lost} lost");
    assert!(stored > 60 && lost >= 10);
    for puppet in &mut puppets {
        puppet.go_by(&one.url);
        puppet.report_all();
    }
    let lines = |collector: &Collector| {
        let page = collector.hosts().ok()?;
        Some(
            page.hosts
                .into_iter()
                .map(|line| (line.id, line.last_report, line.agent_state))
                .collect::<Vec<_>>(),
        )
    };
    let verdicts = |collector: &Collector, name: &str| {
        let verdicts = collector.client().get(&format!("/api/v1/hosts/{name}/verdicts"), &[]);
        verdicts.ok().map(|verdicts: serde_json::Value| verdicts["verdicts"].clone())
    };
    within(ALIKE, "they do not list the same hosts", || {
        let hosts = lines(&one)?;
        (hosts.len() == 4 && Some(hosts) == lines(&two)).then_some(())
    });
    for host in &hosts {
        within(ALIKE, "they do not judge alike", || {
            let judged = verdicts(&one, &host.name)?;
            assert!(judged.as_object().is_some_and(|all| !all.is_empty()));
            (Some(judged) == verdicts(&two, &host.name)).then_some(())
        });
        host.is_exact(&one);
        host.is_exact(&two);
        assert_eq!(host.state(&two), "active");
    }
}
