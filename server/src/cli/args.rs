//! The command line as typed. What it means is worked out in each command's own file.

mod collector;

use std::path::PathBuf;

pub use collector::{
    CollectorArgs, ExportCommand, HostsCommand, ServeArgs, TokenCommand, UpArgs, UserCommand,
};

use blindspot_catalog::{Level, Status};
use blindspot_telemetry::EventTypePattern;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Which of your detections cannot see, on which host, why, and what to switch on.
#[derive(Debug, Parser)]
#[command(name = "blindspot", version, about, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "Examples:
  what this machine can and cannot see
      blindspot audit
  what these rules can and cannot see in these logs
      blindspot audit LOGS --rules sigma/rules
  is Sysmon event 13 recorded? exit code 0 or 1
      blindspot check sysmon:13 LOGS
  why a technique is seen or not, and how to mend it
      blindspot explain T1547.001 LOGS --rules sigma/rules
  a collector and an agent on this machine, for a first look
      blindspot up
  is it recorded on every host that reports to a collector?
      blindspot check sysmon:13 --collector https://collector.example:8443")]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read logs and say which detections are blind, why, and what to switch on
    Audit(AuditArgs),
    /// Ask whether one event type is recorded: exit code 0 flowing, 1 not, 2 error, 3 could not look
    Check(CheckArgs),
    /// Say why a technique, rule, analytic or event type is seen or not, on what evidence, and how to mend it
    Explain(ExplainArgs),
    /// Show or lint Sigma rules: what each needs, whatever any host has
    #[command(subcommand)]
    Rules(RulesCommand),
    /// Show the catalogue, or compile a newer ATT&CK bundle
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Start a collector and an agent on this machine, for a first look
    Up(UpArgs),
    /// Run the collector that agents report to
    Serve(ServeArgs),
    /// List the hosts that report to a collector, sort, quarantine, revoke or forget them
    #[command(subcommand)]
    Hosts(HostsCommand),
    /// Make, list and revoke the tokens with which agents enrol
    #[command(subcommand)]
    Token(TokenCommand),
    /// Log in to a collector; list, add, change and remove its users and their tokens
    #[command(subcommand)]
    User(UserCommand),
    /// Get hosts of a collector in the forms of an audit, or its whole database as a backup
    #[command(subcommand)]
    Export(ExportCommand),
    /// Say whether a server file can be used
    CheckConfig {
        /// The server file.
        file: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Write man pages into a folder
    #[command(hide = true)]
    Man {
        /// The folder.
        folder: PathBuf,
    },
}

/// Where logs and detections come from; shared by the commands that judge.
#[derive(Debug, Args)]
pub struct InputArgs {
    /// Folders or files of logs (.evtx, audit.log, syslog, journal); none means this machine's own
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Folder or file of Sigma rules; none means the embedded ATT&CK analytics are the detections
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// A team's own detections, as TOML or CSV (SIEM rules, EDR alerts without a Sigma form)
    #[arg(long, value_name = "FILE")]
    pub detections: Vec<PathBuf>,
    /// An ATT&CK STIX bundle, or a folder that `catalog import` wrote, instead of the embedded ATT&CK
    #[arg(long, value_name = "FILE")]
    pub attack: Option<PathBuf>,
    /// Folder with catalogue tables that override or extend the embedded ones
    #[arg(long, value_name = "DIR", env = "BLINDSPOT_CATALOG")]
    pub catalog: Option<PathBuf>,
    /// An earlier audit's JSON: its hosts are judged as if their logs were here
    #[arg(long, value_name = "FILE")]
    pub inventory: Vec<PathBuf>,
    /// Count only events this far back from each host's newest record, such as 7d or 12h; on this machine's own logs
    /// from now, and 7d where nothing is said
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    pub since: Option<jiff::SignedDuration>,
    /// The zone of log times that name none, such as Europe/Berlin; none means this machine's
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    pub zone: Option<jiff::tz::TimeZone>,
    /// Only detections of this level, or with a `+` of this level and above, such as high+
    #[arg(long, value_name = "LEVEL", value_parser = parse_levels)]
    pub level: Option<Levels>,
    /// Only rules of these statuses, such as stable,test
    #[arg(long, value_name = "STATUS", value_delimiter = ',', value_parser = parse_status)]
    pub status: Vec<Status>,
    /// Threads to read and judge with; none means one per core
    #[arg(long, value_name = "N")]
    pub threads: Option<std::num::NonZeroUsize>,
}

/// Levels to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Levels(pub Vec<Level>);

/// `blindspot audit`.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 report written (problems are listed in it), 1 a --fail-on gate tripped,
2 nothing could be judged, or wrong usage.

Examples:
  one page for people who would rather look
      blindspot audit LOGS --rules sigma/rules --format html --out report.html
  a gate for a pipeline: fail where a detection went blind since yesterday
      blindspot audit LOGS --rules sigma/rules --baseline yesterday.json --fail-on new-blind
  how well are the techniques of FIN7 seen, and what to invest in
      blindspot audit LOGS --threat-group FIN7"
)]
pub struct AuditArgs {
    /// Logs and detections.
    #[command(flatten)]
    pub input: InputArgs,
    /// Show how well the techniques of an ATT&CK group are seen, by id, name or alias, such as G0046 or FIN7
    #[arg(long, value_name = "GROUP")]
    pub threat_group: Vec<String>,
    /// Show the techniques that an ATT&CK mitigation covers beside how well they are seen, such as M1038
    #[arg(long, value_name = "MITIGATION")]
    pub mitigation: Vec<String>,
    /// An earlier audit's JSON: say what was lost and gained since
    #[arg(long, value_name = "OLD.json")]
    pub baseline: Option<PathBuf>,
    /// Exit with 1 where a detection is blind on some host, or blind and was not in the baseline
    #[arg(long, value_name = "WHEN")]
    pub fail_on: Option<FailOn>,
    /// Read every log a second time with a full parser and show where the two differ
    #[arg(long)]
    pub verify: bool,
    /// Replace host names by keyed hashes and leave paths out
    #[arg(long)]
    pub redact: bool,
    /// The key of --redact: the same key gives the same hashes; without one they differ in every report
    #[arg(
        long,
        value_name = "KEY",
        env = "BLINDSPOT_REDACT_KEY",
        hide_env_values = true,
        requires = "redact"
    )]
    pub redact_key: Option<String>,
    /// The form of the report
    #[arg(long, value_name = "FORM", default_value = "text")]
    pub format: Format,
    /// Write the report here (readable by its owner only) instead of to standard output
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// When an audit ends with exit code 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A detection is blind on some host.
    Blind,
    /// A detection is blind on some host and was not so in the baseline.
    NewBlind,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For a terminal.
    Text,
    /// The published JSON document.
    Json,
    /// One line per detection.
    Csv,
    /// One page that opens without network.
    Html,
    /// ATT&CK Navigator layers 4.5.
    Navigator,
    /// DeTT&CT data source administration 1.1.
    Dettect,
}

/// `blindspot check`.
#[derive(Debug, Args)]
#[command(after_help = "With several hosts the answer is 0 only where it flows on all of them.

Examples:
  blindspot check syslog:sudo
  blindspot check auditd:SYSCALL/execve --within 24h
  blindspot check sysmon:13 LOGS --field TargetObject
  blindspot check security:4688 LOGS --field CommandLine --within 24h
  blindspot check 'system[Service Control Manager]:7045' LOGS --host DC01")]
pub struct CheckArgs {
    /// The event type, such as sysmon:13, security:4688 or system[Service Control Manager]:7045
    pub event_type: EventTypePattern,
    /// Folders or files of logs (.evtx, audit.log, syslog, journal); none means this machine's own
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Ask for a field too: it must hold a value
    #[arg(long, value_name = "NAME")]
    pub field: Option<String>,
    /// Count only events this far back from each host's newest record, such as 24h; on this machine's own logs from
    /// now, and 7d where nothing is said
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    pub within: Option<jiff::SignedDuration>,
    /// The zone of log times that name none, such as Europe/Berlin; none means this machine's
    #[arg(long, value_name = "ZONE", value_parser = parse_zone)]
    pub zone: Option<jiff::tz::TimeZone>,
    /// Ask of this host only
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Ask of the hosts of this group of a collector
    #[arg(long, value_name = "GROUP", conflicts_with = "host")]
    pub group: Option<String>,
    /// An earlier audit's JSON to ask instead of, or beside, logs
    #[arg(long, value_name = "FILE")]
    pub inventory: Vec<PathBuf>,
    /// The collector to ask.
    #[command(flatten)]
    pub collector: CollectorArgs,
}

/// `blindspot explain`.
#[derive(Debug, Args)]
#[command(
    after_help = "Lines that begin with + are evidence, with - what is closed and why, with ~ exclusions that lost
a field, with . what no agent samples.

Examples:
  blindspot explain T1547.001 LOGS --rules sigma/rules
  blindspot explain 'Program started from a Run key' LOGS --rules sigma/rules --host WS01
  blindspot explain AN0009 LOGS"
)]
pub struct ExplainArgs {
    /// A technique (T1547.001), a rule's id or title, an analytic (AN0001) or an event type (sysmon:13)
    pub what: String,
    /// Logs and detections.
    #[command(flatten)]
    pub input: InputArgs,
    /// This host only
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// The hosts of this group of a collector only
    #[arg(long, value_name = "GROUP", conflicts_with = "host")]
    pub group: Option<String>,
    /// The collector to ask.
    #[command(flatten)]
    pub collector: CollectorArgs,
}

/// `blindspot rules`.
#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// What each rule needs: event types, fields, alternatives
    Show {
        /// Folders or files of Sigma rules
        #[arg(required = true, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// The form of the list
        #[arg(long, value_name = "FORM", default_value = "text")]
        format: ListFormat,
        /// Folder with catalogue tables that override or extend the embedded ones
        #[arg(long, value_name = "DIR", env = "BLINDSPOT_CATALOG")]
        catalog: Option<PathBuf>,
    },
    /// Rules that are unmapped, broken, or mapped too generically to ATT&CK
    Lint {
        /// Folders or files of Sigma rules
        #[arg(required = true, value_name = "DIR")]
        rules: Vec<PathBuf>,
        /// Folder with catalogue tables that override or extend the embedded ones
        #[arg(long, value_name = "DIR", env = "BLINDSPOT_CATALOG")]
        catalog: Option<PathBuf>,
    },
}

/// The form of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ListFormat {
    /// For a terminal.
    Text,
    /// The published JSON document.
    Json,
}

/// `blindspot catalog`.
#[derive(Debug, Subcommand)]
pub enum CatalogCommand {
    /// Versions and counts of what is embedded, or all that is known of one event type
    Show {
        /// An event type, such as security:4688
        event_type: Option<EventTypePattern>,
        /// Folder with catalogue tables that override or extend the embedded ones
        #[arg(long, value_name = "DIR", env = "BLINDSPOT_CATALOG")]
        catalog: Option<PathBuf>,
    },
    /// Compile an ATT&CK STIX bundle (2.0 or 2.1) into a folder for `--attack`
    Import {
        /// The bundle
        file: PathBuf,
        /// The folder to write
        #[arg(long, value_name = "DIR", default_value = "attack")]
        out: PathBuf,
        /// The ATT&CK version, for bundles that do not carry it
        #[arg(long, value_name = "VERSION")]
        attack_version: Option<String>,
    },
}

fn parse_zone(text: &str) -> Result<jiff::tz::TimeZone, String> {
    jiff::tz::TimeZone::get(text)
        .map_err(|_| format!("`{text}` is no time zone; one reads like Europe/Berlin or UTC"))
}

pub(crate) fn parse_span(text: &str) -> Result<jiff::SignedDuration, String> {
    let hint = || format!("`{text}` is no span; one reads like 7d, 24h or 90m");
    let split = text.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(hint)?;
    let (number, unit) = text.split_at_checked(split).ok_or_else(hint)?;
    let number: i64 = number.parse().map_err(|_| hint())?;
    let secs = match unit {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return Err(hint()),
    };
    match number.checked_mul(secs) {
        Some(secs) if secs > 0 => Ok(jiff::SignedDuration::from_secs(secs)),
        _ => Err(hint()),
    }
}

fn parse_levels(text: &str) -> Result<Levels, String> {
    let (name, above) = text.strip_suffix('+').map_or((text, false), |name| (name, true));
    let level = Level::ALL.into_iter().find(|level| level.as_str() == name).ok_or_else(|| {
        format!("`{name}` is no level; levels are informational, low, medium, high, critical, each with an optional +")
    })?;
    Ok(Levels(Level::ALL.into_iter().filter(|each| *each == level || (above && *each > level)).collect()))
}

fn parse_status(text: &str) -> Result<Status, String> {
    Status::ALL.into_iter().find(|status| status.as_str() == text).ok_or_else(|| {
        format!("`{text}` is no status; statuses are stable, test, experimental, deprecated, unsupported")
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn spans_and_levels_mean_what_they_say() {
        assert_eq!(parse_span("7d").unwrap().as_hours(), 168);
        assert_eq!(parse_span("90m").unwrap().as_mins(), 90);
        assert!(parse_span("7").unwrap_err().contains("`7`"));
        assert!(parse_span("0h").is_err());
        assert!(parse_span("99999999999999999d").is_err());
        assert_eq!(parse_levels("high+").unwrap().0, [Level::High, Level::Critical]);
        assert_eq!(parse_levels("low").unwrap().0, [Level::Low]);
        assert!(parse_levels("loud").unwrap_err().contains("critical"));
    }
}
