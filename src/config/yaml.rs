//! Text → spanned tree. The only file that knows the YAML crate.
//!
//! Strict: YAML 1.2 booleans only, digits as written, every duplicate key reported with both places, one document,
//! no merge keys (`defaults` and the layers do their work), no tags, bounded size, depth and expansion. What the values mean
//! is not decided here.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_yaml::budget::BudgetBreach;
use serde_yaml::{DuplicateKeyPolicy, Error, Location, MergeKeyPolicy, Options, Spanned};

use super::diagnostic::{Code, Finding};
use super::tree::{Entry, Kind, Mark, Node, Path, Step};

/// Deepest nesting: the grammar needs 6, and the recursion of every later stage is bounded by it.
const MAX_DEPTH: usize = 32;
/// Most values in one file, aliases expanded.
const MAX_NODES: usize = 10_000;
/// Most events that aliases may replay: ten modems that share one list of fifty service providers.
const MAX_REPLAYED: usize = 5_000;
/// Most text in one file, aliases expanded: aliases must not make memory out of nothing.
const MAX_SCALAR_BYTES: usize = 1024 * 1024;

/// Parses one file: its tree, unless it is no YAML at all, and what no later stage could see: duplicate keys, empty
/// values, an unfinished last line.
pub(super) fn parse(text: &str, source: usize) -> (Option<Node>, Vec<Finding>) {
    if text.lines().all(says_nothing) {
        return (None, vec![empty_file(source)]);
    }
    let root = match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(root) => root,
        Err(error) => return (None, vec![syntax_error(&error, text, source)]),
    };
    let mut reader = Reader { text, source, path: Path::default(), findings: Vec::new() };
    let node = reader.node(root);
    if matches!(node.kind, Kind::Null) {
        return (None, vec![empty_file(source)]);
    }
    reader.findings.extend(unfinished_line(text, source));
    (Some(node), reader.findings)
}

fn says_nothing(line: &str) -> bool {
    let line = line.trim();
    matches!(line, "" | "---" | "..." | "null" | "~" | "{}") || line.starts_with('#')
}

/// A last line that was cut off still parses, as another APN or another metric: a complete one ends with a line end, or
/// with the bracket of a flow document as machines write it.
fn unfinished_line(text: &str, source: usize) -> Option<Finding> {
    if text.ends_with(['\n', '\r', '}', ']']) {
        return None;
    }
    let last = text.rsplit('\n').next().unwrap_or_default();
    let narrow = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (line, column) = (narrow(text.matches('\n').count() + 1), narrow(last.chars().count() + 1));
    let at = Mark { source, line, column, start: text.len(), end: text.len() };
    let finding = Finding::error(Code::UnfinishedLine, at, "the last line has no end: the file may be incomplete");
    Some(finding.hint("end the file with a line break"))
}

fn empty_file(source: usize) -> Finding {
    Finding::error(Code::EmptyFile, Mark::start_of(source), "empty desired state: the file says nothing")
        .hint("remove the file, or write `version: 1` and `allow_empty: true` to ask for no modem at all")
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: MAX_DEPTH,
            max_nodes: MAX_NODES,
            max_total_scalar_bytes: MAX_SCALAR_BYTES,
        },
        alias_limits: serde_yaml::alias_limits! { max_total_replayed_events: MAX_REPLAYED },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_indentation: true,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        ignore_binary_tag_for_string: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn syntax_error(error: &Error, text: &str, source: usize) -> Finding {
    let at = error.location().map_or(Mark::start_of(source), |l| mark(l, text, source));
    let syntax = |message: &str| Finding::error(Code::Syntax, at, message);
    let too_large = |message: &str| Finding::error(Code::TooLarge, at, message);
    let error = match error {
        Error::AliasError { error, .. } => error,
        other => other,
    };
    match error {
        Error::Budget { breach, .. } => too_large(&budget_message(breach)),
        Error::AliasReplayLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. } => {
            too_large("the aliases of this file expand to more than is read")
        }
        Error::RecursiveReferencesRequireWeakTypes { .. } => syntax("an alias cannot contain itself"),
        Error::MultipleDocuments { .. } => {
            syntax("a second document starts here; a file holds one").hint("remove the `---`")
        }
        Error::MergeKeyNotAllowed { .. } => syntax("`<<` is not supported")
            .hint("write shared settings under `defaults`: they are merged under every modem"),
        Error::NullIntoString { .. } | Error::Unexpected { .. } => syntax("a key must be a word"),
        other => {
            let message = other.without_snippet().to_string();
            // The place is ours to say.
            match message.split_once(" at line ").map_or(message.as_str(), |(m, _)| m) {
                // The scanner's own bound on brackets; it gives up before our budget is asked.
                "recursion limit exceeded" => too_large(&format!("nested deeper than {MAX_DEPTH} levels")),
                message => syntax(message),
            }
        }
    }
}

fn budget_message(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => format!("nested deeper than {MAX_DEPTH} levels"),
        BudgetBreach::Nodes { .. } => format!("more than {MAX_NODES} values in one file"),
        BudgetBreach::ScalarBytes { .. } => format!("more than {MAX_SCALAR_BYTES} bytes of text once aliases expand"),
        _ => "the file is larger than is read".to_owned(),
    }
}

fn mark(location: Location, text: &str, source: usize) -> Mark {
    let narrow = |n: u64| u32::try_from(n).unwrap_or(u32::MAX).max(1);
    let (line, column) = (narrow(location.line()), narrow(location.column()));
    let span = location.span();
    let start = span.byte_offset().map_or_else(|| offset_of(text, line, column), to_usize);
    Mark { source, line, column, start, end: start + span.byte_len().map_or(0, to_usize) }
}

/// The byte at a line and column, for the errors that know no offset.
fn offset_of(text: &str, line: u32, column: u32) -> usize {
    let skip = |n: u32| usize::try_from(n - 1).unwrap_or(usize::MAX);
    let mut lines = text.split_inclusive('\n');
    let before: usize = lines.by_ref().take(skip(line)).map(str::len).sum();
    let rest = lines.next().unwrap_or_default();
    before + rest.char_indices().nth(skip(column)).map_or(rest.trim_end().len(), |(i, _)| i)
}

/// What the parser hands over: everything, duplicates included, and nothing interpreted.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        // Largest integer below which every integer has its own f64: beyond it the digits are already lost.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.fract() == 0.0 && value.abs() < EXACT {
            #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53")]
            return Ok(Raw::Number((value as i64).into()));
        }
        Ok(Number::from_f64(value).map_or(Raw::Null, Raw::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}

/// Turns what the parser handed over into the tree, and notes what no stage after this one could see.
struct Reader<'a> {
    text: &'a str,
    source: usize,
    path: Path,
    findings: Vec<Finding>,
}

impl Reader<'_> {
    fn node(&mut self, raw: Spanned<Raw>) -> Node {
        let at = mark(raw.defined, self.text, self.source);
        let kind = match raw.value {
            Raw::Null => Kind::Null,
            Raw::Bool(b) => Kind::Bool(b),
            Raw::Number(n) => Kind::Number(n),
            Raw::Text(t) => Kind::Text(t),
            Raw::List(items) => self.list(items),
            Raw::Map(entries) => self.map(entries),
        };
        Node { kind, at }
    }

    fn list(&mut self, raw: Vec<Spanned<Raw>>) -> Kind {
        let mut items = Vec::with_capacity(raw.len());
        for (i, item) in raw.into_iter().enumerate() {
            self.path.0.push(Step::Index(i));
            let node = self.node(item);
            if matches!(node.kind, Kind::Null) {
                self.find(Finding::error(Code::EmptyValue, node.at, "a list item needs a value"));
            }
            items.push(node);
            self.path.0.pop();
        }
        Kind::List(items)
    }

    fn map(&mut self, raw: Vec<(Spanned<String>, Spanned<Raw>)>) -> Kind {
        let mut entries: Vec<Entry> = Vec::with_capacity(raw.len());
        let mut lines = BTreeMap::new();
        for (key, value) in raw {
            let key_at = mark(key.defined, self.text, self.source);
            self.path.0.push(Step::Key(key.value.clone()));
            let entry = Entry { key: key.value, key_at, value: self.node(value) };
            // Only a `null` that is written out deletes: an empty value is what an interrupted editor leaves behind.
            if matches!(entry.value.kind, Kind::Null) && !self.is_written_null(entry.value.at) {
                let finding = Finding::error(Code::EmptyValue, key_at, "has no value");
                self.find(
                    finding.hint("give a value: `{}` for an empty map, `null` to delete what a lower layer says"),
                );
            }
            if let Some(first) = lines.get(&entry.key) {
                let message = format!("duplicate key, first set on line {first}");
                self.find(Finding::error(Code::DuplicateKey, key_at, message));
            } else {
                lines.insert(entry.key.clone(), key_at.line);
                entries.push(entry);
            }
            self.path.0.pop();
        }
        Kind::Map(entries)
    }

    fn is_written_null(&self, at: Mark) -> bool {
        matches!(self.text.get(at.start..at.end).map(str::trim), Some("null" | "Null" | "NULL" | "~"))
    }

    fn find(&mut self, finding: Finding) {
        self.findings.push(finding.path(&self.path));
    }
}

/// A 64-bit offset; sources are far smaller than any `usize`.
fn to_usize(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
