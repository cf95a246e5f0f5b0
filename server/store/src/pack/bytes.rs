//! Numbers, texts and lists as bytes: small numbers take one byte, a text is written once and then named by its place.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

/// Writes values. Texts are kept apart, so that each stands once.
#[derive(Default)]
pub(crate) struct Writer {
    out: Vec<u8>,
    texts: Vec<u8>,
    places: HashMap<Arc<str>, u64>,
}

/// The bytes are not what they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Broken;

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

impl Writer {
    pub(crate) fn u64(&mut self, number: u64) {
        put(&mut self.out, number);
    }

    pub(crate) fn len(&mut self, number: usize) {
        self.u64(number as u64);
    }

    pub(crate) fn i64(&mut self, number: i64) {
        self.u64(((number << 1) ^ (number >> 63)).cast_unsigned());
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    /// A time, whole.
    pub(crate) fn time(&mut self, time: Timestamp) {
        self.i64(time.as_second());
        self.i64(i64::from(time.subsec_nanosecond()));
    }

    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.u64(u64::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }

    pub(crate) fn list<T>(
        &mut self,
        values: impl ExactSizeIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.len(values.len());
        values.for_each(|value| write(self, value));
    }

    pub(crate) fn text(&mut self, text: &str) {
        let place = match self.places.get(text) {
            Some(place) => *place,
            None => {
                let place = self.places.len() as u64;
                self.places.insert(Arc::from(text), place);
                put(&mut self.texts, text.len() as u64);
                self.texts.extend_from_slice(text.as_bytes());
                place
            }
        };
        self.u64(place);
    }

    /// All that was written: the texts first.
    pub(crate) fn finish(self) -> Vec<u8> {
        let mut all = Vec::with_capacity(self.texts.len() + self.out.len() + 8);
        put(&mut all, self.places.len() as u64);
        all.extend_from_slice(&self.texts);
        all.extend_from_slice(&self.out);
        all
    }
}

/// Reads what a [`Writer`] wrote. Never allocates more than the bytes can hold.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
    texts: Vec<Arc<str>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Result<Self, Broken> {
        let mut reader = Self { rest: bytes, texts: Vec::new() };
        for _ in 0..reader.len()? {
            let len = reader.len()?;
            let text = std::str::from_utf8(reader.slice(len)?).map_err(|_| Broken)?;
            reader.texts.push(Arc::from(text));
        }
        Ok(reader)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Broken> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(Broken)?;
            self.rest = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Broken)
    }

    /// A length: of what follows, every item takes a byte at least.
    pub(crate) fn len(&mut self) -> Result<usize, Broken> {
        let len = usize::try_from(self.u64()?).map_err(|_| Broken)?;
        if len <= self.rest.len() { Ok(len) } else { Err(Broken) }
    }

    pub(crate) fn i64(&mut self) -> Result<i64, Broken> {
        let number = self.u64()?;
        Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(crate) fn slice(&mut self, len: usize) -> Result<&'a [u8], Broken> {
        let (slice, rest) = self.rest.split_at_checked(len).ok_or(Broken)?;
        self.rest = rest;
        Ok(slice)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Broken> {
        self.slice(N)?.try_into().map_err(|_| Broken)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, Broken> {
        let (second, nanosecond) = (self.i64()?, self.i64()?);
        Timestamp::new(second, i32::try_from(nanosecond).map_err(|_| Broken)?).map_err(|_| Broken)
    }

    pub(crate) fn option<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, Broken>,
    ) -> Result<Option<T>, Broken> {
        match self.u64()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(Broken),
        }
    }

    /// A list. Items of no bytes are not among them.
    pub(crate) fn list<T, L: FromIterator<T>>(
        &mut self,
        mut read: impl FnMut(&mut Self) -> Result<T, Broken>,
    ) -> Result<L, Broken> {
        let len = self.len()?;
        (0..len).map(|_| read(self)).collect()
    }

    pub(crate) fn text(&mut self) -> Result<Arc<str>, Broken> {
        let place = usize::try_from(self.u64()?).map_err(|_| Broken)?;
        self.texts.get(place).cloned().ok_or(Broken)
    }

    /// The end: nothing may be left.
    pub(crate) fn finish(self) -> Result<(), Broken> {
        if self.rest.is_empty() { Ok(()) } else { Err(Broken) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_texts_and_times_come_back() {
        let mut writer = Writer::default();
        let numbers = [0, 1, -1, 127, 128, -129, i64::MAX, i64::MIN];
        writer.list(numbers.iter(), |writer, number| writer.i64(*number));
        writer.u64(u64::MAX);
        writer.option(Some("a"), Writer::text);
        writer.option(None, Writer::text);
        writer.list(["a", "b", "a"].into_iter(), Writer::text);
        let time = Timestamp::new(-5, -7).unwrap();
        writer.time(time);
        let bytes = writer.finish();
        let mut reader = Reader::new(&bytes).unwrap();
        assert_eq!(reader.list::<_, Vec<i64>>(Reader::i64).unwrap(), numbers);
        assert_eq!(reader.u64(), Ok(u64::MAX));
        assert_eq!(reader.option(Reader::text).unwrap().as_deref(), Some("a"));
        assert_eq!(reader.option(Reader::text).unwrap(), None);
        let texts: Vec<Arc<str>> = reader.list(Reader::text).unwrap();
        assert_eq!(texts.iter().map(|text| &**text).collect::<Vec<_>>(), ["a", "b", "a"]);
        assert_eq!(reader.time(), Ok(time));
        assert_eq!(reader.finish(), Ok(()));
        for end in 0..bytes.len() {
            let cut = Reader::new(&bytes[..end]).map(|mut reader| {
                let numbers = reader.list::<_, Vec<i64>>(Reader::i64).is_ok();
                let rest = [reader.u64().is_ok(), reader.option(Reader::text).is_ok()];
                let more =
                    [reader.option(Reader::text).is_ok(), reader.list::<_, Vec<_>>(Reader::text).is_ok()];
                numbers && rest == [true; 2] && more == [true; 2] && reader.time().is_ok()
            });
            assert_ne!(cut, Ok(true), "cut at {end}");
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_refused_before_memory_is_taken() {
        let mut writer = Writer::default();
        writer.u64(u64::MAX);
        let bytes = writer.finish();
        assert_eq!(Reader::new(&bytes).unwrap().list::<u64, Vec<u64>>(Reader::u64), Err(Broken));
    }
}
