//! What files begin like, each looked into once.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Read as _,
    path::{Path, PathBuf},
};

use crate::{
    live::LogForm,
    sniff::{self, LogKind},
    text::Format,
};

/// What files turned out to be, by path.
#[derive(Debug, Default)]
pub(super) struct Heads {
    known: BTreeMap<PathBuf, Head>,
}

#[derive(Debug)]
struct Head {
    form: Option<LogForm>,
    /// Its size when it was looked into, and when it was made, where that is known.
    bytes: u64,
    born: Option<std::time::SystemTime>,
    /// True where it was asked for since the last beginning.
    seen: bool,
}

impl Heads {
    pub(super) fn begin(&mut self) {
        self.known.values_mut().for_each(|head| head.seen = false);
    }

    pub(super) fn forget_unseen(&mut self) {
        self.known.retain(|_, head| head.seen);
    }

    /// How a file is written; `None` where it is no log that is read as it grows, or may not be read. It is looked into
    /// again only where it is another file, or where it was short and is twice as long.
    pub(super) fn form(&mut self, path: &Path) -> Option<LogForm> {
        let data = fs::metadata(path).ok()?;
        let (bytes, born) = (data.len(), data.created().ok());
        if let Some(head) = self.known.get_mut(path)
            && head.born == born
            && (head.form.is_some() || !head.has_grown(bytes))
        {
            head.seen = true;
            return head.form;
        }
        let form = look(path);
        self.known.insert(path.to_owned(), Head { form, bytes, born, seen: true });
        form
    }
}

impl Head {
    fn has_grown(&self, bytes: u64) -> bool {
        bytes < self.bytes || (self.bytes < sniff::HEAD_BYTES as u64 && bytes > self.bytes.saturating_mul(2))
    }
}

fn look(path: &Path) -> Option<LogForm> {
    let mut head = Vec::new();
    File::open(path).ok()?.take(sniff::HEAD_BYTES as u64).read_to_end(&mut head).ok()?;
    match sniff::kind_of(&head)? {
        LogKind::Evtx => Some(LogForm::Evtx),
        LogKind::Text(format @ (Format::Auditd | Format::Syslog)) => Some(LogForm::Text(format)),
        // A journal is its folder; what journalctl wrote of one does not grow.
        LogKind::Journal | LogKind::Text(_) => None,
    }
}
