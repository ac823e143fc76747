//! A policy to begin with: takes the first service provider that has not failed twice in a row.
//!
//! A plugin is a pure function of the question: no clock, no file, no memory of what it was asked before. What it may
//! choose among is in `question.candidates`, in the order of the file; `question.config` is this plugin's `config` of the
//! file as JSON.

wit_bindgen::generate!({ path: "../wit", world: "policy" });

use exports::wwan::plugin::provider_policy::{Guest, Opinion, Question};
use wwan::plugin::host::log;
use wwan::plugin::types::Severity;

/// Failures in a row after which another provider is tried.
const ENOUGH: u32 = 2;

struct Policy;

impl Guest for Policy {
    fn select_provider(question: Question) -> Result<Opinion, String> {
        let works = question.candidates.iter().position(|candidate| candidate.history.failures < ENOUGH);
        let Some(index) = works else {
            log(Severity::Info, "every provider fails");
            return Ok(Opinion { choice: None, reason: "every one of them fails".to_owned() });
        };
        let reason = match index {
            0 => "nothing is wrong with the first".to_owned(),
            _ => format!("{} failed twice in a row", question.candidates[index - 1].name),
        };
        Ok(Opinion { choice: Some(index as u32), reason })
    }
}

export!(Policy);
