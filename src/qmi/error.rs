//! The error a modem gives in the Result TLV of a refusal. Names are spelt as libqmi spells them.

use std::fmt;

use super::wire::{Malformed, Reader, Wire};

macro_rules! errors {
    ($($variant:ident = $code:literal $name:literal,)*) => {
        /// Why a modem refused a request.
        #[allow(missing_docs)]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ProtocolError {
            $($variant,)*
            /// A code without a name.
            Unknown(u16),
        }

        impl ProtocolError {
            /// `call_failed`; `unknown` for a code without a name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                    Self::Unknown(_) => "unknown",
                }
            }
        }

        impl From<u16> for ProtocolError {
            fn from(code: u16) -> Self {
                match code {
                    $($code => Self::$variant,)*
                    other => Self::Unknown(other),
                }
            }
        }

        impl From<ProtocolError> for u16 {
            fn from(error: ProtocolError) -> Self {
                match error {
                    $(ProtocolError::$variant => $code,)*
                    ProtocolError::Unknown(other) => other,
                }
            }
        }
    };
}

errors! {
    None = 0x00 "none",
    MalformedMessage = 0x01 "malformed_message",
    NoMemory = 0x02 "no_memory",
    Internal = 0x03 "internal",
    Aborted = 0x04 "aborted",
    ClientIdsExhausted = 0x05 "client_ids_exhausted",
    UnabortableTransaction = 0x06 "unabortable_transaction",
    InvalidClientId = 0x07 "invalid_client_id",
    NoThresholdsProvided = 0x08 "no_thresholds_provided",
    InvalidHandle = 0x09 "invalid_handle",
    InvalidProfile = 0x0a "invalid_profile",
    InvalidPinId = 0x0b "invalid_pin_id",
    IncorrectPin = 0x0c "incorrect_pin",
    NoNetworkFound = 0x0d "no_network_found",
    CallFailed = 0x0e "call_failed",
    OutOfCall = 0x0f "out_of_call",
    NotProvisioned = 0x10 "not_provisioned",
    MissingArgument = 0x11 "missing_argument",
    ArgumentTooLong = 0x13 "argument_too_long",
    InvalidTransactionId = 0x16 "invalid_transaction_id",
    DeviceInUse = 0x17 "device_in_use",
    NetworkUnsupported = 0x18 "network_unsupported",
    DeviceUnsupported = 0x19 "device_unsupported",
    NoEffect = 0x1a "no_effect",
    NoFreeProfile = 0x1b "no_free_profile",
    InvalidPdpType = 0x1c "invalid_pdp_type",
    InvalidTechnologyPreference = 0x1d "invalid_technology_preference",
    InvalidProfileType = 0x1e "invalid_profile_type",
    InvalidServiceType = 0x1f "invalid_service_type",
    InvalidRegisterAction = 0x20 "invalid_register_action",
    InvalidPsAttachAction = 0x21 "invalid_ps_attach_action",
    AuthenticationFailed = 0x22 "authentication_failed",
    PinBlocked = 0x23 "pin_blocked",
    PinAlwaysBlocked = 0x24 "pin_always_blocked",
    UimUninitialized = 0x25 "uim_uninitialized",
    MaximumQosRequestsInUse = 0x26 "maximum_qos_requests_in_use",
    IncorrectFlowFilter = 0x27 "incorrect_flow_filter",
    NetworkQosUnaware = 0x28 "network_qos_unaware",
    InvalidQosId = 0x29 "invalid_qos_id",
    RequestedNumberUnsupported = 0x2a "requested_number_unsupported",
    InterfaceNotFound = 0x2b "interface_not_found",
    FlowSuspended = 0x2c "flow_suspended",
    InvalidDataFormat = 0x2d "invalid_data_format",
    GeneralError = 0x2e "general_error",
    UnknownError = 0x2f "unknown_error",
    InvalidArgument = 0x30 "invalid_argument",
    InvalidIndex = 0x31 "invalid_index",
    NoEntry = 0x32 "no_entry",
    DeviceStorageFull = 0x33 "device_storage_full",
    DeviceNotReady = 0x34 "device_not_ready",
    NetworkNotReady = 0x35 "network_not_ready",
    WmsCauseCode = 0x36 "wms_cause_code",
    WmsMessageNotSent = 0x37 "wms_message_not_sent",
    WmsMessageDeliveryFailure = 0x38 "wms_message_delivery_failure",
    WmsInvalidMessageId = 0x39 "wms_invalid_message_id",
    WmsEncoding = 0x3a "wms_encoding",
    AuthenticationLock = 0x3b "authentication_lock",
    InvalidTransition = 0x3c "invalid_transition",
    NotMcastInterface = 0x3d "not_mcast_interface",
    MaximumMcastRequestsInUse = 0x3e "maximum_mcast_requests_in_use",
    InvalidMcastHandle = 0x3f "invalid_mcast_handle",
    InvalidIpFamilyPreference = 0x40 "invalid_ip_family_preference",
    SessionInactive = 0x41 "session_inactive",
    SessionInvalid = 0x42 "session_invalid",
    SessionOwnership = 0x43 "session_ownership",
    InsufficientResources = 0x44 "insufficient_resources",
    Disabled = 0x45 "disabled",
    InvalidOperation = 0x46 "invalid_operation",
    InvalidQmiCommand = 0x47 "invalid_qmi_command",
    WmsTPduType = 0x48 "wms_t_pdu_type",
    WmsSmscAddress = 0x49 "wms_smsc_address",
    InformationUnavailable = 0x4a "information_unavailable",
    SegmentTooLong = 0x4b "segment_too_long",
    SegmentOrder = 0x4c "segment_order",
    BundlingNotSupported = 0x4d "bundling_not_supported",
    OperationPartialFailure = 0x4e "operation_partial_failure",
    PolicyMismatch = 0x4f "policy_mismatch",
    SimFileNotFound = 0x50 "sim_file_not_found",
    ExtendedInternal = 0x51 "extended_internal",
    AccessDenied = 0x52 "access_denied",
    HardwareRestricted = 0x53 "hardware_restricted",
    AckNotSent = 0x54 "ack_not_sent",
    InjectTimeout = 0x55 "inject_timeout",
    IncompatibleState = 0x5a "incompatible_state",
    FdnRestrict = 0x5b "fdn_restrict",
    SupsFailureCase = 0x5c "sups_failure_case",
    NoRadio = 0x5d "no_radio",
    NotSupported = 0x5e "not_supported",
    NoSubscription = 0x5f "no_subscription",
    CardCallControlFailed = 0x60 "card_call_control_failed",
    NetworkAborted = 0x61 "network_aborted",
    MsgBlocked = 0x62 "msg_blocked",
    InvalidSessionType = 0x64 "invalid_session_type",
    InvalidPbType = 0x65 "invalid_pb_type",
    NoSim = 0x66 "no_sim",
    PbNotReady = 0x67 "pb_not_ready",
    PinRestriction = 0x68 "pin_restriction",
    Pin1Restriction = 0x69 "pin1_restriction",
    PukRestriction = 0x6a "puk_restriction",
    Puk2Restriction = 0x6b "puk2_restriction",
    PbAccessRestricted = 0x6c "pb_access_restricted",
    PbDeleteInProgress = 0x6d "pb_delete_in_progress",
    PbTextTooLong = 0x6e "pb_text_too_long",
    PbNumberTooLong = 0x6f "pb_number_too_long",
    PbHiddenKeyRestriction = 0x70 "pb_hidden_key_restriction",
    PbNotAvailable = 0x71 "pb_not_available",
    DeviceMemoryError = 0x72 "device_memory_error",
    NoPermission = 0x73 "no_permission",
    TooSoon = 0x74 "too_soon",
    TimeNotAcquired = 0x75 "time_not_acquired",
    OperationInProgress = 0x76 "operation_in_progress",
    FwWriteFailed = 0x184 "fw_write_failed",
    FwInfoReadFailed = 0x185 "fw_info_read_failed",
    FwFileNotFound = 0x186 "fw_file_not_found",
    FwDirNotFound = 0x187 "fw_dir_not_found",
    FwAlreadyActivated = 0x188 "fw_already_activated",
    FwCannotGenericImage = 0x189 "fw_cannot_generic_image",
    FwFileOpenFailed = 0x190 "fw_file_open_failed",
    FwUpdateDiscontinuousFrame = 0x191 "fw_update_discontinuous_frame",
    FwUpdateFailed = 0x192 "fw_update_failed",
}

/// `call_failed`, or `unknown error 1234`.
impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(code) => write!(f, "unknown error {code}"),
            known => f.write_str(known.name()),
        }
    }
}

impl std::error::Error for ProtocolError {}

impl Wire for ProtocolError {
    fn put(&self, out: &mut Vec<u8>) {
        u16::from(*self).put(out);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        u16::get(r).map(Self::from)
    }
}
