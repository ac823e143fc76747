//! Every error code of QMI by the name libqmi has for it, and every other by its number.

use std::collections::BTreeMap;

use wwan::qmi::ProtocolError;

/// Runs of codes: the first, and the names from there on. As `qmi_protocol_error_get_string` of libqmi-glib 1.32 tells
/// them; ours are the same in lower case, with `_` between the words.
const LIBQMI: &[(u16, &str)] = &[
    (
        0x00,
        "None MalformedMessage NoMemory Internal Aborted ClientIdsExhausted UnabortableTransaction \
         InvalidClientId NoThresholdsProvided InvalidHandle InvalidProfile InvalidPinId IncorrectPin \
         NoNetworkFound CallFailed OutOfCall NotProvisioned MissingArgument",
    ),
    (0x13, "ArgumentTooLong"),
    (
        0x16,
        "InvalidTransactionId DeviceInUse NetworkUnsupported DeviceUnsupported NoEffect NoFreeProfile \
         InvalidPdpType InvalidTechnologyPreference InvalidProfileType InvalidServiceType \
         InvalidRegisterAction InvalidPsAttachAction AuthenticationFailed PinBlocked PinAlwaysBlocked \
         UimUninitialized MaximumQosRequestsInUse IncorrectFlowFilter NetworkQosUnaware InvalidQosId \
         RequestedNumberUnsupported InterfaceNotFound FlowSuspended InvalidDataFormat GeneralError \
         UnknownError InvalidArgument InvalidIndex NoEntry DeviceStorageFull DeviceNotReady NetworkNotReady \
         WmsCauseCode WmsMessageNotSent WmsMessageDeliveryFailure WmsInvalidMessageId WmsEncoding \
         AuthenticationLock InvalidTransition NotMcastInterface MaximumMcastRequestsInUse InvalidMcastHandle \
         InvalidIpFamilyPreference SessionInactive SessionInvalid SessionOwnership InsufficientResources \
         Disabled InvalidOperation InvalidQmiCommand WmsTPduType WmsSmscAddress InformationUnavailable \
         SegmentTooLong SegmentOrder BundlingNotSupported OperationPartialFailure PolicyMismatch \
         SimFileNotFound ExtendedInternal AccessDenied HardwareRestricted AckNotSent InjectTimeout",
    ),
    (
        0x5A,
        "IncompatibleState FdnRestrict SupsFailureCase NoRadio NotSupported NoSubscription \
         CardCallControlFailed NetworkAborted MsgBlocked",
    ),
    (
        0x64,
        "InvalidSessionType InvalidPbType NoSim PbNotReady PinRestriction Pin1Restriction PukRestriction \
         Puk2Restriction PbAccessRestricted PbDeleteInProgress PbTextTooLong PbNumberTooLong \
         PbHiddenKeyRestriction PbNotAvailable DeviceMemoryError NoPermission TooSoon TimeNotAcquired \
         OperationInProgress",
    ),
    (0x184, "FwWriteFailed FwInfoReadFailed FwFileNotFound FwDirNotFound FwAlreadyActivated FwCannotGenericImage"),
    (0x190, "FwFileOpenFailed FwUpdateDiscontinuousFrame FwUpdateFailed"),
];

#[test]
fn qmi_5_every_error_has_libqmis_name_and_every_other_its_number() {
    let runs = LIBQMI.iter().map(|(first, names)| (*first..).zip(names.split_whitespace()));
    let named: BTreeMap<u16, String> = runs.flatten().map(|(code, name)| (code, in_words(name))).collect();
    assert_eq!((named.len(), named.last_key_value()), (120, Some((&0x192, &"fw_update_failed".to_owned()))));
    for code in 0..=u16::MAX {
        let error = ProtocolError::from(code);
        assert_eq!(u16::from(error), code);
        match named.get(&code) {
            Some(name) => assert_eq!((error.name(), error.to_string()), (name.as_str(), name.clone()), "{code:#04x}"),
            None => {
                assert_eq!((error, error.name()), (ProtocolError::Unknown(code), "unknown"));
                assert_eq!(error.to_string(), format!("unknown error {code}"));
            }
        }
    }
}

/// `call_failed` for `CallFailed`.
fn in_words(name: &str) -> String {
    let mut words = String::new();
    for char in name.chars() {
        if char.is_uppercase() && !words.is_empty() {
            words.push('_');
        }
        words.extend(char.to_lowercase());
    }
    words
}
