use Mix.Config
config :vintage_net, :config, [
  {"wwan0", %{type: VintageNetQMI, vintage_net_qmi: %{service_providers: [%{apn: "old"}]}}},
]
config :vintage_net, config: [{"wwan0", %{type: VintageNetQMI, vintage_net_qmi: %{service_providers: [%{apn: "new"}]}}}]
if Mix.target() == :rpi4 do
  VintageNet.configure "wwan1", %{type: VintageNetQMI, vintage_net_qmi: %{service_providers: [%{apn: "a"}, %{apn: "b"}]}}
end
