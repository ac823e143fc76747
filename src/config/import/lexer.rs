//! Elixir text → tokens, each with its place. Knows literals, names and brackets; every other sign is an operator.
//!
//! Tolerant: only a text that does not end is an error.

use crate::config::diagnostic::{Code, Finding};
use crate::config::tree::Mark;

/// A token.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    pub at: Mark,
    /// Whether it is the first of its line.
    pub starts_line: bool,
}

/// What a token is.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    Integer(i64),
    /// A number that is no integer we can hold.
    Number,
    Text(String),
    Charlist(String),
    Atom(String),
    /// A module: `VintageNetQMI.Cookbook`.
    Alias(String),
    Word(String),
    /// A keyword's key: `apn:`.
    Key(String),
    /// `~w(…)` with its modifier.
    Words(Vec<String>, Option<char>),
    /// A literal whose value is only known at run time, or that no configuration has: interpolation, other sigils.
    Dynamic,
    /// `{`, `[`, `(`, or `%` for `%{`.
    Open(char),
    Close(char),
    Comma,
    /// `=>`.
    Arrow,
    Operator(String),
}

/// All tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Finding> {
    let mut lexer = Lexer { text, start: 0, line: 1, column: 1, fresh_line: true, tokens: Vec::new() };
    while lexer.token()? {}
    Ok(lexer.tokens)
}

struct Lexer<'a> {
    text: &'a str,
    /// Everything before this byte is done.
    start: usize,
    line: u32,
    column: u32,
    fresh_line: bool,
    tokens: Vec<Token>,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.start..]
    }

    fn here(&self) -> Mark {
        Mark { source: 0, line: self.line, column: self.column, start: self.start, end: self.start }
    }

    fn advance(&mut self, bytes: usize) {
        for c in self.rest()[..bytes].chars() {
            match c {
                '\n' => (self.line, self.column) = (self.line + 1, 1),
                _ => self.column += 1,
            }
        }
        self.start += bytes;
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let space = rest.len() - rest.trim_start().len();
            self.fresh_line |= rest[..space].contains('\n');
            self.advance(space);
            if !self.rest().starts_with('#') {
                return;
            }
            self.advance(self.rest().find('\n').unwrap_or(self.rest().len()));
        }
    }

    /// Takes one token; `false`: there is none left.
    fn token(&mut self) -> Result<bool, Finding> {
        self.skip_space();
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(false) };
        let (kind, length) = match first {
            '"' | '\'' => self.quoted(first)?,
            ':' if rest[1..].starts_with(['"', '\'']) => self.quoted_atom()?,
            ':' => atom(rest),
            '~' => self.sigil()?,
            '0'..='9' => number(rest),
            '?' => character(rest),
            'A'..='Z' => alias(rest),
            c if c == '_' || c.is_alphabetic() => word(rest),
            '%' if rest.starts_with("%{") => (Kind::Open('%'), 2),
            '{' | '[' | '(' => (Kind::Open(first), 1),
            '}' | ']' | ')' => (Kind::Close(first), 1),
            ',' => (Kind::Comma, 1),
            _ => operator(rest),
        };
        let at = self.here();
        self.advance(length);
        let at = Mark { end: self.start, ..at };
        self.tokens.push(Token { kind, at, starts_line: std::mem::take(&mut self.fresh_line) });
        Ok(true)
    }

    fn unclosed(&self, what: &str) -> Finding {
        let at = Mark { end: self.start + 1, ..self.here() };
        Finding::error(Code::Syntax, at, format!("this {what} does not end")).hint("close it with the same sign")
    }

    fn quoted(&self, quote: char) -> Result<(Kind, usize), Finding> {
        let rest = self.rest();
        let triple = [quote; 3].iter().collect::<String>();
        if rest.starts_with(&triple) {
            let body = rest.get(3..).unwrap_or_default();
            let end = body.find(&triple).ok_or_else(|| self.unclosed("text"))?;
            let text = unescape(&dedent(&body[..end]));
            return Ok((literal(text, quote), end + 6));
        }
        let end = closing(&rest[1..], quote, true).ok_or_else(|| self.unclosed("text"))?;
        let text = unescape(&rest[1..=end]);
        let length = end + 2;
        // `"some key": value`
        if rest[length..].starts_with(':') && !rest[length..].starts_with("::") {
            return Ok((text.map_or(Kind::Dynamic, Kind::Key), length + 1));
        }
        Ok((literal(text, quote), length))
    }

    fn quoted_atom(&self) -> Result<(Kind, usize), Finding> {
        let quoted = &self.rest()[1..];
        let quote = if quoted.starts_with('"') { '"' } else { '\'' };
        let end = closing(&quoted[1..], quote, true).ok_or_else(|| self.unclosed("atom"))?;
        Ok((unescape(&quoted[1..=end]).map_or(Kind::Dynamic, Kind::Atom), end + 3))
    }

    fn sigil(&self) -> Result<(Kind, usize), Finding> {
        let rest = self.rest();
        let name: String = rest[1..].chars().take_while(char::is_ascii_alphabetic).collect();
        let open_at = 1 + name.len();
        let Some(open) = rest[open_at..].chars().next().filter(|c| "([{</|\"'".contains(*c)) else {
            return Ok((Kind::Operator("~".to_owned()), 1));
        };
        let close = match open {
            '(' => ')',
            '[' => ']',
            '{' => '}',
            '<' => '>',
            same => same,
        };
        let raw = name.starts_with(|c: char| c.is_ascii_uppercase());
        let body_at = open_at + 1;
        let end = closing(&rest[body_at..], close, !raw).ok_or_else(|| self.unclosed("sigil"))?;
        let body = &rest[body_at..body_at + end];
        let after = &rest[body_at + end + 1..];
        let modifier = after.chars().next().filter(char::is_ascii_alphabetic);
        let modifiers = after.chars().take_while(char::is_ascii_alphabetic).count();
        let text = if raw { Some(body.to_owned()) } else { unescape(body) };
        let kind = match (name.as_str(), text) {
            ("w" | "W", Some(text)) => Kind::Words(text.split_whitespace().map(str::to_owned).collect(), modifier),
            ("s" | "S", Some(text)) => Kind::Text(text),
            ("c" | "C", Some(text)) => Kind::Charlist(text),
            _ => Kind::Dynamic,
        };
        Ok((kind, body_at + end + 1 + modifiers))
    }
}

fn literal(text: Option<String>, quote: char) -> Kind {
    match (text, quote) {
        (None, _) => Kind::Dynamic,
        (Some(text), '\'') => Kind::Charlist(text),
        (Some(text), _) => Kind::Text(text),
    }
}

/// Where the closing sign is. An escaped one does not count, nor one inside `#{…}` unless that does not end.
fn closing(body: &str, close: char, escapes: bool) -> Option<usize> {
    let mut inner = 0_usize;
    let mut previous = ' ';
    let mut signs = body.char_indices();
    while let Some((i, c)) = signs.next() {
        match c {
            '\\' if escapes => drop(signs.next()),
            '{' if escapes && (previous == '#' || inner > 0) => inner += 1,
            '}' if inner > 0 => inner -= 1,
            c if c == close && inner == 0 => return Some(i),
            _ => {}
        }
        previous = c;
    }
    None
}

/// The text behind its escapes; `None` if part of it is computed.
fn unescape(body: &str) -> Option<String> {
    let mut text = String::new();
    let mut rest = body;
    while let Some(at) = rest.find(['\\', '#']) {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if rest.starts_with("#{") {
            return None;
        }
        let Some(escaped) = rest.strip_prefix('\\') else {
            text.push('#');
            rest = &rest[1..];
            continue;
        };
        let Some(sign) = escaped.chars().next() else { break };
        let after = &escaped[sign.len_utf8()..];
        let (c, used) = match sign {
            'n' => (Some('\n'), 0),
            't' => (Some('\t'), 0),
            'r' => (Some('\r'), 0),
            's' => (Some(' '), 0),
            'e' => (Some('\u{1b}'), 0),
            '0' => (Some('\0'), 0),
            '\n' => (None, 0),
            'x' => hex(after, 2),
            'u' => hex(after, 4),
            other => (Some(other), 0),
        };
        text.extend(c);
        rest = &after[used..];
    }
    text.push_str(rest);
    Some(text)
}

/// The character of `41` or `{41}`, and the bytes it took.
fn hex(text: &str, digits: usize) -> (Option<char>, usize) {
    let (body, extra) = match text.strip_prefix('{').and_then(|t| t.split_once('}')) {
        Some((body, _)) => (body, 2),
        None => (text.get(..digits).unwrap_or_default(), 0),
    };
    let c = u32::from_str_radix(body, 16).ok().and_then(char::from_u32);
    (c, if c.is_some() { body.len() + extra } else { 0 })
}

/// A heredoc without the indentation of its closing line.
fn dedent(body: &str) -> String {
    let indent = body.rsplit('\n').next().unwrap_or_default().len();
    let lines = body.trim_start_matches(['\r', ' ', '\t']).strip_prefix('\n').unwrap_or(body).split('\n');
    let cut = |line: &str| line.get(line.len().min(indent)..).unwrap_or(line).to_owned();
    lines.map(cut).collect::<Vec<_>>().join("\n")
}

fn name_length(text: &str) -> usize {
    let length = text.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '@').unwrap_or(text.len());
    length + usize::from(text[length..].starts_with(['?', '!']))
}

fn atom(rest: &str) -> (Kind, usize) {
    let length = name_length(&rest[1..]);
    match length {
        0 => operator(rest),
        _ => (Kind::Atom(rest[1..=length].to_owned()), 1 + length),
    }
}

fn word(rest: &str) -> (Kind, usize) {
    let length = name_length(rest);
    let name = rest[..length].to_owned();
    let after = &rest[length..];
    if after.starts_with(':') && !after.starts_with("::") {
        (Kind::Key(name), length + 1)
    } else {
        (Kind::Word(name), length)
    }
}

fn alias(rest: &str) -> (Kind, usize) {
    let mut length = name_length(rest);
    while rest[length..].strip_prefix('.').is_some_and(|next| next.starts_with(|c: char| c.is_ascii_uppercase())) {
        length += 1 + name_length(&rest[length + 1..]);
    }
    let name = rest[..length].to_owned();
    let after = &rest[length..];
    if after.starts_with(": ") { (Kind::Key(name), length + 1) } else { (Kind::Alias(name), length) }
}

fn number(rest: &str) -> (Kind, usize) {
    let radix = match rest.get(..2) {
        Some("0x") => 16,
        Some("0o") => 8,
        Some("0b") => 2,
        _ => 10,
    };
    let prefix = if radix == 10 { 0 } else { 2 };
    let digits = |text: &str| text.find(|c: char| !c.is_digit(radix) && c != '_').unwrap_or(text.len());
    let length = prefix + digits(&rest[prefix..]);
    let fraction =
        rest[length..].strip_prefix('.').filter(|t| radix == 10 && t.starts_with(|c: char| c.is_ascii_digit()));
    if let Some(fraction) = fraction {
        let mut end = length + 1 + digits(fraction);
        if let Some(exponent) = rest[end..].strip_prefix(['e', 'E']) {
            let sign = usize::from(exponent.starts_with(['+', '-']));
            end += 1 + sign + digits(&exponent[sign..]);
        }
        return (Kind::Number, end);
    }
    let value = i64::from_str_radix(&rest[prefix..length].replace('_', ""), radix);
    (value.map_or(Kind::Number, Kind::Integer), length)
}

/// `?a`: the code of a character.
fn character(rest: &str) -> (Kind, usize) {
    let mut signs = rest.char_indices().skip(1);
    match signs.next() {
        Some((_, '\\')) => (Kind::Number, signs.next().map_or(rest.len(), |(i, c)| i + c.len_utf8())),
        Some((i, c)) if !c.is_whitespace() => (Kind::Integer(i64::from(u32::from(c))), i + c.len_utf8()),
        _ => operator(rest),
    }
}

/// Signs that belong together.
const OPERATORS: [&str; 22] = [
    "=>", "|>", "->", "<-", "<>", "++", "--", "==", "!=", "<=", ">=", "&&", "||", "::", "..", "=~", "<<", ">>", "//",
    "\\\\", "**", "++",
];

fn operator(rest: &str) -> (Kind, usize) {
    if rest.starts_with("=>") {
        return (Kind::Arrow, 2);
    }
    let one = rest.chars().next().map_or(1, char::len_utf8);
    let sign = OPERATORS.into_iter().find(|sign| rest.starts_with(sign)).unwrap_or(&rest[..one]);
    (Kind::Operator(sign.to_owned()), sign.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        tokens(text).unwrap().into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn literals_of_every_kind() {
        assert_eq!(
            kinds("60_000 0x1F 0b11 1.5e-3 ?a"),
            [Kind::Integer(60_000), Kind::Integer(31), Kind::Integer(3), Kind::Number, Kind::Integer(97)]
        );
        assert_eq!(
            kinds(r#""a\"b\n\x41\u{e9}" 'c' :lte :"a b" ~w(lte gsm)a"#),
            [
                Kind::Text("a\"b\nA\u{e9}".into()),
                Kind::Charlist("c".into()),
                Kind::Atom("lte".into()),
                Kind::Atom("a b".into()),
                Kind::Words(vec!["lte".into(), "gsm".into()], Some('a'))
            ]
        );
        assert_eq!(
            kinds("roaming_allowed?: x, \"k\": A.B.c"),
            [
                Kind::Key("roaming_allowed?".into()),
                Kind::Word("x".into()),
                Kind::Comma,
                Kind::Key("k".into()),
                Kind::Alias("A.B".into()),
                Kind::Operator(".".into()),
                Kind::Word("c".into()),
            ]
        );
        assert_eq!(kinds("\"a#{b}c\" ~r/x/i"), [Kind::Dynamic, Kind::Dynamic]);
        assert_eq!(kinds("\"\"\"\n  a\n  b\n  \"\"\""), [Kind::Text("a\nb\n".into())]);
    }

    #[test]
    fn places_are_lines_and_columns() {
        let tokens = tokens("# é\n  é: [\n:b] # c").unwrap();
        let places: Vec<_> = tokens.iter().map(|t| (t.at.line, t.at.column, t.starts_line)).collect();
        assert_eq!(places, [(2, 3, true), (2, 6, false), (3, 1, true), (3, 3, false)]);
    }

    #[test]
    fn what_does_not_end_is_an_error_at_its_beginning() {
        for (text, column) in [("a \"b", 3), (":\"b", 1), ("~w(b", 1), ("x 'b\\'", 3), ("\"\"\"b", 1)] {
            assert_eq!(tokens(text).unwrap_err().at.column, column, "{text}");
        }
    }
}
