public import ArgumentParser
public import Platform

/// `--color`.
extension Terminal.ColorChoice: ExpressibleByArgument {}
