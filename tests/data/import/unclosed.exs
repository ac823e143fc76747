config :vintage_net, config: [{"wwan0", %{type: VintageNetQMI, psk: "unclosed}}]
