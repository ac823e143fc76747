iex> VintageNetQMI.quick_configure("the_apn")
:ok
