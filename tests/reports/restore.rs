//! A collector whose database is restored from a backup, while its agents live.

use std::fs;

use blindspot_tests::{program, stage::Collector};

use crate::{Host, folder};

#[test]
fn a_backup_restored_under_a_live_agent_ends_exact() {
    let folder = folder();
    let mut collector = Collector::start(&folder.path().join("c"), None);
    let mut host = Host::new(folder.path(), "web1", &collector);
    let mut puppet = host.start(None);
    host.write("sshd", 3);
    puppet.report_all();
    let backup = folder.path().join("backup");
    let made = collector.command(&["export", "backup", backup.to_str().unwrap()]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    // What the collector is about to forget.
    host.write("sshd", 4);
    host.write("cron", 5);
    puppet.report_all();
    host.is_exact(&collector);
    let epoch = host_epoch(&mut puppet);
    collector.kill();
    let data = folder.path().join("c/data");
    for file in fs::read_dir(&data).unwrap().map(Result::unwrap) {
        if file.file_name().to_string_lossy().starts_with("blindspot.db") {
            fs::remove_file(file.path()).unwrap();
        }
    }
    let config = collector.config().to_str().unwrap().to_owned();
    let restored = program::run(&["export", "restore", backup.to_str().unwrap(), "--config", &config]);
    assert_eq!(restored.code, 0, "{restored:?}");
    collector.restart();
    collector.until_it_answers();
    host.write("sudo", 1);
    puppet.report_all();
    host.is_exact(&collector);
    assert_eq!(host.state(&collector), "active");
    assert_eq!(host_epoch(&mut puppet), epoch, "the agent's own history goes on");
    assert!(!host.findings(&collector).contains(&"rolled_back".to_owned()));
}

fn host_epoch(puppet: &mut blindspot_tests::puppet::Puppet) -> blindspot_telemetry::wire::Epoch {
    puppet.core.identity().1
}
