//! Planted defects: each a line somewhere in the core that is wrong on purpose, and off.
//!
//! They show that the simulated world has teeth: a test plants one after another and expects each to be caught. The
//! switch exists in builds with debug assertions only; elsewhere it is the constant `false` and leaves nothing behind.

macro_rules! defects {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)*) => {
        /// A way in which the core could be wrong.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum Defect {
            $($(#[doc = $doc])+ $variant,)*
        }

        impl Defect {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The name in reports.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

defects! {
    /// Answers are matched by their transaction alone.
    MatchByTransactionOnly = "match-by-transaction-only",
    /// A late answer counts as one in time.
    LateIsFresh = "late-is-fresh",
    /// An acknowledged action leaves the facts it changed believed.
    KeepFactsAfterAction = "keep-facts-after-action",
    /// Session facts never grow old.
    SessionNeverAges = "session-never-ages",
    /// No fact grows old.
    NothingAges = "nothing-ages",
    /// "Invalid client id" is a refusal like any other.
    IgnoreInvalidClientId = "ignore-invalid-client-id",
    /// An announced restart is not noticed.
    IgnoreSyncIndication = "ignore-sync-indication",
    /// Client ids are kept over a restart of the modem.
    KeepClientsOverRestart = "keep-clients-over-restart",
    /// A client id granted too late is not given back.
    LeakLateClient = "leak-late-client",
    /// An acknowledged dial is a session.
    NoEffectIsSuccess = "no-effect-is-success",
    /// A forbidden visited network is used.
    IgnoreRoaming = "ignore-roaming",
    /// The roaming indicator is read the wrong way round.
    RoamingPolarity = "roaming-polarity",
    /// A session with another access point is left alone.
    IgnoreApnDrift = "ignore-apn-drift",
    /// The first choice of a provider stands for ever.
    KeepChoiceOverSimSwap = "keep-choice-over-sim-swap",
    /// The first entry is chosen whatever it asks of the card.
    FirstEntryWins = "first-entry-wins",
    /// The pause between attempts never grows.
    BackoffNeverGrows = "backoff-never-grows",
    /// There is no pause between attempts.
    NoBackoff = "no-backoff",
    /// After ten failures nothing is tried any more.
    GiveUpAfterTen = "give-up-after-ten",
    /// No time to settle after a power-level step.
    PowerCycleWithoutSettle = "power-cycle-without-settle",
    /// No limit on power-level steps in a day.
    NoPowerBudget = "no-power-budget",
    /// A modem out of coverage is power-cycled.
    PowerCycleWhenSearching = "power-cycle-when-searching",
    /// No recovery step is ever taken.
    NoRecovery = "no-recovery",
    /// A doubt about a fact that is being looked at is dropped.
    DropDoubtWhileLooking = "drop-doubt-while-looking",
    /// Requests never run out of time.
    NoDeadlines = "no-deadlines",
    /// Addresses of a session that ended stay.
    NeverFlushLink = "never-flush-link",
    /// An interface with any address is configured.
    LinkOnce = "link-once",
    /// The radio preference is written whenever it is looked at.
    RewriteTechnologies = "rewrite-technologies",
    /// Low power counts as online.
    IgnoreModeDrift = "ignore-mode-drift",
    /// After garbage the port is deaf.
    NeverResynchronise = "never-resynchronise",
    /// Client ids are not remembered over a restart of ours.
    LoseMemory = "lose-memory",
    /// Every start releases all client ids of the modem.
    SyncAtEveryStart = "sync-at-every-start",
    /// A card that is taken out makes the core panic.
    PanicWithoutCard = "panic-without-card",
    /// A session that is up makes the core panic.
    PanicAtSession = "panic-at-session",
    /// A PIN that the card refused is tried again.
    RetryPin = "retry-pin",
    /// A PIN is tried however few tries are left.
    IgnorePinTries = "ignore-pin-tries",
}

#[cfg(debug_assertions)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Defect>> = const { std::cell::Cell::new(None) };
}

/// Plants a defect in this thread, or digs it out.
#[cfg(debug_assertions)]
pub fn plant(defect: Option<Defect>) {
    PLANTED.set(defect);
}

/// Whether a defect is planted in this thread.
#[cfg(debug_assertions)]
#[must_use]
pub fn planted(defect: Defect) -> bool {
    PLANTED.get() == Some(defect)
}

/// Whether a defect is planted: never.
#[cfg(not(debug_assertions))]
#[must_use]
pub const fn planted(_: Defect) -> bool {
    false
}
