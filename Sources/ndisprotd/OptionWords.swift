public import ArgumentParser
public import NDIS
public import NdisprotServer

// Words of the configuration that the command line accepts too.

/// `--profile`.
extension CaptureProfile: ExpressibleByArgument {}

/// `--log-level`.
extension LogLevel: ExpressibleByArgument {}
