{"wwan0", %{"type" => VintageNetQMI, vintage_net_qmi: [service_providers: [[apn: "a b c" |> String.replace(" ", ".")]]]}}
