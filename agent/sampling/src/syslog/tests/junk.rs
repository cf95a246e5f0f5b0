//! What is no syslog, and that counting goes on behind it.

use super::*;

const LINE: &str = "Mar  1 10:15:00 h a[1]: x\n";

/// What is counted where junk stands before, between and behind two lines.
fn around(junk: &[u8]) -> LogScan {
    scan_bytes(&[junk, b"\n", LINE.as_bytes(), junk, b"\n", LINE.as_bytes(), junk].concat())
}

#[test]
fn junk_is_counted_as_such_and_lines_go_on() {
    let utf16: Vec<u8> = "Mar  1 10:15:00 h a[1]: x".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let with_mark = [b"\xff\xfe".to_vec(), utf16.clone()].concat();
    let binary: Vec<u8> = (0..=255_u8).filter(|byte| *byte != b'\n').collect();
    for junk in [&utf16[..], &with_mark, &binary, b"\x7fELF\x02\x01\x01\0\0"] {
        let scan = around(junk);
        assert_eq!((scan.records, scan.damaged, scan.continued), (2, 3, 0), "{junk:?}");
        assert_eq!(counts(&scan), BTreeMap::from([("h syslog:a".to_owned(), 2)]));
    }
}

#[test]
fn text_without_a_header_is_damage_only_before_the_first_one() {
    for junk in [&b"just text"[..], b"caf\xe9", b"\xff\xfe\xfd", b"{\"json\": 1}", b"\x1b[31mred"] {
        let scan = around(junk);
        assert_eq!((scan.records, scan.damaged, scan.continued), (2, 1, 2), "{junk:?}");
    }
}

#[test]
fn line_ends_nuls_and_nothing() {
    assert_eq!(scan_bytes(b""), LogScan::default());
    assert_eq!(scan_bytes(b"\n\r\n\0\0\0\n").damaged, 0);
    let scan = scan_bytes([LINE.trim_end(), "\r\n\0\0\0\0", LINE.trim_end(), "\r\n"].concat().as_bytes());
    assert_eq!((scan.records, scan.damaged, scan.continued), (2, 0, 0));
    let inside = scan_bytes(b"Mar  1 10:15:00 h a[1]: x\0y\xff\n");
    assert_eq!(counts(&inside), BTreeMap::from([("h syslog:a".to_owned(), 1)]));
}

#[test]
fn names_that_are_not_utf_8_are_no_names() {
    let scan = scan_bytes(b"Mar  1 10:15:00 h a\xff[1]: x\nMar  1 10:15:00 h\xff a[1]: x\n");
    assert_eq!(counts(&scan).into_keys().collect::<Vec<_>>(), [" syslog:-", "h syslog:-"]);
}

#[test]
fn endless_lines_are_cut_and_lines_go_on() {
    let mut scanner = Scanner::new(Format::Syslog, options());
    let piece = vec![b'x'; 1 << 20];
    scanner.feed(LINE.as_bytes());
    (0..100).for_each(|_| scanner.feed(&piece));
    scanner.feed(b"\n");
    scanner.feed(LINE.trim_end().as_bytes());
    // 1 GiB without an end, in a line that began well.
    (0..1024).for_each(|_| scanner.feed(&piece));
    scanner.feed(b"\n");
    scanner.feed(LINE.as_bytes());
    let scan = scanner.finish();
    assert_eq!((scan.records, scan.oversize, scan.continued, scan.damaged), (3, 2, 1, 0));
}

#[test]
fn the_same_is_counted_however_the_bytes_come() {
    let lines =
        [LINE.as_bytes(), b"\tmore\n\0\0", LINE.as_bytes(), b"<13>1 2026-03-01T00:00:00Z h b - - - x\r\n"];
    let log = lines.concat();
    let whole = scan_bytes(&log);
    for size in 1..9 {
        let mut scanner = Scanner::new(Format::Syslog, options());
        log.chunks(size).for_each(|piece| scanner.feed(piece));
        assert_eq!(scanner.finish(), whole);
    }
    assert_eq!((whole.records, whole.continued), (3, 1));
}
