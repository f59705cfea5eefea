// The benchmark of WDF.
run()
