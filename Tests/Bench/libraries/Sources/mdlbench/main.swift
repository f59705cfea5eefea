// The benchmark of MDL, and the checks that need a process of their own.
run()
