//! Writes what the journal fuzzer starts from: `cargo run --bin journal-seeds -- corpus/journal`.

/// The unit tests' own writer.
#[path = "../../agent/sampling/src/journal/builder.rs"]
mod builder;

use std::{fs, path::PathBuf};

use builder::{Compression, HEADER, JournalBuilder, Width};

const TIME: u64 = 1_767_225_600_000_000;

fn main() -> std::io::Result<()> {
    let folder = PathBuf::from(std::env::args_os().nth(1).unwrap_or_else(|| "corpus/journal".into()));
    fs::create_dir_all(&folder)?;
    for width in [Width::Regular, Width::Compact] {
        for compression in [Compression::None, Compression::Lz4, Compression::Zstd] {
            let file = file(width, compression);
            let name = format!("{width:?}-{compression:?}").to_lowercase();
            fs::write(folder.join(format!("{name}-file")), [&[0], &*file].concat())?;
            let mode = if width == Width::Compact { 5 } else { 1 };
            fs::write(folder.join(format!("{name}-objects")), [&[mode], &file[HEADER..]].concat())?;
        }
    }
    let export = format!(
        "\x02__REALTIME_TIMESTAMP={TIME}\n_HOSTNAME=h\nSYSLOG_IDENTIFIER=a\nMESSAGE\n\x04\0\0\0\0\0\0\0a\n\nb\n\n\
         __REALTIME_TIMESTAMP={TIME}\n_COMM=c\n_TRANSPORT=driver\nMESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e\nMESSAGE=7\n\n"
    );
    fs::write(folder.join("export"), export)?;
    let json = format!(
        "\x03{{\"__REALTIME_TIMESTAMP\":\"{TIME}\",\"SYSLOG_IDENTIFIER\":[\"a\\u00e4\",null],\"MESSAGE\":[1,2],\"X\":{{}}}}\n\
         data: {{\"__REALTIME_TIMESTAMP\" : \"{TIME}\", \"_HOSTNAME\":null, \"_PID\":\"1\"}}\n"
    );
    fs::write(folder.join("json"), json)
}

fn file(width: Width, compression: Compression) -> Vec<u8> {
    let mut builder = JournalBuilder::new(width, compression);
    let system = "<System><EventID>3</EventID><Channel>Linux-Sysmon/Operational</Channel></System>";
    let sysmon = format!("MESSAGE=<Event>{system}<EventData><Data Name=\"A\">b</Data></EventData></Event>");
    builder.entry(TIME, &["SYSLOG_IDENTIFIER=a", "_HOSTNAME=h", "PRIORITY=6", "_PID=1", "MESSAGE=text"]);
    builder.entry(TIME, &["SYSLOG_IDENTIFIER=sysmon", "_HOSTNAME=h", &sysmon]);
    let dropped = "MESSAGE_ID=a596d6fe7bfa4994828e72309e95d61e";
    builder.entry(TIME, &["_TRANSPORT=driver", dropped, "N_DROPPED=3", "_COMM=c"]);
    builder.build(2, 64)
}
