//! Sysmon for Linux inside syslog.

use super::*;

const EVENT: &str = concat!(
    r#"<Event><System><Provider Name="Linux-Sysmon" Guid="{x}"/><EventID>3</EventID>"#,
    r#"<TimeCreated SystemTime="2026-03-01T09:15:00.123Z"/><Channel>Linux-Sysmon/Operational</Channel></System>"#,
    r#"<EventData><Data Name="RuleName">-</Data><Data Name="Image">/usr/bin/curl</Data></EventData></Event>"#,
);

#[test]
fn its_events_count_by_their_own_id_and_time() {
    for head in [
        "Mar  1 12:00:00 h sysmon: ",
        "Mar  1 12:00:00 h sysmon[123]: ",
        "<14>1 2026-03-01T12:00:00Z h sysmon 12 - - ",
        "2026-03-01T12:00:00Z h sysmon[1]: ",
        "Feb 31 12:00:00 h sysmon: ",
    ] {
        let line = format!("{head}{EVENT}");
        assert_eq!(one(&line), "h sysmon-linux:3", "{head}");
        assert_eq!(time(&line), "2026-03-01T09:15:00Z", "{head}");
        assert_eq!(fields(&line), (vec!["Image".to_owned()], vec!["RuleName".to_owned()]), "{head}");
    }
}

#[test]
fn without_a_time_of_its_own_the_line_tells_it() {
    let line = format!("Mar  1 12:00:00 h sysmon: {}", EVENT.replace("SystemTime", "Other"));
    assert_eq!(time(&line), "2026-03-01T11:00:00Z");
    let cut = EVENT.split("<TimeCreated").next().unwrap();
    assert_eq!(one(&format!("Mar  1 12:00:00 h sysmon: {cut}")), "h sysmon-linux:3");
}

#[test]
fn other_messages_of_sysmon_are_syslog() {
    assert_eq!(one("Mar  1 12:00:00 h sysmon: Sysmon v1.3.3 started"), "h syslog:sysmon");
    assert_eq!(one(&format!("Mar  1 12:00:00 h other: {EVENT}")), "h syslog:other");
}
