//! rsyslog.conf(5) and syslog-ng.conf(5): which files they write, and what is thrown away. No more than that: both are
//! languages of their own.

use blindspot_telemetry::settings::{SyslogDaemon, SyslogProgram};

/// What rsyslog's files say, main file first.
pub(super) fn rsyslog(texts: &[String]) -> SyslogDaemon {
    let mut daemon =
        SyslogDaemon { program: SyslogProgram::Rsyslog, files: Vec::new(), thrown_away: Vec::new() };
    for text in texts {
        let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
        for line in lines.clone() {
            legacy_line(line, &mut daemon);
        }
        let whole: Vec<&str> = lines.collect();
        for action in whole.join(" ").split("action(").skip(1) {
            if quoted(action, "type").is_some_and(|kind| kind.eq_ignore_ascii_case("omfile")) {
                let file = quoted(action, "file").or_else(|| quoted(action, "dynafile"));
                note(&mut daemon.files, file.unwrap_or_default());
            }
        }
    }
    daemon
}

/// `auth,authpriv.*  -/var/log/auth.log`, `*.debug ~`, `mail.none stop`.
fn legacy_line(line: &str, daemon: &mut SyslogDaemon) {
    let Some((selector, action)) = line.split_once(char::is_whitespace) else { return };
    let is_selector = selector.contains('.') && !selector.starts_with('$') && !selector.contains('(');
    if !is_selector {
        return;
    }
    match action.trim() {
        "~" | "stop" => note(&mut daemon.thrown_away, selector),
        action => {
            let path = action.split([';', ' ', '\t']).next().unwrap_or_default();
            let path = path.strip_prefix('-').unwrap_or(path);
            if path.starts_with(['/', '?']) {
                note(&mut daemon.files, path);
            }
        }
    }
}

/// The value of `name="value"`.
fn quoted<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower.get(from..)?.find(name) {
        let at = from + found;
        let before = lower.get(..at)?.chars().next_back();
        from = at + name.len();
        if before.is_some_and(|letter| letter.is_ascii_alphanumeric()) {
            continue;
        }
        if let Some(rest) = text.get(from..)?.trim_start().strip_prefix('=') {
            return rest.trim_start().strip_prefix('"')?.split('"').next();
        }
    }
    None
}

/// What syslog-ng's files say, main file first.
pub(super) fn syslog_ng(texts: &[String]) -> SyslogDaemon {
    let mut files = Vec::new();
    for text in texts {
        let lines: Vec<&str> = text.lines().map(|line| line.split('#').next().unwrap_or_default()).collect();
        for destination in lines.join(" ").split("destination ").skip(1) {
            let block = destination.split("};").next().unwrap_or_default();
            for file in block.split("file(").skip(1) {
                let path = file.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                note(&mut files, path.unwrap_or_default());
            }
        }
    }
    SyslogDaemon { program: SyslogProgram::SyslogNg, files, thrown_away: Vec::new() }
}

fn note(list: &mut Vec<String>, text: &str) {
    if !text.is_empty() && !list.iter().any(|known| known == text) {
        list.push(text.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rsyslog_in_its_old_and_its_new_words() {
        let text = "module(load=\"imuxsock\")\n$FileOwner root\nauth,authpriv.*\t\t\t/var/log/auth.log\n*.*;auth,authpriv.none\t-/var/log/syslog\n*.debug ~\n#mail.* /var/log/mail.log\n*.* @relay:514\nif $programname == 'x' then {\n  action(type=\"omfile\"\n    template=\"t\" file=\"/var/log/x.log\")\n  action(type=\"omfwd\" target=\"relay\")\n}\n";
        let daemon = rsyslog(&[text.to_owned()]);
        assert_eq!(daemon.files, ["/var/log/auth.log", "/var/log/syslog", "/var/log/x.log"]);
        assert_eq!(daemon.thrown_away, ["*.debug"]);
    }

    #[test]
    fn a_relay_alone_writes_no_file() {
        assert_eq!(rsyslog(&["*.* @@relay:514\n".to_owned()]).files, Vec::<String>::new());
    }

    #[test]
    fn syslog_ng_reads_some_files_and_writes_others() {
        let text = "source s { file(\"/proc/kmsg\"); };\ndestination d_auth { file(\"/var/log/auth.log\"); };\ndestination d_net { tcp(\"relay\"); };\nlog { source(s); destination(d_auth); };\n";
        assert_eq!(syslog_ng(&[text.to_owned()]).files, ["/var/log/auth.log"]);
    }
}
