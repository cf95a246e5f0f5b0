//! An event as a test describes it.

use jiff::Timestamp;

use super::{
    Style,
    binxml::{Child, Content, Element, Instance, SlotValue},
};

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// `None` leaves the Channel element out, as `Microsoft-Windows-RPC` does.
    pub channel: Option<String>,
    /// Who writes it.
    pub provider: String,
    /// Its number.
    pub event_id: u16,
    /// The machine.
    pub computer: String,
    /// When.
    pub time: Timestamp,
    /// Its EventRecordID, and the id in its header.
    pub record_id: u64,
    /// What it carries.
    pub payload: Payload,
}

/// What an event carries.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// Nothing.
    None,
    /// `EventData`: names and values; a field without a name is an unnamed `<Data>`.
    EventData(Vec<(String, Value)>),
    /// `UserData`: the wrapper element's name, and its children.
    UserData(String, Vec<(String, Value)>),
}

/// A field's value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string.
    Text(String),
    /// A 32-bit number.
    Number(u32),
    /// A GUID.
    Guid([u8; 16]),
    /// Declared, and not there.
    Null,
    /// A number that is part of the template. Windows writes only text so; the scanner leaves it to a full parse.
    TemplateNumber(u32),
    /// An element of this name and text inside the field, as a nested fragment.
    Nested(String, String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl Event {
    /// An event with named text fields.
    #[must_use]
    pub fn new(channel: &str, provider: &str, event_id: u16, data: &[(&str, &str)]) -> Self {
        let data = data.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect();
        Self {
            channel: Some(channel.to_owned()),
            provider: provider.to_owned(),
            event_id,
            computer: "WS01".to_owned(),
            time: Timestamp::UNIX_EPOCH,
            record_id: 1,
            payload: Payload::EventData(data),
        }
    }

    /// The same on another machine.
    #[must_use]
    pub fn on(mut self, computer: &str) -> Self {
        self.computer = computer.to_owned();
        self
    }

    /// The same with this id and time.
    #[must_use]
    pub fn at(mut self, record_id: u64, time: Timestamp) -> Self {
        self.record_id = record_id;
        self.time = time;
        self
    }

    /// 100 ns since 1601.
    pub(super) fn filetime(&self) -> u64 {
        let ticks = self.time.as_nanosecond() / 100 + 116_444_736_000_000_000;
        u64::try_from(ticks).expect("a time after 1601")
    }

    /// The root of the record: a template and its values, or without template a tree of text only.
    pub(super) fn root(&self, style: Style) -> Instance {
        let mut values = Slots { style, values: Vec::new() };
        let system = vec![
            Element::new("Provider").with("Name", values.text(&self.provider)),
            Element::new("EventID").holding(values.typed(0x06, &self.event_id.to_le_bytes(), self.event_id)),
            Element::new("TimeCreated")
                .with("SystemTime", values.typed(0x11, &self.filetime().to_le_bytes(), self.time)),
            Element::new("EventRecordID").holding(values.typed(
                0x0a,
                &self.record_id.to_le_bytes(),
                self.record_id,
            )),
        ];
        let channel = self.channel.as_ref();
        let channel = channel.map(|channel| Element::new("Channel").holding(values.text(channel)));
        let computer = Element::new("Computer").holding(values.text(&self.computer));
        let mut system_element = Element::new("System");
        system_element.children =
            system.into_iter().chain(channel).chain([computer]).map(Child::Element).collect();
        let mut event = Element::new("Event")
            .with("xmlns", Content::Text("http://schemas.microsoft.com/win/2004/08/events/event".to_owned()));
        event.children.push(Child::Element(system_element));
        if let Some(payload) = self.payload_instance(style) {
            let child = match style {
                Style::Direct => Child::Element(payload.template),
                Style::Literals | Style::Slots => Child::Content(values.nested(payload)),
            };
            event.children.push(child);
        }
        Instance { template: event, values: values.values }
    }

    fn payload_instance(&self, style: Style) -> Option<Instance> {
        let mut values = Slots { style, values: Vec::new() };
        let element =
            match &self.payload {
                Payload::None => return None,
                Payload::EventData(data) => {
                    let mut event_data = Element::new("EventData");
                    event_data.children.extend(data.iter().map(|(name, value)| {
                        let element = Element::new("Data").with_child(values.value(value));
                        Child::Element(match name.as_str() {
                            "" => element,
                            name => element.with("Name", Content::Text(name.to_owned())),
                        })
                    }));
                    event_data
                }
                Payload::UserData(wrapper, data) => {
                    let mut inner = Element::new(wrapper).with("xmlns", Content::Text("Event_NS".to_owned()));
                    inner.children.extend(data.iter().map(|(name, value)| {
                        Child::Element(Element::new(name).with_child(values.value(value)))
                    }));
                    let mut user_data = Element::new("UserData");
                    user_data.children.push(Child::Element(inner));
                    user_data
                }
            };
        Some(Instance { template: element, values: values.values })
    }
}

/// Values in the order of their slots, or text in place, as the style asks.
struct Slots {
    style: Style,
    values: Vec<SlotValue>,
}

impl Slots {
    fn slot(&mut self, value: SlotValue) -> Content {
        self.values.push(value);
        Content::Slot(u16::try_from(self.values.len() - 1).expect("fewer than 65,536 values"))
    }

    /// A name: in the template or not.
    fn text(&mut self, text: &str) -> Content {
        match self.style {
            Style::Slots => self.slot(SlotValue::Bytes(0x01, utf16(text))),
            Style::Literals | Style::Direct => Content::Text(text.to_owned()),
        }
    }

    /// A value that is typed wherever there is a template.
    fn typed(&mut self, kind: u8, bytes: &[u8], text: impl std::fmt::Display) -> Content {
        match self.style {
            Style::Direct => Content::Text(text.to_string()),
            Style::Literals | Style::Slots => self.slot(SlotValue::Bytes(kind, bytes.to_vec())),
        }
    }

    fn value(&mut self, value: &Value) -> Child {
        Child::Content(match value {
            // Windows counts the closing NUL of a field as part of it.
            Value::Text(text) => self.typed(0x01, &utf16(&format!("{text}\0")), text),
            Value::Number(number) => self.typed(0x08, &number.to_le_bytes(), number),
            Value::Guid(guid) => self.typed(0x0f, guid, guid_text(guid)),
            Value::Null => self.typed(0x00, &[], ""),
            Value::TemplateNumber(number) => Content::Number(*number),
            Value::Nested(name, text) => {
                let mut values = Slots { style: self.style, values: Vec::new() };
                let template = Element::new(name).with_child(values.value(&Value::Text(text.clone())));
                if self.style == Style::Direct {
                    return Child::Element(template);
                }
                self.nested(Instance { template, values: values.values })
            }
        })
    }

    fn nested(&mut self, instance: Instance) -> Content {
        self.slot(SlotValue::Nested(Box::new(instance)))
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The first three groups are stored little-endian ([MS-DTYP] 2.3.4).
fn guid_text(guid: &[u8; 16]) -> String {
    let [a, b, c, d, e, f, g, h, rest @ ..] = guid;
    let tail: String = rest.iter().skip(2).map(|byte| format!("{byte:02x}")).collect();
    let [i, j, ..] = rest;
    format!("{{{d:02x}{c:02x}{b:02x}{a:02x}-{f:02x}{e:02x}-{h:02x}{g:02x}-{i:02x}{j:02x}-{tail}}}")
}
