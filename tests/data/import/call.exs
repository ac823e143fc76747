defmodule Gateway.Network do
  @apn "super"

  def setup do
    VintageNet.configure("wwan1", %{
      type: VintageNetQMI,
      vintage_net_qmi: %{
        service_providers: [%{apn: 'charlist.apn', only_iccid_prefixes: '8988307'}, %{apn: ""}],
        only_radio_technologies: ~w(lte cdma_1x_hrdp nr5g amps ltee)a,
        device_path: "/dev/cdc-wdm1"
      }
    }, persist: false)
  end
end
