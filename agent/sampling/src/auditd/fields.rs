//! The fields of a record: `name=value` between words that are none.
//!
//! The value of `msg='...'`, in which programs write, is itself such text, and so is what stands in braces: their
//! fields are the record's. Brackets and commas of old messages (`(hostname=?, addr=?)`) belong to no name.

use super::find::{first, first_of};

/// The last argument of an `EXECVE` record that is told apart by name. A command may have thousands.
const LAST_ARGUMENT: u8 = 31;

/// Names and values, in the order of the record. A value has no quotes around it, but may have a bracket, comma or
/// single quote behind it.
#[derive(Debug, Clone)]
pub(super) struct Fields<'l> {
    rest: &'l [u8],
}

impl<'l> Fields<'l> {
    pub(super) fn of(text: &'l [u8]) -> Self {
        Self { rest: text }
    }

    /// The value at which the rest begins; `None` where it is a message whose fields follow.
    #[inline]
    fn value(&mut self, name: &[u8]) -> Option<&'l [u8]> {
        let (value, rest) = match self.rest.split_first() {
            Some((b'"', quoted)) => {
                let (value, rest) = split(quoted, first(b'"', quoted));
                (value, rest.get(1..).unwrap_or_default())
            }
            Some((b'\'', message)) if name == b"msg" => {
                self.rest = message;
                return None;
            }
            _ => split(self.rest, first(b' ', self.rest)),
        };
        self.rest = rest;
        Some(value)
    }
}

impl<'l> Iterator for Fields<'l> {
    type Item = (&'l [u8], &'l [u8]);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let mut word_before: &[u8] = b"";
        loop {
            let end = first_of(b'=', b' ', self.rest)?;
            let (word, rest) = self.rest.split_at(end);
            let (separator, rest) = rest.split_first()?;
            self.rest = rest;
            if *separator == b' ' {
                word_before = word;
                continue;
            }
            let Some(value) = self.value(word) else { continue };
            if let Some(name) = name_of(word, word_before) {
                return Some((name, value));
            }
        }
    }
}

fn split(text: &[u8], at: Option<usize>) -> (&[u8], &[u8]) {
    text.split_at(at.unwrap_or(text.len()))
}

/// The name of a field that is written so; `None` where it is not told apart.
#[inline]
fn name_of<'l>(word: &'l [u8], word_before: &[u8]) -> Option<&'l [u8]> {
    match word {
        [b'a', b'0'..=b'9', ..] => argument(word),
        // Kernels before 3.13 write `old auid=0 new auid=1000` in LOGIN records, later ones `old-auid=0 auid=1000`.
        b"auid" if word_before == b"old" => Some(b"old-auid"),
        b"ses" if word_before == b"old" => Some(b"old-ses"),
        [b'a'..=b'z' | b'A'..=b'Z', ..] => Some(word),
        _ => {
            let begin = word.iter().position(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')?;
            word.get(begin..)
        }
    }
}

/// An argument: `a1`, its piece `a1[0]` where it is too long for one record, or its length `a1_len`. Pieces are the
/// argument.
fn argument(name: &[u8]) -> Option<&[u8]> {
    let digits = name.iter().skip(1).take_while(|byte| byte.is_ascii_digit());
    let index =
        digits.clone().try_fold(0_u8, |index, digit| index.checked_mul(10)?.checked_add(digit - b'0'));
    let (argument, rest) = name.split_at_checked(1 + digits.count())?;
    let name = if rest.first() == Some(&b'[') { argument } else { name };
    index.is_some_and(|index| index <= LAST_ARGUMENT).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(text: &str) -> Vec<(String, String)> {
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Fields::of(text.as_bytes()).map(|(name, value)| (text_of(name), text_of(value))).collect()
    }

    #[track_caller]
    fn assert_fields(text: &str, expected: &[(&str, &str)]) {
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(fields(text), expected);
    }

    #[test]
    fn quotes_hold_spaces_and_hex_stays_as_it_is() {
        assert_fields(
            r#" a0="cat" comm="a = b" exe=2F746D70 key=(null) exit=-13 data="#,
            &[
                ("a0", "cat"),
                ("comm", "a = b"),
                ("exe", "2F746D70"),
                ("key", "(null)"),
                ("exit", "-13"),
                ("data", ""),
            ],
        );
        assert_fields(r#"cwd="/cut of"#, &[("cwd", "/cut of")]);
    }

    #[test]
    fn a_message_gives_its_own_fields() {
        assert_fields(
            r#"pid=7 subj==unconfined msg='op=PAM:session open acct="root" exe="/bin/su" addr=? res=success'"#,
            &[
                ("pid", "7"),
                ("subj", "=unconfined"),
                ("op", "PAM:session"),
                ("acct", "root"),
                ("exe", "/bin/su"),
                ("addr", "?"),
                ("res", "success'"),
            ],
        );
        assert_fields(
            r#"user pid=9 msg='PAM: setcred acct="x y" : exe="/a" (hostname=?, addr=?, res=success)'"#,
            &[
                ("pid", "9"),
                ("acct", "x y"),
                ("exe", "/a"),
                ("hostname", "?,"),
                ("addr", "?,"),
                ("res", "success)'"),
            ],
        );
    }

    #[test]
    fn words_and_braces_around_fields_are_none() {
        assert_fields(
            r#"avc:  denied  { read write } for  pid=3 comm="x y" tclass=file"#,
            &[("pid", "3"), ("comm", "x y"), ("tclass", "file")],
        );
        assert_fields(
            "SADDR={ saddr_fam=inet laddr=1.2.3.4 lport=80 }",
            &[("SADDR", "{"), ("saddr_fam", "inet"), ("laddr", "1.2.3.4"), ("lport", "80")],
        );
        assert_fields("op=add rule to list", &[("op", "add")]);
    }

    #[test]
    fn arguments_are_told_apart_to_the_32nd_and_pieces_are_their_argument() {
        assert_fields(
            r#"argc=400 a0="x" a1_len=9000 a1[0]=41 a1[1]=42 a31=1 a32=2 a399="z" a32_len=9 a32[0]=1 a99999999999=1"#,
            &[("argc", "400"), ("a0", "x"), ("a1_len", "9000"), ("a1", "41"), ("a1", "42"), ("a31", "1")],
        );
    }

    #[test]
    fn old_login_records_name_the_old_and_the_new_id() {
        assert_fields(
            "login pid=1 old auid=4294967295 new auid=0 old ses=4294967295 new ses=7",
            &[
                ("pid", "1"),
                ("old-auid", "4294967295"),
                ("auid", "0"),
                ("old-ses", "4294967295"),
                ("ses", "7"),
            ],
        );
    }
}
