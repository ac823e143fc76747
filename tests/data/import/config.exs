# The configuration of a gateway, as a Nerves project has it.
import Config

config :logger, backends: [RingLogger]

config :vintage_net,
  regulatory_domain: "US",
  persistence_secret: "0123456789abcdef",
  internet_host_list: [{{1, 1, 1, 1}, 53}],
  config: [
    {"eth0", %{type: VintageNetEthernet, ipv4: %{method: :dhcp}}},
    {"wlan0", %{type: VintageNetWiFi, vintage_net_wifi: %{networks: [%{ssid: "shop", psk: "do not print me"}]}}},
    {"wwan0",
     %{
       type: VintageNetQMI,
       vintage_net_qmi: %{
         service_providers: [
           %{apn: "first.catch.all"},
           %{apn: "super", only_iccid_prefixes: ["8988307", "8988323"], roaming_allowed?: true},
           %{apn: "last.catch.all", roaming_allowed?: false}
         ],
         only_radio_technologies: [:lte, :umts]
       },
       hostname: "gateway",
       ipv4: %{method: :dhcp}
     }}
  ],
  power_managers: [
    {Gateway.ModemPower, [ifname: "wwan0", watchdog_timeout: 10 * 60_000, reset_gpio: 26]},
    {Gateway.WiFiPower, ifname: "wlan0"}
  ]

import_config "#{config_env()}.exs"
