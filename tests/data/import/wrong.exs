[
  {"wwan0", %{
    type: VintageNetQMI,
    vintage_net_qmi: %{
      service_providers: [
        %{only_iccid_prefixes: ["89"]},
        %{apn: nil},
        %{apn: "has space"},
        %{apn: System.get_env("APN")},
        %{apn: "super", only_iccid_prefixes: [8988307, "89x"], roaming_allowed?: :maybe},
        "super"
      ],
      only_radio_technologies: :lte
    }
  }},
  {"wwan1", %{type: VintageNetQMI}},
  {"wwan2", %{type: VintageNetQMI, vintage_net_qmi: %{service_providers: []}}},
  {"4g modem", %{type: VintageNetQMI, vintage_net_qmi: %{service_providers: [%{apn: "super"}]}}}
]
