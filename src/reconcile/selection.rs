//! The service provider that a choice means, as a session needs it.

use super::fleet::Secrets;
use crate::config::{ModemConfig, ServiceProvider};
use crate::model::{Provider, Secret, Selection};
use crate::provider::{Choice, ChosenApn, NotChosen};

/// The provider that a choice means, complete with its password.
pub(super) fn complete(config: &ModemConfig, choice: &Choice, secrets: &Secrets) -> Selection {
    resolve(config, choice, |entry| password(entry, secrets))
}

/// The provider that a choice means, to look at only.
pub(super) fn without_password(config: &ModemConfig, choice: &Choice) -> Selection {
    resolve(config, choice, |_| Ok(None))
}

fn resolve(
    config: &ModemConfig,
    choice: &Choice,
    password: impl FnOnce(&ServiceProvider) -> Result<Option<Secret>, String>,
) -> Selection {
    let chosen = match &choice.chosen {
        Ok(chosen) => chosen,
        Err(NotChosen::NoMatch(none)) => return Selection::NoMatch { candidates: none.tried },
        Err(NotChosen::LookingUp { .. }) => return Selection::LookingUp,
    };
    let Some(entry) = config.service_providers.get(chosen.index) else {
        return Selection::NoMatch { candidates: config.service_providers.len() };
    };
    let (apn, theirs) = match &chosen.apn {
        ChosenApn::Named(apn) => (apn, None),
        ChosenApn::Found(candidate) => (&candidate.apn, Some(candidate)),
    };
    let name = entry.name.clone().unwrap_or_else(|| apn.0.clone());
    // What the file says itself wins over a database.
    let (authentication, username) = match (&entry.auth, theirs) {
        (Some(auth), _) => (auth.method, Some(auth.username.clone())),
        (None, Some(theirs)) => (theirs.authentication, theirs.username.clone()),
        (None, None) => Default::default(),
    };
    let public = theirs.filter(|_| entry.auth.is_none()).and_then(|theirs| theirs.password.clone());
    match password(entry) {
        Ok(password) => Selection::Chosen(Provider {
            name,
            origin: entry.origin.to_string(),
            because: chosen.reason.to_string(),
            apn: apn.clone(),
            roaming_allowed: entry.roaming_allowed,
            authentication,
            username,
            password: password.or(public),
            families: entry.ip_family,
            profile: entry.profile_index,
        }),
        Err(why) => Selection::SecretMissing { name, why },
    }
}

fn password(entry: &ServiceProvider, secrets: &Secrets) -> Result<Option<Secret>, String> {
    let Some(auth) = &entry.auth else { return Ok(None) };
    secrets.value(&auth.password).map(Some)
}
