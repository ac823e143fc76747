//! What the host's database of access points says about the home network of the card that is in: asked for, kept, and
//! asked for again, because the database is a package that comes, goes and is updated.

use std::time::Duration;

use crate::model::{ApnAnswer, HomeDigits, Instant};

/// The host reads a file of half a megabyte; an answer that is missing for this long does not come any more.
const ANSWERS_WITHIN: Duration = Duration::from_secs(30);
/// A database is updated a few times a year.
const MAX_AGE: Duration = Duration::from_secs(3600);
/// One that is missing may be about to be installed, and looking for it costs next to nothing.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The question that is open or answered; none while no entry needs it or no card is known.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    asked: Option<Asked>,
}

#[derive(Debug)]
struct Asked {
    home: HomeDigits,
    /// When to ask again.
    again: Instant,
    answer: Option<ApnAnswer>,
}

impl Lookup {
    /// What is known about the network in question, once there is an answer.
    pub(super) fn answer(&self) -> Option<&ApnAnswer> {
        self.asked.as_ref()?.answer.as_ref()
    }

    /// Sees to it that the answer is about this network, or that there is none. `Some`: ask the host this.
    pub(super) fn want(&mut self, home: Option<HomeDigits>, now: Instant) -> Option<HomeDigits> {
        let Some(home) = home else {
            self.asked = None;
            return None;
        };
        match &mut self.asked {
            Some(asked) if asked.home == home && now < asked.again => return None,
            // What was known of the network holds until the host says otherwise.
            Some(asked) if asked.home == home => asked.again = now + ANSWERS_WITHIN,
            _ => self.asked = Some(Asked { home: home.clone(), again: now + ANSWERS_WITHIN, answer: None }),
        }
        Some(home)
    }

    /// Takes the host's answer in; whether it is news. One about another card's network is ignored.
    pub(super) fn handle_answer(&mut self, home: &HomeDigits, answer: ApnAnswer, now: Instant) -> bool {
        let Some(asked) = self.asked.as_mut().filter(|asked| asked.home == *home) else { return false };
        asked.again = now + if answer.is_ok() { MAX_AGE } else { LOOK_AGAIN };
        let news = asked.answer.as_ref() != Some(&answer);
        asked.answer = Some(answer);
        news
    }

    pub(super) fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.asked.as_ref().map(|asked| (asked.again, "the database of access points is due for another look"))
    }
}
