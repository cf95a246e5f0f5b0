//! Lines that files, people and the kernel spell differently.

use super::*;

fn rule(line: &str) -> AuditRule {
    match read(line) {
        Ok(Line::Append(rule)) => rule,
        other => panic!("{line}: {other:?}"),
    }
}

fn shown(line: &str) -> String {
    rule(line).to_string()
}

#[test]
fn what_files_and_the_kernel_spell_differently_is_one_rule() {
    // The right side is what auditctl 3.0.9 listed after the left was loaded.
    let pairs = [
        ("-w /etc/ -p rwxa", "-w /etc -p rwxa"),
        ("-a exit,always -S mount -k noarch", "-a always,exit -S mount -F key=noarch"),
        (
            "-a always,exit -F arch=x86_64 -S open -F dir=/etc/ -F auid!=4294967295 -k t",
            "-a always,exit -F arch=b64 -S open -F dir=/etc -F auid!=-1 -F key=t",
        ),
        ("-a always,exit -F path=/bin/ls -p x -k k", "-w /bin/ls -p x -k k"),
        (
            "-a always,exit -F arch=b64 -S mprotect -F a2&4 -F exit=-EACCES -k t5",
            "-a always,exit -F arch=b64 -S mprotect -F a2&0x4 -F exit=-EACCES -F key=t5",
        ),
        (
            "-a always,exit -F dir=/home -F uid=root -C auid!=obj_uid -F key=t4",
            "-a always,exit -S all -F dir=/home -F uid=0 -C auid!=obj_uid -F key=t4",
        ),
        (
            "-w /etc/hostname -p wa -F auid>=1000 -k zz",
            "-a always,exit -S all -F path=/etc/hostname -F perm=wa -F auid>=1000 -F key=zz",
        ),
    ];
    for (ours, kernels) in pairs {
        assert_eq!(rule(ours), rule(kernels), "{ours}");
    }
}

#[test]
fn calls_in_one_list_or_several_are_a_set() {
    assert_eq!(rule("-a always,exit -S a,b -S c"), rule("-a always,exit -S c -S b -S a"));
    assert_eq!(shown("-a always,exit -F arch=b32 -S all"), "-a always,exit -F arch=b32 -S all");
}

#[test]
fn lists_other_than_exit_are_told_apart() {
    assert_eq!(shown("-a never,task"), "-a never,task");
    assert_eq!(shown("-a exclude,always -F msgtype=CWD"), "-a always,exclude -F msgtype=CWD");
}

#[test]
fn options_of_a_line_of_their_own() {
    assert_eq!(read("-b 8192"), Ok(Line::BacklogLimit(8192)));
    assert_eq!(read("-e2"), Ok(Line::State(AuditState::Locked)));
    assert_eq!(read("--backlog_wait_time 60000"), Ok(Line::Nothing));
    assert_eq!(read("  # -w /etc -p wa"), Ok(Line::Nothing));
    assert!(matches!(read("-A never,exit -S open"), Ok(Line::Prepend(_))));
}

#[test]
fn a_key_in_quotes_may_hold_blanks() {
    let AuditRule::Watch(watch) = rule("-w /x -p r -k 'a b'") else { panic!("a watch") };
    assert_eq!(watch.keys, ["a b"]);
}

#[test]
fn what_auditctl_refuses_is_refused_with_the_reason() {
    for (line, why) in [
        ("-w etc/passwd -p wa", "begin with /"),
        ("-a always,exit -F path=/x -F perm=x -k -F T1078", "without an option"),
        ("-a always,exit -F auid", "compares nothing"),
        ("-a always,entry -S open", "no list"),
        ("-e 3", "0, 1 or 2"),
        ("-k only", "neither a list"),
        ("--made-up", "no option"),
        ("-w", "no value"),
    ] {
        let refusal = read(line).expect_err(line);
        assert!(refusal.contains(why), "{line}: {refusal}");
    }
}
