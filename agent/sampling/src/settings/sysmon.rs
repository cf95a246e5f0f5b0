//! A Sysmon configuration in XML: what each event tag lets through, in numbers.

use blindspot_telemetry::settings::{OnMatch, SysmonFilter, SysmonSettings};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// What the text says, as far as it is well-formed.
pub(super) fn read(xml: &str) -> SysmonSettings {
    let mut reading = Reading::default();
    let mut reader = Reader::from_str(xml.trim_start_matches('\u{feff}'));
    loop {
        match reader.read_event() {
            Ok(Event::Start(start)) => {
                reading.open(&start);
                reading.depth += 1;
            }
            Ok(Event::Empty(start)) => {
                reading.open(&start);
                reading.close();
            }
            Ok(Event::End(_)) => {
                reading.depth = reading.depth.saturating_sub(1);
                reading.close();
            }
            Ok(Event::Eof) => break,
            Ok(_) => {}
            Err(error) => {
                reading.settings.not_understood.push(format!("not well-formed: {error}"));
                break;
            }
        }
    }
    if reading.settings.schema.is_none() {
        reading.settings.not_understood.push("no Sysmon element with a schemaversion".to_owned());
    }
    reading.settings
}

#[derive(Default)]
struct Reading {
    settings: SysmonSettings,
    depth: usize,
    /// The depth of `EventFiltering`, while it is open.
    filtering: Option<usize>,
    /// The depth of the event tag that is open.
    tag: Option<usize>,
}

impl Reading {
    fn open(&mut self, start: &BytesStart<'_>) {
        let name = start.local_name().into_inner().to_owned();
        let attribute = |wanted: &str| {
            let found = start.try_get_attribute(wanted).ok()??;
            Some(found.value.trim().to_ascii_lowercase())
        };
        match name.as_str() {
            "Sysmon" => self.settings.schema = attribute("schemaversion"),
            "EventFiltering" => self.filtering = Some(self.depth),
            // Groups of conditions, not conditions.
            "Rule" | "RuleGroup" => {}
            _ if self.filtering.is_none() => {}
            _ if self.tag.is_some() => {
                if let Some(filter) = self.settings.filters.last_mut() {
                    filter.conditions += 1;
                }
            }
            _ => match attribute("onmatch").or_else(|| attribute("default")).as_deref() {
                Some("include") => self.begin(name, OnMatch::Include),
                Some("exclude") => self.begin(name, OnMatch::Exclude),
                _ => self.settings.not_understood.push(format!("{name} has no onmatch")),
            },
        }
    }

    fn begin(&mut self, tag: String, on_match: OnMatch) {
        self.tag = Some(self.depth);
        self.settings.filters.push(SysmonFilter { tag, on_match, conditions: 0 });
    }

    /// An element that began at the present depth is closed.
    fn close(&mut self) {
        if self.tag == Some(self.depth) {
            self.tag = None;
        }
        if self.filtering == Some(self.depth) {
            self.filtering = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_counted_at_any_depth() {
        let xml = r#"<Sysmon schemaversion="4.81"><HashAlgorithms>*</HashAlgorithms><EventFiltering>
            <RuleGroup name="" groupRelation="or"><ProcessCreate onmatch="include">
              <Rule groupRelation="and"><Image condition="end with">/sh</Image><User condition="is">root</User></Rule>
              <Image condition="is">/bin/ls</Image></ProcessCreate></RuleGroup>
            <FileCreate onmatch="exclude"/><NetworkConnect onmatch="Include"/></EventFiltering></Sysmon>"#;
        let settings = read(xml);
        assert_eq!(settings.schema.as_deref(), Some("4.81"));
        let shown: Vec<_> =
            settings.filters.iter().map(|it| (it.tag.as_str(), it.on_match, it.conditions)).collect();
        assert_eq!(
            shown,
            [
                ("ProcessCreate", OnMatch::Include, 3),
                ("FileCreate", OnMatch::Exclude, 0),
                ("NetworkConnect", OnMatch::Include, 0)
            ]
        );
        assert_eq!(settings.not_understood, Vec::<String>::new());
    }

    #[test]
    fn torn_text_gives_what_it_held_and_says_so() {
        let settings =
            read("<Sysmon schemaversion=\"4.81\"><EventFiltering><ProcessCreate onmatch=\"exclude\"></Oops>");
        assert_eq!(settings.filters.len(), 1);
        assert_eq!(settings.not_understood.len(), 1);
        assert_eq!(read("hello").not_understood.len(), 1);
    }
}
