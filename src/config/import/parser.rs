//! Tokens → terms. What is no literal becomes [`Value::Code`], up to the next comma or bracket; only brackets that do not
//! match are an error.

use super::lexer::{Kind, Token};
use super::term::{Term, Value};
use crate::config::diagnostic::{Code, Finding};
use crate::config::tree::Mark;

/// Deepest nesting that is read; a configuration has six levels.
const MAX_DEPTH: usize = 64;

/// A place in the tokens.
pub(super) struct Parser<'a> {
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub next: usize,
    /// Brackets around us: without any, a line that begins anew ends the statement.
    depth: usize,
}

impl<'a> Parser<'a> {
    pub fn new(text: &'a str, tokens: &'a [Token]) -> Self {
        Self { text, tokens, next: 0, depth: 0 }
    }

    pub fn peek(&self) -> Option<&'a Token> {
        self.tokens.get(self.next)
    }

    pub fn kind(&self, ahead: usize) -> Option<&'a Kind> {
        self.tokens.get(self.next + ahead).map(|token| &token.kind)
    }

    /// Steps over a comma, if there is one.
    pub fn comma(&mut self) -> bool {
        let is_comma = self.kind(0) == Some(&Kind::Comma);
        self.next += usize::from(is_comma);
        is_comma
    }

    /// `key: value, key: value`, as far as it goes.
    pub fn keywords(&mut self) -> Result<Vec<(Term, Term)>, Finding> {
        let mut pairs = Vec::new();
        while let Some(Token { kind: Kind::Key(key), at, .. }) = self.peek() {
            self.next += 1;
            let key = Term { value: Value::Atom(key.clone()), at: *at };
            pairs.push((key, self.term()?));
            if !self.comma() {
                break;
            }
        }
        Ok(pairs)
    }

    /// One value, whatever it is.
    pub fn term(&mut self) -> Result<Term, Finding> {
        let first = self.next;
        let Some(at) = self.peek().map(|token| token.at) else {
            return Err(self.ends_early(Mark::start_of(0)));
        };
        if let Some(Kind::Close(_)) = self.kind(0) {
            return Err(
                Finding::error(Code::Syntax, at, "a value is missing before this").hint("write one, or remove its key")
            );
        }
        if self.depth > MAX_DEPTH {
            return Err(Finding::error(
                Code::TooLarge,
                at,
                format!("more than {MAX_DEPTH} brackets inside one another"),
            ));
        }
        let value = self.primary()?;
        let value = match value {
            Some(value) if self.at_end() => Some(value),
            Some(Value::Integer(n)) => self.product(n)?,
            _ => None,
        };
        match value {
            Some(value) => Ok(Term { value, at: self.span(first) }),
            None => self.code(first),
        }
    }

    fn span(&self, first: usize) -> Mark {
        let (from, to) = (self.tokens[first].at, self.tokens[self.next.saturating_sub(1).max(first)].at);
        Mark { end: to.end, ..from }
    }

    /// Whether the value that was read is all there is.
    fn at_end(&self) -> bool {
        match self.peek() {
            None => true,
            Some(token) => match &token.kind {
                Kind::Comma | Kind::Close(_) | Kind::Arrow => true,
                Kind::Operator(_) => false,
                _ => self.depth == 0 && token.starts_line,
            },
        }
    }

    fn primary(&mut self) -> Result<Option<Value>, Finding> {
        let Some(token) = self.peek() else { return Ok(None) };
        self.next += 1;
        Ok(match &token.kind {
            Kind::Integer(n) => Some(Value::Integer(*n)),
            Kind::Text(text) | Kind::Charlist(text) => Some(Value::Text(text.clone())),
            Kind::Atom(name) if name == "timer" => self.timer(),
            Kind::Atom(name) => Some(word(name)),
            Kind::Alias(name) => Some(Value::Alias(name.clone())),
            Kind::Word(name) if ["nil", "true", "false"].contains(&name.as_str()) => Some(word(name)),
            Kind::Words(words, modifier) => {
                let make = |text: &String| match modifier {
                    Some('a') => Value::Atom(text.clone()),
                    _ => Value::Text(text.clone()),
                };
                Some(Value::List(words.iter().map(|text| Term { value: make(text), at: token.at }).collect()))
            }
            Kind::Open(open @ ('{' | '[')) => {
                let items = self.items(*open, token.at)?;
                Some(if *open == '{' { Value::Tuple(items) } else { Value::List(items) })
            }
            Kind::Open('%') => self.map(token.at)?.map(Value::Map),
            _ => {
                self.next -= 1;
                None
            }
        })
    }

    /// `:timer.minutes(5)` and its like, in milliseconds, as VintageNet counts.
    fn timer(&mut self) -> Option<Value> {
        let (Some(Kind::Operator(dot)), Some(Kind::Word(unit)), Some(Kind::Open('('))) =
            (self.kind(0), self.kind(1), self.kind(2))
        else {
            return Some(Value::Atom("timer".to_owned()));
        };
        let (Some(Kind::Integer(n)), Some(Kind::Close(')')), ".") = (self.kind(3), self.kind(4), dot.as_str()) else {
            return None;
        };
        let ms = match unit.as_str() {
            "seconds" => 1_000,
            "minutes" => 60_000,
            "hours" => 3_600_000,
            _ => return None,
        };
        self.next += 5;
        n.checked_mul(ms).map(Value::Integer)
    }

    /// `60 * 1_000`.
    fn product(&mut self, first: i64) -> Result<Option<Value>, Finding> {
        let mut product = first;
        while let (Some(Kind::Operator(times)), Some(Kind::Integer(n))) = (self.kind(0), self.kind(1)) {
            let Some(more) = product.checked_mul(*n).filter(|_| times == "*") else { return Ok(None) };
            product = more;
            self.next += 2;
        }
        Ok(self.at_end().then_some(Value::Integer(product)))
    }

    /// The items of a list or tuple, keywords as pairs, and the closing bracket.
    fn items(&mut self, open: char, at: Mark) -> Result<Vec<Term>, Finding> {
        self.depth += 1;
        let mut items = Vec::new();
        while !self.closes(open, at)? {
            if let Some(Kind::Key(_)) = self.kind(0) {
                let at = self.peek().map_or(at, |token| token.at);
                let pairs = self.keywords()?.into_iter().map(pair).collect();
                // The brackets around keywords at the end of a tuple may be left out.
                match open {
                    '[' => items.extend::<Vec<Term>>(pairs),
                    _ => items.push(Term { value: Value::List(pairs), at }),
                }
            } else {
                items.push(self.term()?);
                self.comma();
            }
        }
        self.depth -= 1;
        Ok(items)
    }

    /// The entries of a map and its closing bracket; `None` for `%{map | key: value}`, which is code.
    fn map(&mut self, at: Mark) -> Result<Option<Vec<(Term, Term)>>, Finding> {
        self.depth += 1;
        let mut entries = Vec::new();
        let mut literal = true;
        while !self.closes('{', at)? {
            if let Some(Kind::Key(_)) = self.kind(0) {
                entries.extend(self.keywords()?);
                continue;
            }
            let key = self.term()?;
            if self.kind(0) == Some(&Kind::Arrow) {
                self.next += 1;
                entries.push((key, self.term()?));
            } else {
                literal = false;
            }
            self.comma();
        }
        self.depth -= 1;
        Ok(literal.then_some(entries))
    }

    /// Steps over the bracket that closes `open`, if it is next.
    fn closes(&mut self, open: char, at: Mark) -> Result<bool, Finding> {
        match self.peek() {
            Some(Token { kind: Kind::Close(close), at: close_at, .. }) => {
                if *close != closing(open) {
                    let message = format!("`{close}` does not close the `{open}` on line {}", at.line);
                    let finding = Finding::error(Code::Syntax, *close_at, message);
                    return Err(finding.hint(format!("write `{}` before it", closing(open))));
                }
                self.next += 1;
                Ok(true)
            }
            Some(_) => Ok(false),
            None => Err(self.ends_early(at)),
        }
    }

    fn ends_early(&self, at: Mark) -> Finding {
        let sign = self.text.get(at.start..at.end).unwrap_or_default();
        let message =
            if sign.is_empty() { "the file ends here".to_owned() } else { format!("this `{sign}` is not closed") };
        Finding::error(Code::Syntax, at, message).hint("is the file complete?")
    }

    /// Everything up to the next comma or closing bracket, from token `first` on, as code.
    fn code(&mut self, first: usize) -> Result<Term, Finding> {
        self.next = self.next.max(first);
        let mut open: Vec<(char, Mark)> = Vec::new();
        while let Some(token) = self.peek() {
            match &token.kind {
                Kind::Comma | Kind::Arrow | Kind::Close(_) if open.is_empty() => break,
                Kind::Open(bracket) => open.push((*bracket, token.at)),
                Kind::Close(_) => {
                    let (bracket, at) = open.pop().unwrap_or(('(', token.at));
                    self.closes(if bracket == '%' { '{' } else { bracket }, at)?;
                    continue;
                }
                Kind::Operator(_) => {}
                _ if open.is_empty() && self.depth == 0 && token.starts_line && self.next > first => break,
                _ => {}
            }
            self.next += 1;
        }
        if let Some((_, at)) = open.pop() {
            return Err(self.ends_early(at));
        }
        // A lone comma or arrow must not be met again for ever.
        if self.next == first {
            self.next += 1;
        }
        let at = self.span(first);
        Ok(Term { value: Value::Code(self.text.get(at.start..at.end).unwrap_or_default().to_owned()), at })
    }
}

fn pair((key, value): (Term, Term)) -> Term {
    let at = Mark { end: value.at.end, ..key.at };
    Term { value: Value::Tuple(vec![key, value]), at }
}

fn word(name: &str) -> Value {
    match name {
        "nil" => Value::Nil,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        name => Value::Atom(name.to_owned()),
    }
}

fn closing(open: char) -> char {
    match open {
        '[' => ']',
        '(' => ')',
        _ => '}',
    }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::tokens;
    use super::*;

    fn parsed(text: &str) -> Result<Term, Finding> {
        Parser::new(text, &tokens(text)?).term()
    }

    #[test]
    fn values_are_written_as_they_were_read() {
        for text in [
            "[1, :a, \"b\", nil, true]",
            "%{a: 1, b: [c: {:d, 2}]}",
            "{\"wwan0\", %{type: VintageNetQMI}}",
            "[]",
            "%{}",
            "System.get_env(\"APN\", \"a, b\")",
            "%{map | a: 1}",
            "\"a\" <> b",
            "fn x -> {x, 1} end",
        ] {
            assert_eq!(parsed(text).unwrap().to_string(), text);
        }
        for (text, written) in [
            ("%{\"a\" => 1, :b => 2,}", "%{a: 1, b: 2}"),
            ("'c'", "\"c\""),
            ("60 * 1_000", "60000"),
            (":timer.minutes(2)", "120000"),
            (":timer.minutes(n)", ":timer.minutes(n)"),
            ("5 + 3", "5 + 3"),
            ("~w(lte gsm)a", "[:lte, :gsm]"),
            ("f(password: \"x\")", "...."),
            ("%{psk: \"x\", nested: [password: \"y\"]}", "%{psk: ...., nested: [password: ....]}"),
        ] {
            assert_eq!(parsed(text).unwrap().to_string(), written);
        }
    }

    #[test]
    fn brackets_that_do_not_match_are_errors() {
        for (text, message, column) in [
            ("[1, 2", "this `[` is not closed", 1),
            ("{1]", "`]` does not close the `{` on line 1", 3),
            ("%{a: (1}", "`}` does not close the `(` on line 1", 8),
            ("%{a: 1", "this `%{` is not closed", 1),
        ] {
            let error = parsed(text).unwrap_err();
            assert_eq!((error.message.as_str(), error.at.column), (message, column), "{text}");
        }
        let deep = "[".repeat(1000);
        assert!(parsed(&deep).unwrap_err().message.contains("more than 64"));
    }
}
