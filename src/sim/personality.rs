//! Characters of modems, as data: how long each takes, what it leaves out, what it does wrong.
//!
//! Every trait here was met in real firmware (`qmi.md` §5). A new character is a row in [`Personality::all`].

use super::random::Span;
use crate::qmi::nas::ModePreference;

/// Who is told of what happens unasked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Indications {
    /// Each client that registered.
    ToEach,
    /// Everybody, in one indication to client 0xFF.
    Broadcast,
    /// Nobody: all must be asked.
    Never,
}

/// How a modem joins 5G.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NewRadio {
    /// Not at all.
    None,
    /// Beside an LTE cell (NSA, EN-DC).
    BesideLte,
    /// By itself (SA).
    Alone,
}

/// The character of a simulated modem.
#[derive(Clone, PartialEq, Debug)]
pub struct Personality {
    /// Its name on the command line.
    pub name: &'static str,
    /// What is special about it.
    pub about: &'static str,
    /// DMS manufacturer.
    pub manufacturer: &'static str,
    /// DMS model.
    pub model: &'static str,
    /// DMS revision.
    pub revision: &'static str,
    /// What the hardware can do.
    pub technologies: ModePreference,
    /// How it joins 5G.
    pub new_radio: NewRadio,
    /// From power to the device node.
    pub enumerate_ms: Span,
    /// From the node to the first answer; before it requests are lost.
    pub boot_ms: Span,
    /// Each of the steps of the card: nothing, detected, ready.
    pub card_ms: Span,
    /// From power, a changed preference or a changed network to searching.
    pub reaction_ms: Span,
    /// From searching to registered.
    pub search_ms: Span,
    /// From registered to attached to the packet domain and the network's name.
    pub attach_ms: Span,
    /// An ordinary answer.
    pub answer_ms: Span,
    /// An answer that needs the card.
    pub card_answer_ms: Span,
    /// Changing the operating mode.
    pub mode_ms: Span,
    /// Setting up a data session.
    pub dial_ms: Span,
    /// Scanning for networks.
    pub scan_ms: Span,
    /// Client ids on each service.
    pub clients_per_service: u8,
    /// Who is told of what happens unasked.
    pub indications: Indications,
    /// The indication of a change comes before the response to the request that made it.
    pub indication_first: bool,
    /// How many indications of a thousand come twice.
    pub repeated_per_mille: u16,
    /// How many responses of a thousand come twice.
    pub duplicate_per_mille: u16,
    /// How many responses of a thousand come only after [`Self::late_ms`].
    pub late_per_mille: u16,
    /// How late is late.
    pub late_ms: Span,
    /// A CTL Sync indication tells of a restart.
    pub announces_restart: bool,
    /// It frames Ethernet until told otherwise, by WDA or CTL.
    pub ethernet_by_default: bool,
    /// It says that it frames bare IP, and passes nothing then.
    pub silent_in_raw_ip: bool,
    /// WDA wants to know the endpoint.
    pub wda_needs_endpoint: bool,
    /// The reset command does what it says.
    pub reset_works: bool,
    /// It comes back from a restart under another node name.
    pub renames: bool,
    /// DMS has the old commands for the card.
    pub dms_uim: bool,
    /// There is a service for the card at all.
    pub uim: bool,
    /// It tells of its SIM slots and can switch them.
    pub slots: bool,
    /// It acknowledges other bands and keeps its own.
    pub ignores_bands: bool,
    /// NAS has Get Signal Info; old firmware has Get Signal Strength alone.
    pub signal_info: bool,
    /// NAS tells the bands in use; otherwise its list is empty.
    pub tells_bands: bool,
    /// Requests of one service wait for one another, slow ones too.
    pub serialises: bool,
    /// A selection preference that says how long it lasts is refused.
    pub refuses_change_duration: bool,
}

const GSM_TO_LTE: ModePreference = ModePreference(0x04 | 0x08 | 0x10);
const UMTS_TO_NR: ModePreference = ModePreference(0x08 | 0x10 | 0x40);

/// What the others are compared with: quick, complete, correct.
const WELL_BEHAVED: Personality = Personality {
    name: "well-behaved-lte",
    about: "an LTE module that does everything by the book",
    manufacturer: "wwan-sim",
    model: "SIM7000-QMI",
    revision: "SIM-1.0 1 [Jan 01 2024 00:00:00]",
    technologies: GSM_TO_LTE,
    new_radio: NewRadio::None,
    enumerate_ms: (3_000, 6_000),
    boot_ms: (1_000, 3_000),
    card_ms: (300, 1_200),
    reaction_ms: (200, 1_500),
    search_ms: (1_500, 5_000),
    attach_ms: (300, 1_500),
    answer_ms: (2, 15),
    card_answer_ms: (10, 60),
    mode_ms: (200, 900),
    dial_ms: (200, 1_500),
    scan_ms: (20_000, 60_000),
    clients_per_service: 16,
    indications: Indications::ToEach,
    indication_first: false,
    repeated_per_mille: 20,
    duplicate_per_mille: 0,
    late_per_mille: 0,
    late_ms: (6_000, 14_000),
    announces_restart: true,
    ethernet_by_default: false,
    silent_in_raw_ip: false,
    wda_needs_endpoint: false,
    reset_works: true,
    renames: true,
    dms_uim: true,
    uim: true,
    slots: true,
    ignores_bands: false,
    signal_info: true,
    tells_bands: true,
    serialises: false,
    refuses_change_duration: false,
};

const ALL: &[Personality] = &[
    WELL_BEHAVED,
    Personality {
        name: "nsa-5g",
        about: "a 5G module beside LTE; UIM only, tells everybody at once, indications before responses",
        model: "SIM8500-QMI",
        technologies: UMTS_TO_NR,
        new_radio: NewRadio::BesideLte,
        boot_ms: (6_000, 12_000),
        indications: Indications::Broadcast,
        indication_first: true,
        wda_needs_endpoint: true,
        dms_uim: false,
        ..WELL_BEHAVED
    },
    Personality {
        name: "slow-boot",
        about: "silent for most of a minute after power-on, then slow to find its card and its network",
        model: "SIM5320-QMI",
        enumerate_ms: (10_000, 25_000),
        boot_ms: (15_000, 40_000),
        card_ms: (3_000, 8_000),
        search_ms: (8_000, 25_000),
        attach_ms: (2_000, 6_000),
        mode_ms: (3_000, 12_000),
        dial_ms: (2_000, 12_000),
        tells_bands: false,
        serialises: true,
        ..WELL_BEHAVED
    },
    Personality {
        name: "never-indicates",
        about: "answers, but never says anything unasked, not even that it restarted",
        model: "SIM900-QMI",
        indications: Indications::Never,
        signal_info: false,
        announces_restart: false,
        ..WELL_BEHAVED
    },
    Personality {
        name: "late-and-duplicate",
        about: "some answers come after every sensible time-out, some come twice, indications repeat",
        model: "SIM6600-QMI",
        repeated_per_mille: 300,
        duplicate_per_mille: 100,
        late_per_mille: 30,
        indication_first: true,
        ..WELL_BEHAVED
    },
    Personality {
        name: "sluggish",
        about: "decides its answers at once and sends them seconds later, after what happened since",
        model: "SIM3100-QMI",
        late_per_mille: 900,
        late_ms: (500, 3_800),
        ..WELL_BEHAVED
    },
    Personality {
        name: "ethernet-by-default",
        about: "frames Ethernet (802.3) after every start, until told otherwise",
        model: "SIM5218-QMI",
        ethernet_by_default: true,
        ..WELL_BEHAVED
    },
    Personality {
        name: "broken-reset",
        about: "acknowledges a reset and then does nothing",
        model: "SIM7100-QMI",
        reset_works: false,
        ..WELL_BEHAVED
    },
    Personality {
        name: "few-client-ids",
        about: "has three client ids on each service",
        model: "SIM3000-QMI",
        clients_per_service: 3,
        ..WELL_BEHAVED
    },
    Personality {
        name: "quectel-like",
        about: "a 5G module by itself; WDA wants the endpoint, no SIM commands in DMS, serialises each service",
        manufacturer: "QUALCOMM INCORPORATED",
        model: "SIM520N-QMI",
        revision: "SIM520NGLAAR01A08M4G",
        technologies: UMTS_TO_NR,
        new_radio: NewRadio::Alone,
        boot_ms: (8_000, 15_000),
        wda_needs_endpoint: true,
        dms_uim: false,
        serialises: true,
        clients_per_service: 8,
        ..WELL_BEHAVED
    },
    Personality {
        name: "rigid",
        about: "refuses a selection preference that says how long it lasts; keeps our table of quirks honest",
        model: "SIMULATED-RIGID",
        refuses_change_duration: true,
        ..WELL_BEHAVED
    },
    Personality {
        name: "no-uim",
        about: "an old module: the card by the commands of DMS only, no slots",
        model: "SIM2000-QMI",
        uim: false,
        slots: false,
        ..WELL_BEHAVED
    },
    Personality {
        name: "stubborn-bands",
        about: "acknowledges other bands and keeps its own; one SIM slot that it cannot tell of",
        model: "SIM7070-QMI",
        slots: false,
        ignores_bands: true,
        ..WELL_BEHAVED
    },
    Personality {
        name: "silent-in-raw-ip",
        about: "says that it frames bare IP, and passes nothing then: offline until Ethernet is tried",
        model: "SIM806-QMI",
        silent_in_raw_ip: true,
        ..WELL_BEHAVED
    },
];

impl Personality {
    /// All of them, the best-behaved first.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        ALL
    }

    /// The one with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|personality| personality.name == name)
    }
}

impl Default for Personality {
    fn default() -> Self {
        WELL_BEHAVED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for personality in Personality::all() {
            assert_eq!(Personality::named(personality.name), Some(personality));
        }
        assert_eq!(Personality::named("perfect"), None);
    }
}
