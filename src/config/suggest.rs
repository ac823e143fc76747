//! "Did you mean": the nearest word among those allowed.

/// Words from everyday speech and from other tools, and ours for them.
const SYNONYMS: [(&str, &str); 23] = [
    ("2g", "gsm"),
    ("3g", "umts"),
    ("4g", "lte"),
    ("5g", "nr5g"),
    ("5gnr", "nr5g"),
    ("nr", "nr5g"),
    ("edge", "gsm"),
    ("gprs", "gsm"),
    ("hspa", "umts"),
    ("wcdma", "umts"),
    ("cdma_1x_hrdp", "cdma_1x_evdo"),
    ("evdo", "cdma_1x_evdo"),
    ("dual", "ipv4v6"),
    ("roaming", "roaming_allowed"),
    ("allow_roaming", "roaming_allowed"),
    ("providers", "service_providers"),
    ("interfaces", "modems"),
    ("metric", "route_metric"),
    ("user", "username"),
    ("iccid_prefixes", "only_iccid_prefixes"),
    ("rat", "only_radio_technologies"),
    ("usb", "usb-port"),
    ("mbpi", "mobile-broadband-provider-info"),
];

/// Longest word that is compared: our own have up to 23 bytes, and the work grows with the square.
const MAX_BYTES: usize = 64;

/// The candidate that was probably meant, if one is near enough.
pub(super) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > MAX_BYTES {
        return None;
    }
    let word = word.to_lowercase();
    let synonym = ours(&word);
    // A third of the word may be wrong: more finds words that have nothing to do with it.
    let limit = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        if candidate == synonym {
            return Some(candidate);
        }
        let distance = distance(&word, candidate).min(distance_to_beginning(&word, candidate));
        if distance <= limit && best.is_none_or(|(d, _)| distance < d) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Our word for one from elsewhere; the word itself if there is none.
pub(super) fn ours(word: &str) -> &str {
    SYNONYMS.iter().find(|(theirs, _)| *theirs == word).map_or(word, |(_, ours)| ours)
}

/// `roamng` is meant as the beginning of `roaming_allowed`; one more than its distance, so that a whole word wins.
fn distance_to_beginning(word: &str, candidate: &str) -> usize {
    let length = word.chars().count();
    if length < 4 {
        return usize::MAX;
    }
    let beginnings = (length..length + 2).map(|n| candidate.chars().take(n).collect::<String>());
    beginnings.map(|b| distance(word, &b) + 1).min().unwrap_or(usize::MAX)
}

/// Edits from one word to another: insert, delete, replace, swap neighbours (optimal string alignment).
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows = vec![(0..=b.len()).collect::<Vec<usize>>()];
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let replace = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = replace.min(rows[i - 1][j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_and_far_ones_are_not() {
        let keys =
            ["name", "apn", "only_iccid_prefixes", "only_imsi_prefixes", "roaming_allowed", "lte", "nr5g", "umts"];
        for (word, want) in [
            ("only_iccid_prefix", Some("only_iccid_prefixes")),
            ("roamng", Some("roaming_allowed")),
            ("roaming", Some("roaming_allowed")),
            ("pan", Some("apn")),
            ("LTE", Some("lte")),
            ("5G", Some("nr5g")),
            ("bogus", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, keys), want, "{word}");
        }
    }
}
