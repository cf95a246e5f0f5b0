//! What the page may do: nothing but its own style and its own script, each named by its hash.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::digest::{SHA256, digest};

/// The policy for a page with this one style and this one script.
#[must_use]
pub(super) fn content_security_policy(style: &str, script: &str) -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'",
        hash(style),
        hash(script)
    )
}

/// The hash of an inline element's text. The template engine leaves the last line feed of an included file out.
fn hash(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_that_of_the_text_without_its_last_line_feed() {
        // `printf 'a{}' | openssl dgst -sha256 -binary | base64`
        assert_eq!(hash("a{}\n"), "sha256-X1RutGBrXCt9KkSaXMK7tHftWiRscFHOhxsS8tv8hBk=");
        assert_ne!(hash("a{} "), hash("a{}"));
    }
}
