//! The arguments of commands that run or ask a collector.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Format;

/// Which collector, and who asks. Without any of it, the one that `blindspot up` or `blindspot user login` wrote down.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Collector")]
pub struct CollectorArgs {
    /// Ask the collector at this address instead of reading logs
    #[arg(long, value_name = "URL", env = "BLINDSPOT_URL")]
    pub collector: Option<String>,
    /// The token to ask with
    #[arg(long, value_name = "TOKEN", env = "BLINDSPOT_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// The certificate of the collector's own authority (ca.pem in its data folder)
    #[arg(long, value_name = "FILE", env = "BLINDSPOT_CA")]
    pub ca: Option<PathBuf>,
    /// The user's own folder
    #[arg(long, hide = true, value_name = "DIR", env = "HOME")]
    pub home: Option<PathBuf>,
}

/// `blindspot serve`.
#[derive(Debug, Args)]
#[command(
    after_help = "At first start, without any user, an administrator is made and their password printed once.
Example:
  blindspot serve --config /etc/blindspot/server.toml"
)]
pub struct ServeArgs {
    /// The server file; config/server.toml shows every key
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
}

/// `blindspot up`.
#[derive(Debug, Args)]
#[command(after_help = "Everything is kept in one folder; delete it to begin anew. Ctrl-C ends both.
In another terminal, in the same folder:
  blindspot hosts list
  blindspot check syslog:sudo --host $(hostname)
  blindspot explain T1059.004 --host $(hostname)")]
pub struct UpArgs {
    /// The folder for everything
    #[arg(long, value_name = "DIR", default_value = crate::client::UP_FOLDER)]
    pub data: PathBuf,
    /// Folder or file of Sigma rules; none means the embedded ATT&CK analytics are the detections
    #[arg(long, value_name = "DIR")]
    pub rules: Vec<PathBuf>,
    /// The port to listen on, on this machine only
    #[arg(long, value_name = "PORT", default_value_t = 8443)]
    pub port: u16,
    /// Folders or files of logs to follow instead of this machine's own
    #[arg(long, value_name = "PATH")]
    pub logs: Vec<PathBuf>,
}

/// `blindspot hosts`.
#[derive(Debug, Subcommand)]
pub enum HostsCommand {
    /// List hosts
    List {
        /// The hosts of this group only
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Only hosts whose name or id holds this text
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// Only hosts that were not heard of for long
        #[arg(long)]
        stale: bool,
        /// Only hosts on which this detection is blind, by its id
        #[arg(long, value_name = "ID")]
        blind: Option<String>,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Show one host: what it records, what was noticed on it
    Show {
        /// Its name or id
        host: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Put an agent's hosts into a group
    Group {
        /// The agent's id
        agent: String,
        /// The group
        group: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Take an agent's reports again, after quarantine
    Release {
        /// The agent's id
        agent: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Revoke an agent's identity for good
    Revoke {
        /// The agent's id
        agent: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Forget an agent with all that it reported
    Forget {
        /// The agent's id
        agent: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
}

/// `blindspot token`.
#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; the string that is printed is what `blindspot-agent enroll` takes
    Create {
        /// The group that its agents get into
        #[arg(long, value_name = "GROUP", default_value = "default")]
        group: String,
        /// How many agents it is good for; none means any number
        #[arg(long, value_name = "N")]
        uses: Option<u32>,
        /// How long it is good
        #[arg(long, value_name = "SPAN", default_value = "24h")]
        ttl: String,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        label: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// List tokens
    List {
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Revoke a token; agents that enrolled with it stay
    Revoke {
        /// Its id
        id: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
}

/// `blindspot user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Log in, and write down where the collector is (for the owner of this home folder only)
    Login {
        /// The user's name
        name: String,
        /// The password; none means it is asked for
        #[arg(long, value_name = "PASSWORD", env = "BLINDSPOT_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// List users
    List {
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Add a user
    Add {
        /// Their name
        name: String,
        /// viewer, analyst or admin
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        role: String,
        /// Their password; none means it is asked for
        #[arg(long, value_name = "PASSWORD", env = "BLINDSPOT_PASSWORD", hide_env_values = true)]
        password: Option<String>,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Remove a user; their tokens end
    Remove {
        /// Their name
        name: String,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Make a token for a program
    Token {
        /// What it is for
        label: String,
        /// viewer, analyst or admin
        #[arg(long, value_name = "ROLE", default_value = "viewer")]
        role: String,
        /// How long it is good, such as 90d; none means for good
        #[arg(long, value_name = "SPAN")]
        ttl: Option<String>,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
}

/// `blindspot export`.
#[derive(Debug, Subcommand)]
pub enum ExportCommand {
    /// Up to 1000 hosts in a form of `blindspot audit`
    Audit {
        /// The form
        #[arg(long, value_name = "FORM", default_value = "json")]
        format: Format,
        /// The hosts of this group only
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// This host only
        #[arg(long, value_name = "HOST", conflicts_with = "group")]
        host: Option<String>,
        /// Write it here (readable by its owner only) instead of to standard output
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// The whole database as one file that restores into SQLite or PostgreSQL
    Backup {
        /// The file to write, readable by its owner only
        #[arg(value_name = "FILE")]
        out: PathBuf,
        /// The collector.
        #[command(flatten)]
        collector: CollectorArgs,
    },
    /// Restore a backup into the empty database of a server file. Run it where no collector runs
    Restore {
        /// The backup
        #[arg(value_name = "FILE")]
        backup: PathBuf,
        /// The server file whose database is to be filled
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}
