//! An event as the `evtx` crate renders it in XML, read back to the facts that the scanner learns from the bytes.

use quick_xml::{
    Reader,
    escape::unescape,
    events::{BytesStart, Event},
};

use super::{filetime, fill};
use crate::fill::Fill;

/// What one rendered event says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) provider: String,
    pub(super) channel: String,
    pub(super) event_id: Option<u16>,
    /// FILETIME.
    pub(super) time: Option<u64>,
    pub(super) record_id: Option<u64>,
    pub(super) computer: String,
    /// Fields in the order of the text; a name may come several times.
    pub(super) fields: Vec<(String, Fill)>,
}

/// An element that is open.
struct Open {
    name: String,
    /// Its `Name` attribute.
    label: Option<String>,
    text: String,
    has_children: bool,
}

impl Rendered {
    /// Reads an event. `None` where the text is not well-formed.
    pub(super) fn parse(xml: &str) -> Option<Self> {
        let mut reader = Reader::from_str(xml);
        let mut rendered = Self::default();
        let mut open: Vec<Open> = Vec::new();
        loop {
            match reader.read_event().ok()? {
                Event::Start(start) => {
                    rendered.open(&mut open, &start)?;
                }
                Event::Empty(start) => {
                    rendered.open(&mut open, &start)?;
                    rendered.close(&mut open)?;
                }
                Event::End(_) => rendered.close(&mut open)?,
                Event::Text(text) => {
                    push(&mut open, &text.xml10_content());
                }
                Event::CData(text) => push(&mut open, &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let name = reference.xml10_content();
                    let text = unescape(&format!("&{name};")).ok()?.into_owned();
                    push(&mut open, &text);
                }
                Event::Eof => break,
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => (),
            }
        }
        open.is_empty().then_some(rendered)
    }

    fn open(&mut self, open: &mut Vec<Open>, start: &BytesStart<'_>) -> Option<()> {
        if let Some(parent) = open.last_mut() {
            parent.has_children = true;
        }
        let name = start.local_name().into_inner().to_owned();
        let attribute = |wanted: &str| {
            let found = start.try_get_attribute(wanted).ok()??;
            Some(unescape(&found.value).ok()?.into_owned())
        };
        if path(open) == ["Event", "System"] {
            match name.as_str() {
                "Provider" => self.provider = attribute("Name").unwrap_or_default(),
                "TimeCreated" => {
                    let time = attribute("SystemTime").and_then(|time| time.parse().ok());
                    self.time = time.and_then(filetime::of_timestamp);
                }
                _ => (),
            }
        }
        open.push(Open { name, label: attribute("Name"), text: String::new(), has_children: false });
        Some(())
    }

    fn close(&mut self, open: &mut Vec<Open>) -> Option<()> {
        let closed = open.pop()?;
        match path(open).as_slice() {
            ["Event", "System"] => match closed.name.as_str() {
                "Channel" => self.channel = closed.text,
                "Computer" => self.computer = closed.text,
                "EventID" => self.event_id = closed.text.trim().parse().ok(),
                "EventRecordID" => self.record_id = closed.text.trim().parse().ok(),
                _ => (),
            },
            ["Event", "System" | "RenderingInfo", ..] | ["Event", "UserData"] | ["Event"] | [] => (),
            ["Event", _, ..] if !closed.has_children => {
                let fill = fill::of_str(&closed.text);
                self.fields.push((closed.label.unwrap_or(closed.name), fill));
            }
            _ => (),
        }
        Some(())
    }
}

fn path(open: &[Open]) -> Vec<&str> {
    open.iter().map(|element| element.name.as_str()).collect()
}

fn push(open: &mut [Open], text: &str) {
    if let Some(element) = open.last_mut() {
        element.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_values_and_leaf_fields_are_read_and_the_wrapper_of_user_data_is_not_a_field() {
        let xml = r#"<?xml version="1.0"?><Event xmlns="x"><System><Provider Name="P&amp;Q"/>
            <EventID Qualifiers="7">41</EventID><TimeCreated SystemTime="2020-01-01T00:00:00.1234567Z"/>
            <EventRecordID>9</EventRecordID><Channel>C</Channel><Computer>H</Computer></System>
            <UserData><Wrapper xmlns="y"><Param1>a &lt; b</Param1><Param2></Param2><Deep><Leaf>-</Leaf></Deep>
            </Wrapper></UserData></Event>"#;
        let rendered = Rendered::parse(xml).unwrap();
        assert_eq!(rendered.provider, "P&Q");
        assert_eq!(rendered.event_id, Some(41));
        assert_eq!(rendered.time, Some(132_223_104_001_234_567));
        let fields: Vec<(&str, Fill)> =
            rendered.fields.iter().map(|(name, fill)| (name.as_str(), *fill)).collect();
        assert_eq!(fields, [("Param1", Fill::Filled), ("Param2", Fill::Empty), ("Leaf", Fill::Placeholder)]);
    }

    #[test]
    fn data_elements_go_by_their_name_attribute_or_data() {
        let xml =
            r#"<Event><System/><EventData><Data Name="Image">x</Data><Data>y</Data></EventData></Event>"#;
        let fields = Rendered::parse(xml).unwrap().fields;
        assert_eq!(fields, [("Image".to_owned(), Fill::Filled), ("Data".to_owned(), Fill::Filled)]);
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        assert_eq!(Rendered::parse("<Event><System>"), None);
    }
}
