//! NAS, the part about what networks are called, and what time they say it is.

use super::types::*;
use crate::qmi::kinds::{wire_enum, wire_mask, wire_struct};
use crate::qmi::plmn::{Digits, NumericPlmn};
use crate::qmi::table::service;
use crate::qmi::text;
use crate::qmi::wire::{Bool32, Count8, Count16, Len8};

service! { Nas;
    /// Names of the network and of the service provider, as the SIM and the network give them.
    0x0039 get_operator_name {
        request {}
        response {
            0x10 service_provider: ServiceProviderName,
            0x11 plmn_list: Vec<OperatorPlmn> as Count16,
            0x12 plmn_names: Vec<PlmnName> as Count8,
            /// Operator name string of CPHS.
            0x13 operator_string: String,
            0x14 nitz: PlmnName,
        }
    }

    /// The names have changed.
    0x003A operator_name {
        indication {
            0x10 service_provider: ServiceProviderName,
            0x11 plmn_list: Vec<OperatorPlmn> as Count16,
            0x12 plmn_names: Vec<PlmnName> as Count8,
            /// Operator name string of CPHS.
            0x13 operator_string: String,
            0x14 nitz: PlmnName,
        }
    }

    /// The name of any network.
    0x0044 get_plmn_name {
        request {
            0x01 plmn: NumericPlmn,
            0x10 suppress_sim_error: bool,
            0x11 three_digit_mnc: bool,
            0x12 always_send_name: bool,
            0x13 static_table_only: bool,
            0x14 csg_id: u32,
            0x15 radio_interface: RadioInterface,
            0x16 send_all: bool,
        }
        response {
            0x10 name: EonsName,
            0x11 display: DisplayBits,
            0x12 is_home: bool as Bool32,
            0x13 localized: Vec<LocalizedName> as Count8,
            /// UTF-16.
            0x14 additional: Vec<u16> as Count8,
            0x15 source: NameSource,
        }
    }

    /// The network told the time.
    0x004C network_time {
        indication {
            0x01 universal_time: DatedTime,
            /// Quarter hours east of UTC, daylight saving included.
            0x10 time_zone: i8,
            0x11 daylight_saving: DaylightSaving,
            0x12 radio_interface: RadioInterface,
        }
    }

    /// The time the network last told.
    0x007D get_network_time {
        request {}
        response {
            0x10 time_3gpp2: NetworkTime,
            0x11 time_3gpp: NetworkTime,
        }
    }
}

wire_struct! {
    /// EF SPN, 3GPP TS 31.102 4.2.12.
    ServiceProviderName {
        display: DisplayCondition,
        name: String as Len8,
    }
}

wire_struct! {
    /// A line of EF OPL, 3GPP TS 31.102 4.2.59.
    OperatorPlmn {
        mcc: Digits,
        mnc: Digits,
        lac_first: u16,
        lac_last: u16,
        name_record: u8,
    }
}

wire_struct! {
    /// A network's name as 3GPP TS 24.008 10.5.3.5a has it.
    PlmnName {
        encoding: NameEncoding,
        country_initials: CountryInitials,
        long_spare_bits: u8,
        short_spare_bits: u8,
        long: Vec<u8> as Count8,
        short: Vec<u8> as Count8,
    }
}

impl PlmnName {
    /// The long name as text; empty when there is none.
    pub fn long_text(&self) -> String {
        self.text(&self.long, self.long_spare_bits)
    }

    /// The short name as text; empty when there is none.
    pub fn short_text(&self) -> String {
        self.text(&self.short, self.short_spare_bits)
    }

    fn text(&self, bytes: &[u8], spare_bits: u8) -> String {
        match self.encoding {
            NameEncoding::Gsm => text::gsm7_packed(bytes, spare_bits),
            NameEncoding::Ucs2 => text::ucs2(bytes),
            NameEncoding::Unknown(_) => String::from_utf8_lossy(bytes).into_owned(),
        }
    }
}

wire_struct! {
    /// A network's names, each in its own encoding.
    EonsName {
        service_provider_encoding: DescriptionEncoding,
        service_provider: Vec<u8> as Count8,
        short_encoding: DescriptionEncoding,
        short_country_initials: CountryInitials,
        short_spare_bits: u8,
        short: Vec<u8> as Count8,
        long_encoding: DescriptionEncoding,
        long_country_initials: CountryInitials,
        long_spare_bits: u8,
        long: Vec<u8> as Count8,
    }
}

wire_struct! {
    /// Which names to display.
    DisplayBits {
        service_provider: bool as Bool32,
        plmn: bool as Bool32,
    }
}

wire_struct! {
    /// A network's names in one language, UTF-16.
    LocalizedName {
        long: Vec<u16> as Count8,
        short: Vec<u16> as Count8,
        language: u32,
    }
}

wire_struct! {
    /// A time in UTC with its day of the week.
    DatedTime {
        year: u16,
        month: u8,
        day: u8,
        hour: u8,
        minute: u8,
        second: u8,
        day_of_week: DayOfWeek,
    }
}

wire_struct! {
    /// A time in UTC and how the place differs from it.
    NetworkTime {
        universal: DatedTime,
        /// Quarter hours east of UTC, daylight saving included.
        time_zone: i8,
        daylight_saving: DaylightSaving,
        radio_interface: RadioInterface,
    }
}

wire_mask! {
    /// When to display the service provider's name.
    DisplayCondition: u8 {
        REGISTERED_PLMN_IF_KNOWN = 1,
        SPN_NOT_REQUIRED_IF_UNKNOWN = 2,
    }
}

wire_enum! {
    /// Encodings of [`PlmnName`].
    NameEncoding: u8 {
        /// GSM 7-bit, 3GPP TS 23.038, packed.
        Gsm = 0,
        /// Some firmware sends it little-endian, some as 3GPP writes it.
        Ucs2 = 1,
    }
}

wire_enum! {
    /// Encodings of [`EonsName`].
    DescriptionEncoding: u8 {
        Unspecified = 0,
        Ascii7 = 1,
        Unicode = 4,
        Gsm = 9,
    }
}

wire_enum! {
    /// Whether to put the country's initials before the name.
    CountryInitials: u8 {
        DoNotAdd = 0x00,
        Add = 0x01,
        Unspecified = 0xFF,
    }
}

wire_enum! {
    /// Days of the week.
    DayOfWeek: u8 {
        Monday = 0,
        Tuesday = 1,
        Wednesday = 2,
        Thursday = 3,
        Friday = 4,
        Saturday = 5,
        Sunday = 6,
    }
}

wire_enum! {
    /// How far daylight saving moves the clock.
    DaylightSaving: u8 {
        None = 0,
        OneHour = 1,
        TwoHours = 2,
    }
}
