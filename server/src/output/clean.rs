//! Names from logs and rules are claims of strangers: what could steer a terminal or a spreadsheet is shown, not obeyed.

use std::borrow::Cow;

/// Shows control characters, text-direction marks and zero-width characters as escapes.
#[must_use]
pub fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if steers(letter) {
            shown.extend(letter.escape_unicode());
        } else {
            shown.push(letter);
        }
    }
    Cow::Owned(shown)
}

fn steers(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{061c}')
}

/// A cell that no spreadsheet takes for a formula.
#[must_use]
pub fn cell(text: &str) -> String {
    let shown = clean(text);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{shown}") } else { shown.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_text_direction_marks_are_shown() {
        assert_eq!(clean("WS01"), "WS01");
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
    }

    #[test]
    fn a_formula_is_text() {
        assert_eq!(cell("=1+1"), "'=1+1");
        assert_eq!(cell("\tx"), "'\\u{9}x");
        assert_eq!(cell("plain"), "plain");
    }
}
