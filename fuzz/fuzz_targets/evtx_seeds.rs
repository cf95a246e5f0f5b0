//! Writes what the EVTX fuzzer starts from: `cargo run --bin evtx-seeds -- corpus/evtx`.

/// The tests' own files, because the package `blindspot-tests` depends on the whole product.
#[path = "../../tests/src"]
#[allow(dead_code, unused_imports, reason = "the builder serves the tests; seeds need part of it")]
mod shared {
    pub mod evtx_builder;
}

use std::{fs, path::PathBuf};

use shared::evtx_builder::{self, Damage, Event, EvtxBuilder, Payload, Style, Value};

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "corpus/evtx".into()));
    fs::create_dir_all(&folder)?;
    for style in [Style::Literals, Style::Slots, Style::Direct] {
        let mut builder = EvtxBuilder::new(style);
        events().iter().for_each(|event| builder.push(event));
        let whole = builder.build();
        let mut torn = whole.clone();
        Damage::TornRecord { chunk: 0, record: 2 }.apply(&mut torn);
        for (name, file) in [("whole", whole), ("torn", torn)] {
            // Mode 1 of the target: a file header is put before what follows. Free space is left out.
            let chunk = &file[evtx_builder::FILE_HEAD..];
            let end = chunk.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            let seed = [&[1][..], &chunk[..end]].concat();
            fs::write(folder.join(format!("{style:?}-{name}").to_lowercase()), seed)?;
        }
    }
    Ok(())
}

fn events() -> Vec<Event> {
    let mut events: Vec<Event> = ["cmd.exe", "-", ""]
        .iter()
        .map(|image| Event::new("Security", "Microsoft-Windows-Security-Auditing", 4688, &[("Image", image)]))
        .collect();
    let mut mixed = Event::new("System", "P", 1, &[]);
    mixed.payload = Payload::EventData(vec![
        (String::new(), Value::from("unnamed")),
        ("Guid".into(), Value::Guid([7; 16])),
        ("Number".into(), Value::Number(1)),
        ("Null".into(), Value::Null),
    ]);
    let mut cleared = Event::new("Security", "Microsoft-Windows-Eventlog", 1102, &[]);
    cleared.payload = Payload::UserData("Cleared".into(), vec![("User".into(), Value::from("a"))]);
    events.extend([mixed, cleared.on("DC01")]);
    let time = jiff::Timestamp::UNIX_EPOCH;
    (1..).zip(events).map(|(id, event)| event.at(id, time)).collect()
}
