//! Lines of network devices, directly and through a relay.

use super::*;

#[test]
fn each_device_tells_what_happened_and_where() {
    for (line, expected) in [
        ("<166>Mar 01 2026 10:00:00 fw1 : %ASA-6-302013: Built", "fw1 syslog:%ASA-6-302013"),
        ("<166>Mar 01 2026 10:00:00 fw1 %ASA-6-302013: Built", "fw1 syslog:%ASA-6-302013"),
        ("<166>Mar 01 2026 10:00:00 fw1: %ASA-6-302013: Built", "fw1 syslog:%ASA-6-302013"),
        ("<166>Mar 01 2026 10:00:00: %ASA-6-302013: Built", " syslog:%ASA-6-302013"),
        ("<166>:Mar 01 10:00:00 UTC: %ASA-6-302013: Built", " syslog:%ASA-6-302013"),
        ("<166>2026-03-01T10:00:00Z fw1 : %ASA-6-302013: Built", "fw1 syslog:%ASA-6-302013"),
        ("<189>123: sw1: *Mar  1 18:46:11: %LINEPROTO-5-UPDOWN: Line", "sw1 syslog:%LINEPROTO-5-UPDOWN"),
        ("<189>123: *Mar  1 18:46:11.123: %SYS-5-CONFIG_I: x", " syslog:%SYS-5-CONFIG_I"),
        ("*Mar  1 18:46:11.123: %SYS-5-CONFIG_I: x", " syslog:%SYS-5-CONFIG_I"),
        ("000123: Mar  1 18:46:11.123 CET: %SYS-5-CONFIG_I: x", " syslog:%SYS-5-CONFIG_I"),
        ("<189>: 2026 Mar  1 18:46:11 UTC: %ETHPORT-5-IF_UP: x", " syslog:%ETHPORT-5-IF_UP"),
        (
            "Mar  1 10:00:00 10.1.1.1 123: sw1: *Mar  1 18:46:11: %LINK-3-UPDOWN: x",
            "10.1.1.1 syslog:%LINK-3-UPDOWN",
        ),
        (
            "Mar  1 10:00:00 10.1.1.1 sw1: *Mar  1 18:46:11: %LINK-3-UPDOWN: x",
            "10.1.1.1 syslog:%LINK-3-UPDOWN",
        ),
        ("<14>Mar  1 10:00:00 pa1 1,2026/03/01 10:00:00,0123,THREAT,url,1", "pa1 syslog:THREAT"),
        ("1,2026/03/01 10:00:00,0123,TRAFFIC,end,1", " syslog:TRAFFIC"),
        ("Mar  1 10:00:00 h CEF:0|Vendor|Product X|1.0|id|name|5|a=b", "h syslog:Product X"),
        // As rsyslog relays them: it takes the first word for the program.
        (
            "<189>1 2026-03-01T10:00:00Z h 123 - - -  sw1: *Mar  1 18:46:11: %LINK-3-UPDOWN: x",
            "h syslog:%LINK-3-UPDOWN",
        ),
        ("<166>1 2026-03-01T10:00:00Z h fw1 - - -  %ASA-6-302013: x", "h syslog:%ASA-6-302013"),
        ("<166>1 2026-03-01T10:00:00Z h %ASA-6-302013 - - -  x", "h syslog:%ASA-6-302013"),
        ("Mar  1 10:00:00 h CEF: 0|Vendor|Product X|1.0|id|name|5|a=b", "h syslog:Product X"),
        ("<14>1 2026-03-01T10:00:00Z h CEF - - - 0|Vendor|Product X|1.0|id|name|5|a=b", "h syslog:Product X"),
        ("<13>1 2026-03-01T10:00:00Z h - - - - CEF:0|Vendor|Product X|1|id|n|5|", "h syslog:Product X"),
    ] {
        assert_eq!(one(line), expected, "{line}");
    }
}

#[test]
fn fortinet_names_its_host_with_and_without_a_header() {
    let message = r#"date=2026-03-01 time=10:00:00 devname="FG1" devid="x" logid="0000000013" type="traffic" subtype="forward" level="notice""#;
    for head in ["<189>", "", "Mar  2 10:00:00 10.1.1.2 ", "<189>1 2026-03-02T10:00:00Z 10.1.1.2 - - - - "] {
        assert_eq!(one(&format!("{head}{message}")), "FG1 syslog:traffic/forward", "{head}");
    }
    let relayed = message.replace("date=2026-03-01", "<189>1 2026-03-02T10:00:00Z h date=2026-03-01 - - - ");
    assert_eq!(one(&relayed), "FG1 syslog:traffic/forward");
    assert_eq!(time(message), "2026-03-01T09:00:00Z");
    assert_eq!(fields(message).0, ["severity"]);
}

#[test]
fn a_device_that_tells_no_time_is_undated() {
    let scan = scan(&["CEF:0|V|P|1|2|3|4|", "<14>%ASA-6-302013: Built"]);
    assert_eq!((scan.undated, scan.records, scan.damaged), (2, 0, 0));
}
