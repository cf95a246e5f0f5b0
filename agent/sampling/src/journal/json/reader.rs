//! A reader of JSON (RFC 8259) that is asked for one thing after another and keeps nothing.

use memchr::memchr2;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// A string.
    Text,
    /// An array of numbers, which are bytes.
    Bytes,
    /// An array of anything else.
    Values,
    /// `null`.
    Null,
    /// Anything else.
    Other,
}

/// Arrays and objects in each other that are followed.
const MAX_DEPTH: usize = 8;

/// The rest of a text.
#[derive(Debug, Clone)]
pub(super) struct Reader<'t> {
    rest: &'t [u8],
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { rest: text }
    }

    /// Takes this byte, which may stand behind space.
    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Option<()> {
        if self.peek()? != byte {
            return None;
        }
        self.rest = self.rest.get(1..)?;
        Some(())
    }

    /// True, as it were, where nothing but space is left.
    pub(super) fn end(&mut self) -> Option<()> {
        self.peek().is_none().then_some(())
    }

    /// What the next value is.
    pub(super) fn shape(&mut self) -> Option<Shape> {
        Some(match self.peek()? {
            b'"' => Shape::Text,
            b'n' => Shape::Null,
            b'[' => {
                let mut inner = self.clone();
                inner.expect(b'[')?;
                match inner.peek()? {
                    b'0'..=b'9' | b']' => Shape::Bytes,
                    _ => Shape::Values,
                }
            }
            _ => Shape::Other,
        })
    }

    /// Takes a string; `unescaped` is room for one with escapes.
    #[inline]
    pub(super) fn string<'s>(&mut self, unescaped: &'s mut Vec<u8>) -> Option<&'s [u8]>
    where
        't: 's,
    {
        self.expect(b'"')?;
        let end = memchr2(b'"', b'\\', self.rest)?;
        let (plain, rest) = self.rest.split_at_checked(end)?;
        if rest.first() == Some(&b'"') {
            self.rest = rest.get(1..)?;
            return Some(plain);
        }
        unescaped.clear();
        self.unescape(unescaped)?;
        Some(unescaped)
    }

    /// Takes an array of numbers up to 255.
    pub(super) fn bytes<'s>(&mut self, bytes: &'s mut Vec<u8>) -> Option<&'s [u8]> {
        bytes.clear();
        self.expect(b'[')?;
        if self.expect(b']').is_some() {
            return Some(bytes);
        }
        loop {
            self.peek()?;
            let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (number, rest) = self.rest.split_at_checked(digits)?;
            bytes.push(std::str::from_utf8(number).ok()?.parse().ok()?);
            self.rest = rest;
            if self.expect(b',').is_none() {
                self.expect(b']')?;
                return Some(bytes);
            }
        }
    }

    /// Takes a value of any kind.
    pub(super) fn skip_value(&mut self) -> Option<()> {
        self.skip_nested(MAX_DEPTH)
    }

    fn skip_nested(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'"' => self.skip_string(),
            b'[' => self.skip_members(b']', depth.checked_sub(1)?),
            b'{' => self.skip_members(b'}', depth.checked_sub(1)?),
            _ => {
                let word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+-.".contains(byte);
                let length = self.rest.iter().take_while(|byte| word(byte)).count();
                self.rest = self.rest.get(length..)?;
                (length > 0).then_some(())
            }
        }
    }

    fn skip_members(&mut self, end: u8, depth: usize) -> Option<()> {
        self.rest = self.rest.get(1..)?;
        if self.expect(end).is_some() {
            return Some(());
        }
        loop {
            if end == b'}' {
                self.skip_string()?;
                self.expect(b':')?;
            }
            self.skip_nested(depth)?;
            if self.expect(b',').is_none() {
                return self.expect(end);
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        self.expect(b'"')?;
        loop {
            let at = memchr2(b'"', b'\\', self.rest)?;
            let skipped = if self.rest.get(at) == Some(&b'"') { at + 1 } else { at + 2 };
            self.rest = self.rest.get(skipped..)?;
            if skipped == at + 1 {
                return Some(());
            }
        }
    }

    fn peek(&mut self) -> Option<u8> {
        loop {
            let first = *self.rest.first()?;
            if !matches!(first, b' ' | b'\t' | b'\r' | b'\n') {
                return Some(first);
            }
            self.rest = self.rest.get(1..)?;
        }
    }

    /// Takes the rest of a string, its end included.
    #[cold]
    fn unescape(&mut self, out: &mut Vec<u8>) -> Option<()> {
        loop {
            let at = memchr2(b'"', b'\\', self.rest)?;
            let (plain, rest) = self.rest.split_at_checked(at)?;
            out.extend_from_slice(plain);
            let (mark, rest) = rest.split_first()?;
            self.rest = rest;
            if *mark == b'"' {
                return Some(());
            }
            let (escape, rest) = rest.split_first()?;
            self.rest = rest;
            match escape {
                b'b' => out.push(8),
                b'f' => out.push(12),
                b'n' => out.push(b'\n'),
                b'r' => out.push(b'\r'),
                b't' => out.push(b'\t'),
                b'u' => {
                    let character = self.character()?;
                    out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                }
                b'"' | b'\\' | b'/' => out.push(*escape),
                _ => return None,
            }
        }
    }

    /// Takes the character of a `\u`, which may be two halves. A half alone is none.
    fn character(&mut self) -> Option<char> {
        let first = self.code()?;
        if !(0xd800..0xdc00).contains(&first) {
            return Some(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        let mut ahead = self.clone();
        ahead.rest = match ahead.rest.strip_prefix(b"\\u") {
            Some(rest) => rest,
            None => return Some(char::REPLACEMENT_CHARACTER),
        };
        let second = ahead.code()?;
        if !(0xdc00..0xe000).contains(&second) {
            return Some(char::REPLACEMENT_CHARACTER);
        }
        *self = ahead;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn code(&mut self) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(4)?;
        self.rest = rest;
        digits.iter().try_fold(0, |code, digit| Some(code << 4 | char::from(*digit).to_digit(16)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn string(text: &str) -> Option<Vec<u8>> {
        let mut reader = Reader::new(text.as_bytes());
        let string = reader.string(&mut Vec::new())?.to_vec();
        reader.end().map(|()| string)
    }

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(string(r#" "plain" "#).unwrap(), b"plain");
        assert_eq!(string(r#""a\"\\\/\b\f\n\r\tz""#).unwrap(), b"a\"\\/\x08\x0c\n\r\tz");
        assert_eq!(string(r#""\u0041\u00e4\ud83d\ude00""#).unwrap(), "Aä😀".as_bytes());
        assert_eq!(string(r#""\ud83d-\udc00""#).unwrap(), "\u{fffd}-\u{fffd}".as_bytes());
        for damaged in [r#""open"#, r#""\"#, r#""\x""#, r#""\u12"#, r#""\ud83d\u1""#, "bare"] {
            assert_eq!(string(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn a_value_of_any_kind_is_skipped() {
        for value in ["\"a\\\"b\"", "null", "-1.5e+3", "[]", "[1, [\"]\"], {}]", "{\"a\": {\"b\": [true]}}"] {
            let text = format!("{value} ,");
            let mut reader = Reader::new(text.as_bytes());
            reader.skip_value().unwrap_or_else(|| panic!("{value}"));
            reader.expect(b',').unwrap();
        }
        for damaged in ["", "[1", "{\"a\"}", "[1 2]", "\"a", ",", &"[".repeat(100_000)] {
            assert_eq!(Reader::new(damaged.as_bytes()).skip_value(), None, "{damaged:.20}");
        }
    }

    #[test]
    fn arrays_of_numbers_are_bytes() {
        let mut room = Vec::new();
        assert_eq!(Reader::new(b"[ 1, 255 ]").bytes(&mut room), Some(&[1, 255][..]));
        assert_eq!(Reader::new(b"[]").bytes(&mut room), Some(&[][..]));
        assert_eq!(Reader::new(b"[256]").bytes(&mut room), None);
        assert_eq!(Reader::new(b"[1").bytes(&mut room), None);
        assert_eq!(Reader::new(b"[\"a\"]").shape(), Some(Shape::Values));
    }
}
