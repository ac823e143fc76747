IO.puts("nothing of ours")
