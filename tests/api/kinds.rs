//! Kinds of wrong reports, each with the answer that it should get.

use std::fmt::Write as _;

use blindspot_telemetry::wire::{MAX_BODY_BYTES, REPORT_PATH, envelope::HEADER};
use blindspot_tests::random_fleet::Random;
use serde_json::{Value, json};

use crate::{
    agent::{Agent, pack, pack_json, report},
    client::request,
};

/// What a kind should be answered: a status, and the word of the refusal. `None`: HTTP itself was not right, or it is
/// accepted.
pub(crate) type Expected = (u16, Option<&'static str>);

/// One kind.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) expected: Expected,
    /// The bytes of one such request.
    pub(crate) make: fn(&mut Random, &mut Agent) -> Vec<u8>,
}

const BAD_BODY: Expected = (400, Some("bad_body"));
const BAD_VALUE: Expected = (400, Some("bad_value"));
const BAD_ENVELOPE: Expected = (400, Some("bad_envelope"));
const NOT_ALLOWED: Expected = (401, Some("not_allowed"));
const TOO_LARGE: Expected = (413, Some("too_large"));
const TOO_MANY: Expected = (413, Some("too_many"));
const ACCEPTED: Expected = (200, None);
const NO_HTTP: Expected = (400, None);
/// HTTP reads no more of a head than this.
pub(crate) const LONG_HEAD: Expected = (431, None);

/// All of them.
pub(crate) fn all() -> Vec<Kind> {
    [packing(), texts(), values(), sizes(), envelopes(), transport()].into_iter().flatten().collect()
}

fn kind(name: &'static str, expected: Expected, make: fn(&mut Random, &mut Agent) -> Vec<u8>) -> Kind {
    Kind { name, expected, make }
}

fn bytes(random: &mut Random, count: usize) -> Vec<u8> {
    (0..count).map(|_| random.number() as u8).collect()
}

/// A frame of so many blocks, each of 128 KiB of one byte, for a window of 2 to this power.
fn bomb(window_log: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (window_log - 10) << 3];
    let size: u32 = 128 << 10;
    for block in 0..blocks {
        let head = u32::from(block + 1 == blocks) | 1 << 1 | size << 3;
        frame.extend_from_slice(&head.to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

fn packing() -> Vec<Kind> {
    vec![
        kind("random bytes", BAD_BODY, |random, agent| {
            let count = 1 + random.below(3000);
            let body = bytes(random, count);
            agent.report(&body)
        }),
        kind("empty", BAD_BODY, |_, agent| agent.report(b"")),
        kind("not packed", BAD_BODY, |_, agent| agent.report(report().to_string().as_bytes())),
        kind("cut off", BAD_BODY, |random, agent| {
            let whole = pack_json(&report());
            agent.report(&whole[..1 + random.below(whole.len() - 1)])
        }),
        kind("one bit flipped in the frame's head", BAD_BODY, |random, agent| {
            let mut body = pack_json(&report());
            body[random.below(4)] ^= 1 << random.below(8);
            agent.report(&body)
        }),
        kind("bomb", TOO_LARGE, |random, agent| agent.report(&bomb(20, 17 + random.below(60_000)))),
        kind("huge window", BAD_BODY, |random, agent| agent.report(&bomb(21 + random.below(20) as u8, 2))),
        kind("packed twice", BAD_BODY, |_, agent| agent.report(&pack(&pack_json(&report())))),
        kind("two frames", BAD_BODY, |_, agent| {
            let body = [pack_json(&report()), pack_json(&report())].concat();
            agent.report(&body)
        }),
        kind("garbage behind", BAD_BODY, |random, agent| {
            let count = 1 + random.below(100);
            let body = [pack_json(&report()), bytes(random, count)].concat();
            agent.report(&body)
        }),
    ]
}

fn texts() -> Vec<Kind> {
    let mut kinds = vec![
        kind("not JSON", BAD_BODY, |random, agent| {
            let count = random.below(500);
            let text = bytes(random, count);
            agent.report(&pack(&text))
        }),
        kind("JSON cut off", BAD_BODY, |random, agent| {
            let text = report().to_string();
            agent.report(&pack(&text.as_bytes()[..random.below(text.len() - 1)]))
        }),
        kind("other JSON", BAD_BODY, |random, agent| {
            agent.report(&pack_json(random.pick(&[
                json!(null),
                json!([]),
                json!({}),
                json!("x"),
                json!(1),
                json!(true),
            ])))
        }),
        kind("another schema", BAD_BODY, |random, agent| {
            let mut json = report();
            json["schema"] = json!(format!("blindspot.report/{}", 2 + random.below(1_000_000)));
            agent.report(&pack_json(&json))
        }),
        kind("deep", BAD_BODY, |random, agent| {
            let depth = 200 + random.below(100_000);
            agent.report(&pack(&[b"[".repeat(depth), b"]".repeat(depth)].concat()))
        }),
        kind("deep within", BAD_BODY, |random, agent| {
            let depth = 200 + random.below(10_000);
            let deep = format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
            let text =
                report().to_string().replacen("\"records\":3", &format!("\"records\":3,\"other\":{deep}"), 1);
            agent.report(&pack(text.as_bytes()))
        }),
    ];
    kinds.push(kind("not a count", BAD_BODY, |random, agent| {
        let wrong = [
            "NaN",
            "-1",
            "1.5",
            "1e400",
            "18446744073709551616",
            "-9223372036854775809",
            "\"3\"",
            "null",
            "[]",
            "Infinity",
        ];
        let text =
            report().to_string().replacen("\"count\":3", &format!("\"count\":{}", random.pick(&wrong)), 1);
        agent.report(&pack(text.as_bytes()))
    }));
    kinds.push(kind("a part left out", BAD_BODY, |random, agent| {
        let mut json = report();
        let part = *random.pick(&["schema", "kind", "host", "interval_s", "logs"]);
        json.as_object_mut().unwrap().remove(part);
        agent.report(&pack_json(&json))
    }));
    kinds.push(kind("another type of value", BAD_BODY, |random, agent| {
        let mut json = report();
        let at = *random.pick(&[
            "/schema",
            "/kind",
            "/host",
            "/host/name",
            "/interval_s",
            "/logs",
            "/logs/0",
            "/logs/0/path",
            "/logs/0/computers",
            "/logs/0/computers/0/types",
            "/logs/0/computers/0/types/0/type",
            "/footprint",
        ]);
        *json.pointer_mut(at).unwrap() = random.pick(&[json!(-7), json!(true), json!({"a": 1})]).clone();
        agent.report(&pack_json(&json))
    }));
    kinds
}

/// The report with one thing changed in its one event type.
fn row(change: impl FnOnce(&mut Value)) -> Value {
    let mut json = report();
    change(json.pointer_mut("/logs/0/computers/0/types/0").unwrap());
    json
}

fn values() -> Vec<Kind> {
    vec![
        kind("a span reversed", BAD_VALUE, |random, agent| {
            let first = random.below(1 << 40) as i64;
            let last = first - 1 - random.below(1 << 30) as i64;
            agent.report(&pack_json(&row(|row| row["span"] = json!([first, last]))))
        }),
        kind("a span that is no time", BAD_VALUE, |random, agent| {
            let far = i64::MAX - random.below(1 << 40) as i64;
            let span = if random.percent(50) { json!([0, far]) } else { json!([-far, 0]) };
            agent.report(&pack_json(&row(|row| row["span"] = span)))
        }),
        kind("coverage reversed", BAD_VALUE, |_, agent| {
            let mut json = report();
            json["coverage"] = json!(["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"]);
            agent.report(&pack_json(&json))
        }),
        kind("an unknown status", BAD_VALUE, |random, agent| {
            let mut json = report();
            json["logs"][0]["status"] = json!(format!("s{}", random.number()));
            agent.report(&pack_json(&json))
        }),
        kind("a count that cannot be", BAD_VALUE, |random, agent| {
            let huge = u64::MAX - random.below(1 << 62) as u64;
            agent.report(&pack_json(&row(|row| match random.below(4) {
                0 => row["count"] = json!(huge),
                1 => row["undated"] = json!(huge),
                2 => row["hours"] = json!({"490000": huge}),
                _ => row["fields"] = json!({"severity": [1, huge, 1]}),
            })))
        }),
        kind("hours far off", ACCEPTED, |random, agent| {
            let hour = *random.pick(&[i64::MAX, i64::MIN, 0, -1, 600_000, 1_000_000, 1 << 40, -(1 << 40)]);
            let hour = hour.saturating_add(random.below(1000) as i64);
            agent.report(&pack_json(&row(|row| row["hours"] = json!({hour.to_string(): 3}))))
        }),
        kind("control and bidi characters", ACCEPTED, |random, agent| {
            let evil = *random.pick(&[
                "\u{0}",
                "\u{1b}[2J",
                "\u{202e}",
                "\r\nSet-Cookie: a=b",
                "\u{feff}",
                "'; DROP TABLE hosts; --",
                "<script>",
            ]);
            let mut json = row(|row| row["type"] = json!({"syslog": format!("sshd{evil}")}));
            json["host"]["name"] = json!(format!("host{evil}"));
            json["findings"] =
                json!([{"code": evil, "text": evil, "log": evil, "at": "2026-01-01T00:00:00Z"}]);
            agent.report(&pack_json(&json))
        }),
    ]
}

fn sizes() -> Vec<Kind> {
    vec![
        kind("2001 event types", TOO_MANY, |_, agent| {
            let types = (0..2001).map(|n| json!({"type": {"syslog": format!("p{n}")}, "count": 1}));
            let mut json = report();
            json["logs"][0]["computers"][0]["types"] = types.collect();
            agent.report(&pack_json(&json))
        }),
        kind("513 fields", TOO_MANY, |random, agent| {
            let full = random.below(513);
            let names = |range: std::ops::Range<usize>| range.map(|n| format!("f{n}"));
            let fields: serde_json::Map<_, _> =
                names(full..513).map(|name| (name, json!([1, 0, 0]))).collect();
            agent.report(&pack_json(&row(|row| {
                row["full"] = names(0..full).collect();
                row["fields"] = Value::Object(fields);
            })))
        }),
        kind("names of 257 bytes", TOO_MANY, |random, agent| {
            let name = "x".repeat(257);
            let mut json = report();
            let at = *random.pick(&[
                "/host/name",
                "/host/platform",
                "/host/machine",
                "/host/boot",
                "/host/version",
                "/logs/0/computers/0/name",
                "/logs/0/computers/0/types/0/type/syslog",
                "/logs/0/computers/0/types/0/full/0",
                "/logs/0/holds/0",
            ]);
            *json.pointer_mut(at).unwrap() = json!(name);
            agent.report(&pack_json(&json))
        }),
        kind("texts of 1025 bytes", TOO_MANY, |random, agent| {
            let mut json = report();
            let long = json!("x".repeat(1025));
            json["findings"] = json!([{"code": "a", "log": "b", "text": "c", "at": "2026-01-01T00:00:00Z"}]);
            *json
                .pointer_mut(random.pick::<&str>(&["/findings/0/text", "/findings/0/log", "/logs/0/path"]))
                .unwrap() = long;
            agent.report(&pack_json(&json))
        }),
        kind("257 findings", TOO_MANY, |_, agent| {
            let mut json = report();
            json["findings"] =
                (0..257).map(|_| json!({"code": "a", "text": "b", "at": "2026-01-01T00:00:00Z"})).collect();
            agent.report(&pack_json(&json))
        }),
        kind("4097 logs", TOO_MANY, |_, agent| {
            let mut json = report();
            let log = json["logs"][0].clone();
            json["logs"] = (0..4097).map(|_| log.clone()).collect();
            agent.report(&pack_json(&json))
        }),
        kind("256 KiB and a byte", TOO_LARGE, |random, agent| {
            let body = vec![random.number() as u8; MAX_BODY_BYTES + 1];
            agent.report(&body)
        }),
        kind("2 MiB and a byte unpacked", TOO_LARGE, |_, agent| {
            agent.report(&pack(&[report().to_string().as_bytes(), &b" ".repeat(2 << 20)].concat()))
        }),
    ]
}

/// A request with this envelope and a body that is as it should be.
fn with_envelope(envelope: &[u8]) -> Vec<u8> {
    let body = pack_json(&report());
    let (head, _) = (format!("POST {REPORT_PATH} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: "), ());
    let rest = format!("\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), envelope, rest.as_bytes(), &body].concat()
}

fn envelopes() -> Vec<Kind> {
    vec![
        kind("no envelope", BAD_ENVELOPE, |_, _| request("POST", REPORT_PATH, &[], &pack_json(&report()))),
        kind("an envelope of random letters", BAD_ENVELOPE, |random, _| {
            // All but control characters, which HTTP refuses.
            let letters: Vec<u8> = (0x21..=0x7e).chain(0x80..=0xff).collect();
            let count = random.below(600);
            with_envelope(&(0..count).map(|_| *random.pick(&letters)).collect::<Vec<_>>())
        }),
        kind("an envelope with a part changed", BAD_ENVELOPE, |random, agent| {
            let text = agent.sign(b"").to_string();
            let mut parts: Vec<String> = text.split('.').map(str::to_owned).collect();
            let at = random.below(parts.len());
            let wrong = ["", "-", "x", "é", "０", "18446744073709551616", "0x1", "1 2"];
            parts[at] = (*random.pick(&wrong)).to_owned();
            with_envelope(parts.join(".").as_bytes())
        }),
        kind("an envelope too short or too long", BAD_ENVELOPE, |random, agent| {
            let text = agent.sign(b"").to_string();
            match random.below(3) {
                0 => with_envelope(&text.as_bytes()[..random.below(text.len())]),
                1 => with_envelope(format!("{text}A").as_bytes()),
                _ => with_envelope(format!("{text}.{}", "1".repeat(random.below(2000))).as_bytes()),
            }
        }),
        kind("two envelopes", BAD_ENVELOPE, |_, agent| {
            let body = pack_json(&report());
            let (one, other) =
                (format!("{HEADER}: {}", agent.sign(&body)), format!("{HEADER}: {}", agent.sign(&body)));
            request("POST", REPORT_PATH, &[&one, &other], &body)
        }),
        kind("an unknown agent", NOT_ALLOWED, |random, agent| {
            let mut signed = agent.sign(b"");
            signed.envelope.agent.0[random.below(16)] ^= 1 << random.below(8);
            with_envelope(signed.to_string().as_bytes())
        }),
        kind("a signature of something else", NOT_ALLOWED, |random, agent| {
            let body = pack_json(&report());
            let mut signed = agent.sign(&body);
            match random.below(4) {
                0 => signed.signature[random.below(64)] ^= 1 << random.below(8),
                1 => signed.envelope.seq.0 += 1 + random.below(1000) as u64,
                2 => signed.envelope.sent_ms ^= 1 << random.below(40),
                _ => signed.envelope.epoch.0[random.below(16)] ^= 1,
            }
            with_envelope(signed.to_string().as_bytes())
        }),
        kind("another body than was signed", NOT_ALLOWED, |_, agent| {
            with_envelope(agent.sign(b"another").to_string().as_bytes())
        }),
    ]
}

fn transport() -> Vec<Kind> {
    fn chunked(agent: &mut Agent, body: &[u8], chunks: &[&[u8]]) -> Vec<u8> {
        let mut bytes = format!(
            "POST {REPORT_PATH} HTTP/1.1\r\nHost: localhost\r\n{HEADER}: {}\r\nTransfer-Encoding: chunked\r\n\r\n",
            agent.sign(body)
        )
        .into_bytes();
        for chunk in chunks {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes
    }
    vec![
        kind("in chunks, as it should be", ACCEPTED, |random, agent| {
            let body = pack_json(&report());
            let chunks: Vec<&[u8]> = body.chunks(1 + random.below(60)).collect();
            let mut bytes = chunked(agent, &body, &chunks);
            bytes.extend_from_slice(b"0\r\n\r\n");
            bytes
        }),
        kind("in chunks without end", TOO_LARGE, |random, agent| {
            let piece = vec![random.number() as u8; 64 << 10];
            chunked(agent, b"", &[&piece, &piece, &piece, &piece, b"x"])
        }),
        kind("chunks that are none", BAD_BODY, |random, agent| {
            let wrong: [&[u8]; 4] =
                [b"zz\r\n", b"-1\r\n", b"ffffffffffffffffff\r\n", b"5\r\nabc\r\n\r\n\r\n"];
            [chunked(agent, b"", &[]), random.pick(&wrong).to_vec()].concat()
        }),
        kind("10,000 headers", LONG_HEAD, |random, agent| {
            let lines = (0..10_000).fold(String::new(), |mut lines, n| {
                let _infallible = write!(lines, "x{n}: {}\r\n", random.below(10));
                lines
            });
            let text =
                String::from_utf8_lossy(&agent.report(b"")).replacen("\r\n", &format!("\r\n{lines}"), 1);
            text.into_bytes()
        }),
        kind("65 headers", LONG_HEAD, |random, agent| {
            let lines = (0..65 + random.below(200)).fold(String::new(), |lines, _| lines + "a: b\r\n");
            String::from_utf8_lossy(&agent.report(b""))
                .replacen("\r\n", &format!("\r\n{lines}"), 1)
                .into_bytes()
        }),
        kind("two lengths", NO_HTTP, |random, agent| {
            let line = format!("\r\nContent-Length: {}\r\n", 1 + random.below(1000));
            String::from_utf8_lossy(&agent.report(b"")).replacen("\r\n", &line, 1).into_bytes()
        }),
        kind("control characters in a header", NO_HTTP, |random, agent| {
            let line = format!("\r\nx: a{}b\r\n", *random.pick(&['\0', '\u{1}', '\u{7f}', '\u{1b}']));
            String::from_utf8_lossy(&agent.report(b"")).replacen("\r\n", &line, 1).into_bytes()
        }),
    ]
}
