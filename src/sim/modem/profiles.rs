//! Stored connection profiles: created, changed, listed; the one that LTE attaches with.

use std::collections::BTreeMap;
use std::time::Duration;

use super::answer::need;
use super::{Due, SimModem};
use crate::model::Instant;
use crate::qmi::wds::{self, ProfileId, ProfileType};
use crate::qmi::{Answer, Indication, ProtocolError, Refused};

/// The profiles in flash.
#[derive(Debug)]
pub(super) struct Profiles {
    stored: BTreeMap<u8, wds::Profile>,
    default: u8,
    attach: Vec<u16>,
}

/// As many as real modems have.
const MAX_PROFILES: u8 = 24;
/// A changed list of attach profiles takes this long.
const ATTACH_LIST_MS: u64 = 400;

impl Default for Profiles {
    fn default() -> Self {
        let name = Some("profile1".to_owned());
        Self { stored: BTreeMap::from([(1, wds::Profile { name, ..fresh() })]), default: 1, attach: vec![1] }
    }
}

/// The settings a new profile has.
pub(super) fn fresh() -> wds::Profile {
    wds::Profile {
        name: Some(String::new()),
        pdp_type: Some(wds::PdpType::Ipv4OrIpv6),
        apn: Some(String::new()),
        authentication: Some(wds::Authentication(0)),
        apn_disabled: Some(false),
        roaming_disallowed: Some(false),
        ..wds::Profile::default()
    }
}

impl Profiles {
    pub(super) fn get(&self, index: u8) -> Option<&wds::Profile> {
        self.stored.get(&index)
    }

    pub(super) fn apn(&self, index: u8) -> String {
        self.get(index).and_then(|profile| profile.apn.clone()).unwrap_or_default()
    }

    /// Changes the access point of the default profile.
    pub(super) fn set_apn(&mut self, apn: &str) {
        if let Some(profile) = self.stored.get_mut(&self.default) {
            profile.apn = Some(apn.to_owned());
        }
    }

    pub(super) fn default_index(&self) -> u8 {
        self.default
    }

    pub(super) fn set_default(&mut self, index: u8) -> Result<(), ProtocolError> {
        if !self.stored.contains_key(&index) {
            return Err(ProtocolError::InvalidProfile);
        }
        self.default = index;
        Ok(())
    }

    pub(super) fn attach_list(&self) -> &[u16] {
        &self.attach
    }
}

impl SimModem {
    pub(super) fn create_profile(
        &mut self,
        ask: wds::create_profile::Request,
    ) -> Answer<wds::create_profile::Response> {
        let kind = need(ask.kind)?;
        let stored = &mut self.memory.profiles.stored;
        let free = (1..=MAX_PROFILES).find(|index| !stored.contains_key(index));
        let Some(index) = free.filter(|_| kind == ProfileType::ThreeGpp) else {
            let profile_error = Some(wds::ProfileError::ThreeGppOutOfProfiles);
            let response = wds::create_profile::Response { profile_error, ..Default::default() };
            return Err(Refused { error: ProtocolError::NoFreeProfile, response });
        };
        stored.insert(index, changed(fresh(), ask.profile));
        Ok(wds::create_profile::Response { id: Some(ProfileId { kind, index }), ..Default::default() })
    }

    pub(super) fn modify_profile(
        &mut self,
        ask: wds::modify_profile::Request,
    ) -> Answer<wds::modify_profile::Response> {
        let id = need(ask.id)?;
        let Some(profile) = self.memory.profiles.stored.get_mut(&id.index) else {
            let profile_error = Some(wds::ProfileError::InvalidProfileNumber);
            let response = wds::modify_profile::Response { profile_error, ..Default::default() };
            return Err(Refused { error: ProtocolError::ExtendedInternal, response });
        };
        let (times, error, granted) = &mut self.whims.refuse_profile;
        if *times > 0 {
            *times -= 1;
            let profile_error = Some((*error).into());
            let response = wds::modify_profile::Response { profile_error, ..Default::default() };
            return if *granted {
                Ok(response)
            } else {
                Err(Refused { error: ProtocolError::ExtendedInternal, response })
            };
        }
        *profile = changed(std::mem::take(profile), ask.profile);
        self.tell_profile(id.index);
        Ok(wds::modify_profile::Response::default())
    }

    /// Another program writes into a profile.
    pub(super) fn foreign_profile(&mut self, index: u8, roaming: bool) {
        let Some(profile) = self.memory.profiles.stored.get_mut(&index) else { return };
        profile.roaming_disallowed = Some(!roaming);
        self.tell_profile(index);
    }

    fn tell_profile(&mut self, index: u8) {
        let event = wds::ProfileEvent { kind: ProfileType::ThreeGpp, index, change: wds::ProfileChange::Modified };
        let indication = wds::profile_changed::Indication { event: Some(event), ..Default::default() };
        self.indicate(&indication, |client| client.profile_changes && client.profiles.contains(&index));
    }

    pub(super) fn delete_profile(
        &mut self,
        ask: wds::delete_profile::Request,
    ) -> Answer<wds::delete_profile::Response> {
        let id = need(ask.id)?;
        if id.index == self.memory.profiles.default || self.memory.profiles.stored.remove(&id.index).is_none() {
            let profile_error = Some(wds::ProfileError::InvalidProfileNumber);
            let response = wds::delete_profile::Response { profile_error, ..Default::default() };
            return Err(Refused { error: ProtocolError::ExtendedInternal, response });
        }
        Ok(wds::delete_profile::Response::default())
    }

    pub(super) fn list_profiles(&self, ask: &wds::get_profile_list::Request) -> wds::get_profile_list::Response {
        let wanted = matches!(ask.kind, None | Some(ProfileType::ThreeGpp | ProfileType::All));
        let listed = |(index, profile): (&u8, &wds::Profile)| wds::ListedProfile {
            kind: ProfileType::ThreeGpp,
            index: *index,
            name: profile.name.clone().unwrap_or_default(),
        };
        let profiles = self.memory.profiles.stored.iter().filter(|_| wanted).map(listed).collect();
        wds::get_profile_list::Response { profiles: Some(profiles), ..Default::default() }
    }

    pub(super) fn profile_settings(
        &self,
        ask: wds::get_profile_settings::Request,
    ) -> Answer<wds::get_profile_settings::Response> {
        let id = need(ask.id)?;
        match self.memory.profiles.get(id.index) {
            Some(profile) => Ok(wds::get_profile_settings::Response { profile: profile.clone(), ..Default::default() }),
            None => {
                let profile_error = Some(wds::ProfileError::InvalidProfileNumber);
                let response = wds::get_profile_settings::Response { profile_error, ..Default::default() };
                Err(Refused { error: ProtocolError::ExtendedInternal, response })
            }
        }
    }

    /// Accepted at once, in force when the indication says so.
    pub(super) fn set_attach_list(&mut self, client: u8, list: Vec<u16>, now: Instant) {
        self.memory.profiles.attach = list;
        self.schedule.at(now + Duration::from_millis(ATTACH_LIST_MS), Due::AttachList(client));
    }

    pub(super) fn attach_list_done(&mut self, client: u8) {
        let done = wds::set_lte_attach_pdn_list_result::Indication { succeeded: Some(true), ..Default::default() };
        self.send(done.frame(client));
    }
}

/// The settings of `old`, those of `new` where it has them.
fn changed(old: wds::Profile, new: wds::Profile) -> wds::Profile {
    macro_rules! merge {
        ($($field:ident)*) => { wds::Profile { $($field: new.$field.or(old.$field),)* } };
    }
    merge! {
        name pdp_type header_compression data_compression apn primary_dns secondary_dns username password authentication
        ipv4_address pcscf_by_pco access_control pcscf_by_dhcp context_number secondary primary_id ipv6_address
        ipv6_primary_dns ipv6_secondary_dns address_allocation apn_disabled roaming_disallowed apn_types clat_enabled
        ipv6_prefix_delegation
    }
}
