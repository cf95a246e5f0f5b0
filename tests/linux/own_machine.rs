//! This machine's own logs, as a user asks of them: in a mount namespace where `/var/log`, `/run` and `/dev` are the
//! test's own, with a real syslog daemon and with a real journald.

use std::{
    path::Path,
    process::{Command, Output},
};

use blindspot_tests::{corpus, program};

/// Makes the places that a log daemon uses private, then runs what follows.
const PRIVATE: &str = r#"
set -eu
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cp -a /dev/null /dev/zero /dev/full /dev/random /dev/urandom /mnt/
mount --bind /mnt /dev
mount -t tmpfs tmpfs /var/log
mount -t tmpfs tmpfs /run
ask() { set +e; "$BLINDSPOT" "$@" 2>/dev/null; echo "exit $?"; set -e; }
await() { n=0; until "$@"; do n=$((n + 1)); test "$n" -lt 100; sleep 0.1; done; }
"#;

const RSYSLOG: &str = r#"
printf 'module(load="imuxsock")\nauth,authpriv.* /var/log/auth.log\n*.*;auth,authpriv.none -/var/log/syslog\n' > /run/rsyslog.conf
rsyslogd -n -f /run/rsyslog.conf -i /run/rsyslogd.pid & pid=$!
await test -S /dev/log
logger -t other -p user.notice "something else"
await grep -q other /var/log/syslog
ask check syslog:sudo
logger -t sudo -p authpriv.notice "test"
await grep -q sudo /var/log/auth.log
ask check syslog:sudo
ask audit
kill $pid; wait $pid || true
"#;

const JOURNALD: &str = r#"
mkdir -p /run/systemd/journald.conf.d
printf '[Journal]\nStorage=volatile\nAudit=\nReadKMsg=no\n' > /run/systemd/journald.conf.d/test.conf
/lib/systemd/systemd-journald & pid=$!
await test -S /run/systemd/journal/dev-log
ln -s /run/systemd/journal/dev-log /dev/log
logger -t other -p user.notice "something else"
await sh -c 'journalctl -o cat | grep -q "something else"'
ask check syslog:sudo
logger -t sudo -p authpriv.notice "test"
await sh -c 'journalctl -o cat -t sudo | grep -q test'
ask check syslog:sudo
ask audit
kill $pid; wait $pid || true
"#;

/// What the program said in a namespace where this script ran; `None` where a program or the right to do so is lacking.
fn in_private(script: &str, needs: &[&str]) -> Option<Vec<String>> {
    let lacking: Vec<&&str> = needs.iter().filter(|program| !Path::new(program).exists()).collect();
    let can_unshare = Command::new("unshare").args(["--mount", "true"]).output();
    if !lacking.is_empty() || !can_unshare.is_ok_and(|output| output.status.success()) {
        corpus::say_skipped_because(&format!("no private mounts here, or not all of {needs:?}"));
        return None;
    }
    let Output { status, stdout, stderr } = Command::new("unshare")
        .args(["--mount", "sh", "-c", &format!("{PRIVATE}{script}")])
        .env("BLINDSPOT", program::blindspot(&[]).get_program())
        .output()
        .expect("unshare runs");
    let said = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{said}\n{}", String::from_utf8_lossy(&stderr));
    Some(said.lines().map(str::to_owned).collect())
}

/// The two answers about sudo, and the audit's head.
fn assert_before_and_after(said: &[String]) {
    let [before, first, after, second, rest @ ..] = said else { panic!("{said:#?}") };
    assert!(before.contains("syslog:sudo: not flowing, never seen in syslog"), "{before}");
    assert!(after.contains("syslog:sudo: flowing, 1 events"), "{after}");
    assert_eq!((first.as_str(), second.as_str()), ("exit 1", "exit 0"));
    assert!(rest.iter().any(|line| line.contains("auditd (missing)")), "{rest:#?}");
    assert_eq!(rest.last().map(String::as_str), Some("exit 0"));
}

#[test]
fn sudo_is_not_flowing_before_and_flowing_after_one_line_through_rsyslog() {
    if let Some(said) = in_private(RSYSLOG, &["/usr/sbin/rsyslogd", "/usr/bin/logger"]) {
        assert_before_and_after(&said);
    }
}

#[test]
fn sudo_is_not_flowing_before_and_flowing_after_one_line_through_the_journal() {
    if let Some(said) = in_private(JOURNALD, &["/lib/systemd/systemd-journald", "/usr/bin/logger"]) {
        assert_before_and_after(&said);
    }
}
