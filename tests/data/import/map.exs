%{
  type: VintageNetQMI,
  vintage_net_qmi: %{
    service_providers: [
      %{apn: "never", only_iccid_prefixes: []},
      %{apn: "any", only_iccid_prefixes: [""], roaming_allowed?: nil, pdp_type: :ipv4v6, password: "hidden"},
      %{apn: "yes", only_iccid_prefixes: nil}
    ],
    only_radio_technologies: []
  }
}
