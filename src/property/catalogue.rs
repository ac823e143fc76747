//! The catalogue of properties, sorted by name. A new property is an entry here, and nothing anywhere else.

use super::{Kind, Property, Value, View};
use crate::model::{
    AccessTechnologies, AccessTechnology, ConditionKind, Plmn, PortState, Registration, Selection, ServingSystem,
    Status,
};

/// Every property there is.
pub const CATALOGUE: &[Property] = &[
    Property {
        name: "addresses",
        kind: Kind::List,
        unit: "",
        private: true,
        doc: "Addresses on the interface, each with its prefix length.",
        read: |v| {
            let ip = &v.observed.link.as_ref()?.value.ip;
            let ipv4 = ip.ipv4.map(|s| format!("{}/{}", s.address, s.prefix));
            let ipv6 = ip.ipv6.map(|s| format!("{}/{}", s.address, s.prefix));
            Some(Value::List(ipv4.into_iter().chain(ipv6).collect()))
        },
    },
    Property {
        name: "connection",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "`internet` while everything up to the interface's addresses is in order, else `disconnected`.",
        read: |v| {
            let linked =
                v.conditions.iter().any(|c| c.kind == ConditionKind::LinkConfigured && c.status == Status::True);
            text(if linked { "internet" } else { "disconnected" })
        },
    },
    Property {
        name: "mobile.access_technology",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Radio technologies in use now; `lte nr5g` is 5G non-standalone.",
        read: |v| technologies(serving(v)?.technologies),
    },
    Property {
        name: "mobile.allowed_technologies",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Radio technologies that the modem allows itself to use.",
        read: |v| technologies(v.observed.technologies.as_ref()?.value),
    },
    Property {
        name: "mobile.apn",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Access point name of the chosen service provider, also before and while it is dialled.",
        read: |v| match &v.desired.selection {
            Selection::Chosen(provider) => text(&provider.apn.0),
            _ => None,
        },
    },
    Property {
        name: "mobile.firmware_revision",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Revision of the modem's firmware.",
        read: |v| non_empty(&v.observed.device.as_ref()?.value.revision),
    },
    Property {
        name: "mobile.iccid",
        kind: Kind::Text,
        unit: "",
        private: true,
        doc: "Serial number of the SIM card (ITU-T E.118), without filler.",
        read: |v| text(v.observed.sim_identity.as_ref()?.value.iccid.as_str()),
    },
    Property {
        name: "mobile.imei",
        kind: Kind::Text,
        unit: "",
        private: true,
        doc: "Identity of the device (3GPP TS 23.003 clause 6.2).",
        read: |v| text(v.observed.device.as_ref()?.value.imei.as_ref()?.as_str()),
    },
    Property {
        name: "mobile.imsi",
        kind: Kind::Text,
        unit: "",
        private: true,
        doc: "Identity of the subscriber (3GPP TS 23.003 clause 2.2).",
        read: |v| text(v.observed.sim_identity.as_ref()?.value.imsi.as_ref()?.as_str()),
    },
    Property {
        name: "mobile.manufacturer",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Maker of the modem.",
        read: |v| non_empty(&v.observed.device.as_ref()?.value.manufacturer),
    },
    Property {
        name: "mobile.mcc",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Mobile country code of the serving network, three digits.",
        read: |v| text(&format!("{:03}", plmn(v)?.mcc)),
    },
    Property {
        name: "mobile.mnc",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Mobile network code of the serving network, two or three digits as the network writes it.",
        read: |v| text(plmn(v)?.to_string().get(3..)?),
    },
    Property {
        name: "mobile.model",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Model of the modem.",
        read: |v| non_empty(&v.observed.device.as_ref()?.value.model),
    },
    Property {
        name: "mobile.operator_name",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Name of the serving network, as the modem says it.",
        read: |v| non_empty(serving(v)?.operator_name.as_ref()?),
    },
    Property {
        name: "mobile.provider",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Brand of the serving network by its code, as a list of networks has it; absent where it has none.",
        read: |v| text(crate::operators::name(plmn(v)?)?),
    },
    Property {
        name: "mobile.registration",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Registration: `home`, `roaming`, `searching`, `denied`, `not_registered` or `unknown`.",
        read: |v| {
            text(match serving(v)?.registration {
                Registration::Home => "home",
                Registration::Roaming => "roaming",
                Registration::Searching => "searching",
                Registration::Denied(_) => "denied",
                Registration::NotRegistered => "not_registered",
                Registration::Unknown => "unknown",
            })
        },
    },
    Property {
        name: "mobile.roaming",
        kind: Kind::Flag,
        unit: "",
        private: false,
        doc: "Whether the serving network is a visited one; absent while none serves us.",
        read: |v| {
            let registration = serving(v)?.registration;
            registration.is_registered().then_some(Value::Flag(registration == Registration::Roaming))
        },
    },
    Property {
        name: "mobile.service_provider",
        kind: Kind::Text,
        unit: "",
        private: false,
        doc: "Name of the chosen entry of `service_providers`.",
        read: |v| match &v.desired.selection {
            Selection::Chosen(provider) => text(&provider.name),
            _ => None,
        },
    },
    Property {
        name: "mtu",
        kind: Kind::Integer,
        unit: "octets",
        private: false,
        doc: "Largest packet on the interface.",
        read: |v| v.observed.link.as_ref()?.value.ip.mtu.map(|mtu| Value::Integer(mtu.into())),
    },
    Property {
        name: "present",
        kind: Kind::Flag,
        unit: "",
        private: false,
        doc: "Whether the device is there.",
        read: |v| Some(Value::Flag(v.observed.port.as_ref()?.value != PortState::Absent)),
    },
];

fn text(value: &str) -> Option<Value> {
    Some(Value::Text(value.to_owned()))
}

fn non_empty(value: &str) -> Option<Value> {
    (!value.is_empty()).then(|| Value::Text(value.to_owned()))
}

fn technologies(set: AccessTechnologies) -> Option<Value> {
    let names: Vec<&str> = set.iter().map(AccessTechnology::name).collect();
    (!names.is_empty()).then(|| Value::Text(names.join(" ")))
}

fn serving(view: View<'_>) -> Option<&ServingSystem> {
    view.observed.serving_system.as_ref().map(|seen| &seen.value)
}

fn plmn(view: View<'_>) -> Option<Plmn> {
    serving(view)?.plmn
}
