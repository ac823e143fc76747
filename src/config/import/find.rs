//! Where in an Elixir file the network is configured: `config :vintage_net, …`, calls of `VintageNet.configure` and
//! `VintageNetQMI.quick_configure`, and bare values. Everything else is surrounding code, which is noted and skipped.

use super::lexer::{Kind, Token};
use super::parser::Parser;
use super::term::{Term, Value};
use crate::config::diagnostic::Finding;
use crate::config::tree::Mark;

/// What the file says about the network.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Interfaces with their configuration, in the order of the file.
    pub interfaces: Vec<Interface>,
    /// Other settings of VintageNet, as `regulatory_domain: "US"`.
    pub settings: Vec<(Term, Term)>,
    /// Code that was not understood: from here, to this line.
    pub skipped: Vec<(Mark, u32)>,
}

/// The configuration of one interface.
#[derive(Debug)]
pub(super) struct Interface {
    pub name: Term,
    pub config: Term,
}

/// Goes through all tokens once.
pub(super) fn find(text: &str, tokens: &[Token]) -> Result<Found, Finding> {
    let mut finder = Finder { parser: Parser::new(text, tokens), found: Found::default() };
    while finder.parser.peek().is_some() {
        finder.step()?;
    }
    Ok(finder.found)
}

struct Finder<'a> {
    parser: Parser<'a>,
    found: Found,
}

impl Finder<'_> {
    fn step(&mut self) -> Result<(), Finding> {
        let Some(token) = self.parser.peek() else { return Ok(()) };
        match (&token.kind, self.parser.kind(1)) {
            (Kind::Word(word), Some(Kind::Atom(app))) if word == "config" => self.config_of(app == "vintage_net"),
            (Kind::Word(word), Some(Kind::Alias(module))) if is_preamble(word, module) => {
                self.parser.next += 2;
                Ok(())
            }
            (Kind::Word(prompt), Some(Kind::Operator(sign))) if is_prompt(prompt) && sign == ">" => {
                self.parser.next += 2;
                Ok(())
            }
            (Kind::Alias(module), Some(Kind::Operator(dot))) if dot == "." => self.call(module),
            (Kind::Open('[' | '{' | '%'), _) if token.starts_line => self.bare(),
            (Kind::Key(key), _) if token.starts_line && key == "config" => {
                let pairs = self.parser.keywords()?;
                self.settings(pairs);
                Ok(())
            }
            _ => {
                self.skip();
                Ok(())
            }
        }
    }

    /// `config :app, key: value, …`, also in the form `config :app, :key, value`.
    fn config_of(&mut self, is_ours: bool) -> Result<(), Finding> {
        self.parser.next += 2;
        if !self.parser.comma() {
            return Ok(());
        }
        let pairs = match self.parser.kind(0) {
            Some(Kind::Key(_)) => self.parser.keywords()?,
            _ => {
                let key = self.parser.term()?;
                if self.parser.comma() {
                    match self.parser.kind(0) {
                        Some(Kind::Key(_)) => self.parser.keywords()?,
                        _ => vec![(key, self.parser.term()?)],
                    }
                } else {
                    Vec::new()
                }
            }
        };
        if is_ours {
            self.settings(pairs);
        }
        Ok(())
    }

    fn settings(&mut self, pairs: Vec<(Term, Term)>) {
        for (key, value) in pairs {
            match (key.name(), value.value) {
                (Some("config"), Value::List(items)) => {
                    for item in items {
                        self.interface(item);
                    }
                }
                (_, other) => self.found.settings.push((key, Term { value: other, at: value.at })),
            }
        }
    }

    /// `{"wwan0", %{…}}`.
    fn interface(&mut self, item: Term) {
        let at = item.at;
        match item.value {
            Value::Tuple(parts) if parts.len() == 2 => {
                let mut parts = parts.into_iter();
                if let (Some(name), Some(config)) = (parts.next(), parts.next()) {
                    self.found.interfaces.push(Interface { name, config });
                }
            }
            _ => self.found.skipped.push((at, at.line)),
        }
    }

    fn call(&mut self, module: &str) -> Result<(), Finding> {
        let function = match self.parser.kind(2) {
            Some(Kind::Word(function)) => function.as_str(),
            _ => "",
        };
        let at = self.parser.tokens[self.parser.next].at;
        match (module, function) {
            ("VintageNet", "configure") => {
                let arguments = self.arguments()?;
                let mut arguments = arguments.into_iter();
                match (arguments.next(), arguments.next()) {
                    (Some(name), Some(config)) => self.found.interfaces.push(Interface { name, config }),
                    _ => self.found.skipped.push((at, at.line)),
                }
            }
            ("VintageNetQMI", "quick_configure") => match self.arguments()?.into_iter().next() {
                Some(apn) => self.found.interfaces.push(quick(apn)),
                None => self.found.skipped.push((at, at.line)),
            },
            _ => self.skip(),
        }
        Ok(())
    }

    /// The arguments of a call whose module is next, with brackets or without.
    fn arguments(&mut self) -> Result<Vec<Term>, Finding> {
        self.parser.next += 3;
        let in_brackets = self.parser.kind(0) == Some(&Kind::Open('('));
        self.parser.next += usize::from(in_brackets);
        let mut arguments = Vec::new();
        while !matches!(self.parser.kind(0), None | Some(Kind::Close(_))) {
            if let Some(Kind::Key(_)) = self.parser.kind(0) {
                self.parser.keywords()?;
            } else {
                arguments.push(self.parser.term()?);
            }
            if !self.parser.comma() {
                break;
            }
        }
        self.parser.next += usize::from(in_brackets && self.parser.kind(0) == Some(&Kind::Close(')')));
        Ok(arguments)
    }

    /// A value that stands by itself: `{"wwan0", %{…}}`, a list of these, or a configuration alone.
    fn bare(&mut self) -> Result<(), Finding> {
        let term = self.parser.term()?;
        let at = term.at;
        match &term.value {
            Value::Map(_) if term.get("type").is_some() || term.get("vintage_net_qmi").is_some() => {
                let name = Term { value: Value::Text("wwan0".to_owned()), at };
                self.found.interfaces.push(Interface { name, config: term });
            }
            Value::Tuple(parts) if is_interface(parts) => self.interface(term),
            Value::List(items) if items.iter().any(|i| matches!(&i.value, Value::Tuple(p) if is_interface(p))) => {
                let Value::List(items) = term.value else { return Ok(()) };
                for item in items {
                    self.interface(item);
                }
            }
            _ => self.found.skipped.push((at, at.line)),
        }
        Ok(())
    }

    /// Steps over one token of surrounding code.
    fn skip(&mut self) {
        let Some(token) = self.parser.peek() else { return };
        self.parser.next += 1;
        let (at, line) = (token.at, token.at.line);
        let lone = matches!(token.kind, Kind::Close(_) | Kind::Comma) || token.kind == Kind::Word("end".to_owned());
        match self.found.skipped.last_mut() {
            Some((_, to)) if line <= *to + 1 => *to = line.max(*to),
            // What only closes other code says nothing.
            _ if lone => {}
            _ => self.found.skipped.push((at, line)),
        }
    }
}

/// Lines that every configuration begins with.
fn is_preamble(word: &str, module: &str) -> bool {
    matches!((word, module), ("import", "Config") | ("use", "Mix.Config"))
}

fn is_prompt(word: &str) -> bool {
    word == "iex"
}

fn is_interface(parts: &[Term]) -> bool {
    matches!(parts, [Term { value: Value::Text(_), .. }, Term { value: Value::Map(_) | Value::List(_), .. }])
}

/// What `quick_configure` does: one provider for `wwan0`.
fn quick(apn: Term) -> Interface {
    let at = apn.at;
    let term = |value| Term { value, at };
    let atom = |name: &str| term(Value::Atom(name.to_owned()));
    let provider = term(Value::Map(vec![(atom("apn"), apn)]));
    let qmi = term(Value::Map(vec![(atom("service_providers"), term(Value::List(vec![provider])))]));
    let kind = term(Value::Alias("VintageNetQMI".to_owned()));
    let config = term(Value::Map(vec![(atom("type"), kind), (atom("vintage_net_qmi"), qmi)]));
    Interface { name: term(Value::Text("wwan0".to_owned())), config }
}
