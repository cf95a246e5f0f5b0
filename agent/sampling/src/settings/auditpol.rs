//! The Windows audit policy as tables: `auditpol /get /category:* /r`, `auditpol /backup`, and the `audit.csv` of a group
//! policy (MS-GPAC 2.2), in any language and encoding.
//!
//! GUIDs name the subcategories, and a backup's last column is a number: both are the same everywhere. The words of
//! `/r` are translated. They are told apart by each other: "success and failure" begins with the word for success and
//! ends with that for failure. Where that does not decide, the subcategory stays unknown.

use std::collections::{BTreeMap, BTreeSet};

use blindspot_telemetry::settings::{AuditPolicy, Outcomes, Subcategory};

use super::text;

const NOTHING: Outcomes = Outcomes { success: false, failure: false };
const SUCCESS: Outcomes = Outcomes { success: true, failure: false };
const FAILURE: Outcomes = Outcomes { success: false, failure: true };
const BOTH: Outcomes = Outcomes { success: true, failure: true };

/// The words of an English Windows.
const ENGLISH: [(&str, Outcomes); 4] =
    [("no auditing", NOTHING), ("success", SUCCESS), ("failure", FAILURE), ("success and failure", BOTH)];

/// A line about one subcategory.
struct Line {
    subcategory: Subcategory,
    /// What is audited, in words.
    words: String,
    /// The same as a number, in a backup.
    number: Option<u8>,
}

/// Reads a table.
pub(super) fn read(bytes: &[u8]) -> AuditPolicy {
    let text = text::decode(bytes);
    let lines: Vec<Line> = text.lines().filter_map(line).collect();
    let words: BTreeSet<&str> =
        lines.iter().map(|line| line.words.as_str()).filter(|word| !word.is_empty()).collect();
    let meanings = meanings(&words);
    let mut policy = AuditPolicy::default();
    for line in &lines {
        match by_number(line).or_else(|| meanings.get(line.words.as_str()).copied()) {
            Some(outcomes) => {
                policy.subcategories.insert(line.subcategory, outcomes);
            }
            None => policy.not_understood.push(format!("{} {}", line.subcategory, line.words)),
        }
    }
    if lines.is_empty() {
        policy.not_understood.push("no line names a subcategory by its GUID".to_owned());
    }
    policy
}

/// The columns are machine, target, subcategory, GUID, inclusion, exclusion and, in a backup, the value; some tools leave
/// the first ones out, so they are counted from the GUID. Lines of one user's own policy name them as target.
fn line(line: &str) -> Option<Line> {
    let cells: Vec<&str> = line.split(',').map(|cell| cell.trim().trim_matches('"')).collect();
    let at = cells.iter().position(|cell| cell.parse::<Subcategory>().is_ok())?;
    let of_a_user = cells.iter().take(at).any(|cell| cell.starts_with("S-1-") || cell.starts_with("{S-1-"));
    if of_a_user {
        return None;
    }
    Some(Line {
        subcategory: cells.get(at)?.parse().ok()?,
        words: cells.get(at + 1).copied().unwrap_or_default().to_lowercase(),
        number: cells.get(at + 3).and_then(|cell| cell.parse().ok()),
    })
}

/// In a group policy a 0 without words leaves the subcategory as it is on the machine.
fn by_number(line: &Line) -> Option<Outcomes> {
    match line.number? {
        0 if line.words.is_empty() => None,
        number @ 0..=3 => Some(Outcomes { success: number & 1 != 0, failure: number & 2 != 0 }),
        _ => None,
    }
}

/// What each word means that these lines use.
fn meanings<'w>(words: &BTreeSet<&'w str>) -> BTreeMap<&'w str, Outcomes> {
    let english = |word: &&str| ENGLISH.into_iter().find(|(known, _)| known == word).map(|(_, it)| it);
    let known: BTreeMap<&str, Outcomes> =
        words.iter().filter_map(|word| Some((*word, english(word)?))).collect();
    if !known.is_empty() {
        return known;
    }
    let parts = |whole: &str| {
        (part(words, whole, |whole, word| whole.starts_with(word)), part(words, whole, ends_with))
    };
    let found = words.iter().filter_map(|whole| match parts(whole) {
        (Some(success), Some(failure)) if success != failure => Some((*whole, success, failure)),
        _ => None,
    });
    let found: Vec<_> = found.collect();
    let [(both, success, failure)] = found.as_slice() else { return BTreeMap::new() };
    let mut meanings = BTreeMap::from([(*both, BOTH), (*success, SUCCESS), (*failure, FAILURE)]);
    let rest: Vec<&str> = words.iter().filter(|word| !meanings.contains_key(**word)).copied().collect();
    if let [nothing] = rest.as_slice() {
        meanings.insert(nothing, NOTHING);
    }
    meanings
}

/// The one other word with which a word begins or ends.
fn part<'w>(words: &BTreeSet<&'w str>, whole: &str, is_part: fn(&str, &str) -> bool) -> Option<&'w str> {
    let mut parts = words.iter().copied().filter(|word| *word != whole && is_part(whole, word));
    parts.next().filter(|_| parts.next().is_none())
}

/// True where a word ends so. In a code page that is not known a first capital letter is not made small.
fn ends_with(whole: &str, part: &str) -> bool {
    let mut rest = part.chars();
    let _first = rest.next();
    whole.ends_with(part) || (!rest.as_str().is_empty() && whole.ends_with(rest.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATION: Subcategory = Subcategory(0x2B);
    const LOGON: Subcategory = Subcategory(0x15);
    const LOGOFF: Subcategory = Subcategory(0x16);
    const LOCKOUT: Subcategory = Subcategory(0x17);

    /// A table with these words for creation, logon, logoff and lockout.
    fn table(words: [&str; 4]) -> String {
        let subcategories = [CREATION, LOGON, LOGOFF, LOCKOUT];
        let lines = subcategories.iter().zip(words);
        let lines: Vec<String> = lines
            .map(|(subcategory, words)| format!("WS01,System,Some name,{subcategory},{words},"))
            .collect();
        format!(
            "Machine Name,Policy Target,Subcategory,Subcategory GUID,Inclusion Setting,Exclusion Setting\r\n\r\n{}\r\n",
            lines.join("\r\n")
        )
    }

    fn four(policy: &AuditPolicy) -> [Option<Outcomes>; 4] {
        [CREATION, LOGON, LOGOFF, LOCKOUT].map(|it| policy.subcategories.get(&it).copied())
    }

    const EXPECTED: [Option<Outcomes>; 4] = [Some(NOTHING), Some(BOTH), Some(SUCCESS), Some(FAILURE)];

    #[test]
    fn english_german_and_japanese_say_the_same() {
        for words in [
            ["No Auditing", "Success and Failure", "Success", "Failure"],
            ["Keine Überwachung", "Erfolg und Fehler", "Erfolg", "Fehler"],
            ["監査なし", "成功および失敗", "成功", "失敗"],
            ["Pas d'audit", "Succès et échec", "Succès", "Échec"],
        ] {
            assert_eq!(four(&read(table(words).as_bytes())), EXPECTED, "{words:?}");
        }
    }

    #[test]
    fn utf_16_and_old_code_pages_are_read() {
        let german = table(["Keine Überwachung", "Erfolg und Fehler", "Erfolg", "Fehler"]);
        let wide: Vec<u8> = german.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(four(&read(&wide)), EXPECTED);
        assert_eq!(four(&read(&[&[0xFF, 0xFE], wide.as_slice()].concat())), EXPECTED);
        let with_gap = format!("{german}WS01,System,Some name,{},,\r\n", Subcategory(0x10));
        assert_eq!(four(&read(with_gap.as_bytes())), EXPECTED);
        // Code page 850: a capital U with diaeresis is 0x9A.
        let oem: Vec<u8> = german.chars().map(|letter| u8::try_from(letter).unwrap()).collect();
        let oem: Vec<u8> = oem.into_iter().map(|byte| if byte == 0xDC { 0x9A } else { byte }).collect();
        assert_eq!(four(&read(&oem)), EXPECTED);
        // Code page 932: success, failure, "and" and "not audited".
        let (success, failure) = ([0x90, 0xAC, 0x8C, 0xF7], [0x8E, 0xB8, 0x94, 0x73]);
        let both = [&success, [0x82, 0xA8, 0x82, 0xE6, 0x82, 0xD1].as_slice(), &failure].concat();
        let nothing = [0x8A, 0xC4, 0x8D, 0xB8, 0x82, 0xC8, 0x82, 0xB5];
        let mut bytes = Vec::new();
        let words: [(Subcategory, &[u8]); 4] =
            [(CREATION, &nothing), (LOGON, &both), (LOGOFF, &success), (LOCKOUT, &failure)];
        for (subcategory, words) in words {
            bytes.extend(format!("WS01,System,x,{subcategory},").bytes());
            bytes.extend(words);
            bytes.extend(b",\r\n");
        }
        assert_eq!(four(&read(&bytes)), EXPECTED);
    }

    #[test]
    fn words_that_do_not_explain_each_other_stay_unknown() {
        let policy = read(table(["Keine Überwachung", "Erfolg", "Erfolg", "Keine Überwachung"]).as_bytes());
        assert_eq!(four(&policy), [None; 4]);
        assert_eq!(policy.not_understood.len(), 4);
        assert_eq!(policy.not_understood[1], format!("{LOGON} erfolg"));
    }

    #[test]
    fn a_backup_is_read_by_its_numbers_whatever_its_words() {
        let text = format!(
            "\u{feff}a,b,c,d,e,f,g\r\nWS01,System,x,{CREATION},Keine,,0\r\nWS01,System,x,{LOGON},Beides,,3\r\n\
             WS01,System,x,{LOGOFF},Erfolg,,1\r\nWS01,S-1-5-21-1,x,{LOGOFF},Fehler,,2\r\n,System,x,{LOCKOUT},,,0\r\n"
        );
        let policy = read(text.as_bytes());
        assert_eq!(four(&policy), [Some(NOTHING), Some(BOTH), Some(SUCCESS), None]);
        assert_eq!(policy.not_understood, [format!("{LOCKOUT} ")]);
    }

    #[test]
    fn what_is_no_such_table_says_so() {
        let policy = read(b"title,verdict\nRun keys,blind\n");
        assert!(policy.subcategories.is_empty());
        assert_eq!(policy.not_understood, ["no line names a subcategory by its GUID"]);
    }
}
